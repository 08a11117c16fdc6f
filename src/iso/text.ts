const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const ucs2 = new TextDecoder('utf-16be', { ignoreBOM: true });

/** UTF-8, which is what images carry now; where it is none, each byte is one character, so that names stay distinct. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  }
}

/** Joliet's characters: 16 bits, most significant byte first. */
export function decodeUcs2(bytes: Uint8Array): string {
  return ucs2.decode(bytes);
}
