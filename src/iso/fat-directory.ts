import { Reader } from '../wire/reader.ts';
import { decodeText } from './text.ts';

/** One file or directory of a FAT directory. */
export interface FatRecord {
  readonly name: string;
  readonly isDirectory: boolean;
  readonly firstCluster: number;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

export const recordBytes = 32;
const attribute = { volumeLabel: 0x08, directory: 0x10, longName: 0x0f } as const;
const lowerCase = { base: 0x08, extension: 0x10 } as const;
const deleted = 0xe5;
const utf16 = new TextDecoder('utf-16le', { ignoreBOM: true });
const lastPiece = 0x40;
/** 255 characters, 13 a piece. */
const maxPieces = 20;

/** The pieces of a long name, which come before their file, the last one first. FAT specification §7. */
class LongName {
  #pieces: Uint8Array[] = [];
  #sum = 0;
  #due = 0;

  add(record: Uint8Array): void {
    const order = record[0] ?? 0;
    const number = order & 0x3f;
    if ((order & lastPiece) !== 0 && number <= maxPieces) {
      this.#pieces = [];
      this.#sum = record[13] ?? 0;
      this.#due = number;
    }
    if (number === 0 || number !== this.#due || record[13] !== this.#sum) {
      this.clear();
      return;
    }
    this.#pieces.unshift(Buffer.concat([record.subarray(1, 11), record.subarray(14, 26), record.subarray(28, 32)]));
    this.#due -= 1;
  }

  /** The whole name, if it is one and belongs to the record with this short name. */
  take(shortName: Uint8Array): string | undefined {
    const isWhole = this.#pieces.length > 0 && this.#due === 0 && this.#sum === sumOf(shortName);
    const name = utf16.decode(Buffer.concat(this.#pieces)).replace(/\0.*$/s, '');
    this.clear();
    return isWhole ? name : undefined;
  }

  clear(): void {
    this.#pieces = [];
    this.#due = 0;
  }
}

function sumOf(shortName: Uint8Array): number {
  return shortName.reduce((sum, byte) => (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff, 0);
}

/** `NAME    EXT` as `NAME.EXT`, in lower case where Windows NT's bits say so. */
function decodeShortName(record: Uint8Array): string {
  const bytes = Uint8Array.from(record.subarray(0, 11));
  // 05 stands for E5, which would mean that the file is deleted.
  if (bytes[0] === 0x05) bytes[0] = deleted;
  const flags = record[12] ?? 0;
  const base = decodeText(bytes.subarray(0, 8)).trimEnd();
  const extension = decodeText(bytes.subarray(8)).trimEnd();
  const name = (flags & lowerCase.base) === 0 ? base : base.toLowerCase();
  if (extension === '') return name;
  return `${name}.${(flags & lowerCase.extension) === 0 ? extension : extension.toLowerCase()}`;
}

/** Dates and times have no zone: they are taken for UTC. */
function decodeTime(time: number, date: number): number {
  const month = (date >> 5) & 15;
  const day = date & 31;
  if (month === 0 || day === 0) return 0;
  return Date.UTC(1980 + (date >> 9), month - 1, day, time >> 11, (time >> 5) & 63, (time & 31) * 2);
}

/** The records of a directory without itself and its parent; the volume label goes to `onLabel`. */
export function* decodeFatDirectory(bytes: Uint8Array, onLabel?: (label: string) => void): Generator<FatRecord> {
  const longName = new LongName();
  for (let at = 0; at + recordBytes <= bytes.byteLength; at += recordBytes) {
    const record = bytes.subarray(at, at + recordBytes);
    const attributes = record[11] ?? 0;
    if (record[0] === 0) return;
    if (record[0] === deleted) {
      longName.clear();
    } else if ((attributes & 0x3f) === attribute.longName) {
      longName.add(record);
    } else if ((attributes & attribute.volumeLabel) !== 0) {
      longName.clear();
      onLabel?.(decodeText(record.subarray(0, 11)).trimEnd());
    } else {
      const name = longName.take(record.subarray(0, 11)) ?? decodeShortName(record);
      if (name !== '.' && name !== '..') yield decodeRecord(record, name, (attributes & attribute.directory) !== 0);
    }
  }
}

function decodeRecord(record: Uint8Array, name: string, isDirectory: boolean): FatRecord {
  const reader = new Reader(record).skip(20);
  const high = reader.u16LE();
  const modifiedMs = decodeTime(reader.u16LE(), reader.u16LE());
  const low = reader.u16LE();
  return { name, isDirectory, firstCluster: high * 0x10000 + low, sizeBytes: reader.u32LE(), modifiedMs };
}
