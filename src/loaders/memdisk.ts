const block = 512;

/** Octal, with a NUL behind it. */
function octal(value: number, length: number): string {
  return `${value.toString(8).padStart(length - 1, '0')}\0`;
}

/**
 * A tar archive (POSIX.1-1988 ustar) with one file in it: the disk in memory that a GRUB image carries. The early
 * configuration that `grub-mkimage -c` embeds knows no `if`; a file that `normal` reads does.
 */
export function memdisk(name: string, text: string): Uint8Array {
  const content = Buffer.from(text);
  const header = Buffer.alloc(block);
  const fields: readonly (readonly [offset: number, text: string])[] = [
    [0, name],
    [100, octal(0o644, 8)],
    [108, octal(0, 8)],
    [116, octal(0, 8)],
    [124, octal(content.byteLength, 12)],
    [136, octal(0, 12)],
    // The sum is made with blanks in its place.
    [148, ' '.repeat(8)],
    [156, '0'],
    [257, 'ustar\x0000'],
  ];
  for (const [offset, value] of fields) header.write(value, offset, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 7)} `, 148, 'latin1');
  const padding = Buffer.alloc((block - (content.byteLength % block)) % block);
  return Buffer.concat([header, content, padding, Buffer.alloc(2 * block)]);
}
