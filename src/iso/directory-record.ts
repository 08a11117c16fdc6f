import { BootwrightError } from '../errors.ts';
import { Reader } from '../wire/reader.ts';
import type { Extent } from './tree.ts';

/** One record of a directory. ECMA-119 §9.1. */
export interface DirectoryRecord {
  /** Where the record itself is in the image. */
  readonly offsetBytes: number;
  readonly extent: Extent;
  readonly modifiedMs: number;
  readonly isDirectory: boolean;
  /** An associated file: a Mac resource fork beside the file of the same name. */
  readonly isAssociated: boolean;
  /** More extents of the same file follow in the next record. */
  readonly continues: boolean;
  readonly isInterleaved: boolean;
  /** The name as it is written; one byte 0 or 1 for the directory itself and its parent. */
  readonly identifier: Uint8Array;
  /** What is left of the record: SUSP fields, or anything. */
  readonly systemUse: Uint8Array;
}

const fixedBytes = 33;
const flag = { directory: 0x02, associated: 0x04, multiExtent: 0x80 } as const;

/** Decodes one whole record, its length byte included. `offsetBytes` is where it stands in the image. */
export function decodeDirectoryRecord(bytes: Uint8Array, blockBytes: number, offsetBytes: number): DirectoryRecord {
  const identifierBytes = bytes[32] ?? 0;
  if (identifierBytes === 0 || bytes.byteLength < fixedBytes + identifierBytes) {
    throw new BootwrightError('ISO_DAMAGED', { what: 'a directory record without room for its name', offsetBytes });
  }
  const reader = new Reader(bytes);
  const extendedAttributeBlocks = reader.skip(1).u8();
  const block = reader.u32LE();
  const sizeBytes = reader.seek(10).u32LE();
  const modifiedMs = decodeRecordDate(reader.seek(18).take(7));
  const flags = reader.u8();
  const isInterleaved = reader.u8() !== 0 || reader.u8() !== 0;
  const identifier = reader.seek(fixedBytes).take(identifierBytes);
  // A name of even length is followed by a byte of padding, so that the system use field starts evenly (§9.1.12).
  if (identifierBytes % 2 === 0 && reader.remaining > 0) reader.skip(1);
  return {
    offsetBytes,
    extent: { offsetBytes: (block + extendedAttributeBlocks) * blockBytes, sizeBytes },
    modifiedMs,
    isDirectory: (flags & flag.directory) !== 0,
    isAssociated: (flags & flag.associated) !== 0,
    continues: (flags & flag.multiExtent) !== 0,
    isInterleaved,
    identifier,
    systemUse: reader.rest(),
  };
}

/** Seven bytes: years since 1900, month, day, hour, minute, second, and quarters of an hour east of UTC. §9.1.5. */
export function decodeRecordDate(bytes: Uint8Array): number {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, zone = 0] = bytes;
  if (month === 0 || day === 0) return 0;
  const quarters = (zone << 24) >> 24;
  return Date.UTC(1900 + year, month - 1, day, hour, minute, second) - quarters * 15 * 60_000;
}

/** Seventeen bytes: `YYYYMMDDHHMMSSCC` in digits, and the same zone. §8.4.26.1. */
export function decodeLongDate(bytes: Uint8Array): number {
  const digits = String.fromCharCode(...bytes.subarray(0, 16));
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(digits)?.slice(1).map(Number);
  if (parts === undefined) return 0;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, hundredths = 0] = parts;
  if (month === 0 || day === 0) return 0;
  const quarters = ((bytes[16] ?? 0) << 24) >> 24;
  return Date.UTC(year, month - 1, day, hour, minute, second, hundredths * 10) - quarters * 15 * 60_000;
}
