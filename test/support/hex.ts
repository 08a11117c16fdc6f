/** Bytes as a person writes them down: hexadecimal with any white space, and comments from `#` to the end of a line. */
export function hex(text: string): Uint8Array {
  const digits = text.replace(/#.*$/gm, '').replace(/\s/g, '');
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new Error(`no hexadecimal bytes: ${digits}`);
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

/** So many bytes of 0, for use inside `hex`. */
export function zeros(count: number): string {
  return '00'.repeat(count);
}
