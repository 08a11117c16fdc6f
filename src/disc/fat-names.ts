export const recordBytes = 32;
const pieceCharacters = 13;
const lastPiece = 0x40;
const longNameAttribute = 0x0f;

/** The names by which one directory entry is found. Microsoft FAT specification §6.1, §7. */
interface FatName {
  /** Eight and three bytes. */
  readonly short: Uint8Array;
  /** Absent where the short name says it all. */
  readonly long?: string;
}

function shortBytes(base: string, extension: string): Uint8Array {
  return Buffer.from(base.padEnd(8) + extension.padEnd(3), 'latin1');
}

/** Names for the entries of one directory: upper case 8.3, with a long name beside it where that is not the name. */
export function fatNames(names: readonly string[]): FatName[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const dot = name.lastIndexOf('.');
    const base = clean(dot > 0 ? name.slice(0, dot) : name);
    const extension = clean(dot > 0 ? name.slice(dot + 1) : '').slice(0, 3);
    const plain = extension === '' ? base : `${base}.${extension}`;
    let short = base.length <= 8 && plain === name.toUpperCase() ? base : undefined;
    for (let count = 1; short === undefined || taken.has(`${short}.${extension}`); count++) {
      short = `${base.slice(0, 7 - String(count).length)}~${count}`;
    }
    taken.add(`${short}.${extension}`);
    const bytes = shortBytes(short, extension);
    return plain === name && short === base ? { short: bytes } : { short: bytes, long: name };
  });
}

function clean(part: string): string {
  return part.toUpperCase().replace(/[^A-Z0-9_-]/g, '_');
}

function sumOf(short: Uint8Array): number {
  return short.reduce((sum, byte) => (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff, 0);
}

/** The records that come before an entry and hold its long name, the last piece first. */
export function longNameRecords({ short, long }: FatName): Uint8Array[] {
  if (long === undefined) return [];
  const count = Math.ceil(long.length / pieceCharacters);
  // A name that fills its last piece has no end in it; else there is a 0, and FFFF after that.
  const padded = long.length % pieceCharacters === 0 ? long : `${long}\0`.padEnd(count * pieceCharacters, '\uffff');
  return Array.from({ length: count }, (_, index) => {
    const number = count - index;
    const piece = Buffer.from(padded.slice((number - 1) * pieceCharacters, number * pieceCharacters), 'utf16le');
    const record = Buffer.alloc(recordBytes);
    record[0] = number === count ? number | lastPiece : number;
    record.set(piece.subarray(0, 10), 1);
    record[11] = longNameAttribute;
    record[13] = sumOf(short);
    record.set(piece.subarray(10, 22), 14);
    record.set(piece.subarray(22, 26), 28);
    return record;
  });
}
