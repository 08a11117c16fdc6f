const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const nul = 0x00;

/**
 * The bytes as netascii: a line ends in CR LF, and a CR of its own is CR NUL (RFC 764, "The NVT printer and keyboard";
 * RFC 1350 §1). At most twice as many as before.
 */
export function toNetascii(bytes: Uint8Array): Uint8Array {
  let added = 0;
  for (const byte of bytes) if (byte === lineFeed || byte === carriageReturn) added += 1;
  const netascii = new Uint8Array(bytes.byteLength + added);
  let at = 0;
  for (const byte of bytes) {
    if (byte === lineFeed) netascii[at++] = carriageReturn;
    netascii[at++] = byte;
    if (byte === carriageReturn) netascii[at++] = nul;
  }
  return netascii;
}
