import { BootwrightError } from '../errors.ts';
import { Reader } from '../wire/reader.ts';
import { decodeLongDate, decodeRecordDate } from './directory-record.ts';
import type { SystemUseField } from './system-use.ts';
import { decodeText } from './text.ts';

/** What Rock Ridge (IEEE P1282) says about one directory record. */
export interface RockRidge {
  readonly name: string | undefined;
  /** The whole of `st_mode`, with the kind of file. */
  readonly mode: number | undefined;
  readonly modifiedMs: number | undefined;
  /** Where a symbolic link points. */
  readonly target: string | undefined;
  /** The block of the directory that belongs here and was moved for its depth. */
  readonly childBlock: number | undefined;
  /** This directory was moved here for its depth and belongs elsewhere. */
  readonly isRelocated: boolean;
  /** How the bytes are encoded, if they are not the file's own. */
  readonly encoding: string | undefined;
}

/** The extensions that are Rock Ridge, as their ER field calls them. */
const identifiers = ['RRIP_1991A', 'IEEE_P1282', 'IEEE_1282'];

/**
 * Whether the fields of the root's own record announce Rock Ridge, and if so how many bytes of every system use area
 * come before the first field (SP, P1281 §5.3).
 */
export function rockRidgeSkip(fields: readonly SystemUseField[]): number | undefined {
  const sharing = fields.find(({ signature, data }) => signature === 'SP' && data[0] === 0xbe && data[1] === 0xef);
  if (sharing === undefined) return undefined;
  const isRockRidge = fields.some(({ signature, data }) => signature === 'PX' || (signature === 'ER' && names(data)));
  return isRockRidge ? (sharing.data[2] ?? 0) : undefined;
}

function names(extension: Uint8Array): boolean {
  const length = extension[0] ?? 0;
  return identifiers.includes(decodeText(extension.subarray(4, 4 + length)));
}

/** `offsetBytes` is where the record is, for errors. Throws ISO_DAMAGED. */
export function decodeRockRidge(fields: readonly SystemUseField[], offsetBytes: number): RockRidge {
  const names: Uint8Array[] = [];
  const links: Uint8Array[] = [];
  let mode: number | undefined;
  let modifiedMs: number | undefined;
  let childBlock: number | undefined;
  let isRelocated = false;
  let encoding: string | undefined;
  for (const { signature, data } of fields) {
    const minimum = leastBytes[signature];
    if (minimum !== undefined && data.byteLength < minimum) {
      throw new BootwrightError('ISO_DAMAGED', {
        what: `a ${signature} field of ${data.byteLength} bytes`,
        offsetBytes,
      });
    }
    switch (signature) {
      case 'NM':
        // Bit 1 and 2 stand for `.` and `..`, which need no name.
        if (((data[0] ?? 0) & 0x06) === 0) names.push(data.subarray(1));
        break;
      case 'SL':
        links.push(data.subarray(1));
        break;
      case 'PX':
        mode ??= new Reader(data).u32LE();
        break;
      case 'TF':
        modifiedMs ??= decodeModified(data);
        break;
      case 'CL':
        childBlock ??= new Reader(data).u32LE();
        break;
      case 'RE':
        isRelocated = true;
        break;
      case 'ZF':
        encoding ??= 'compressed by zisofs';
        break;
      case 'SF':
        encoding ??= 'a Rock Ridge sparse file';
        break;
    }
  }
  const name = names.length === 0 ? undefined : decodeText(Buffer.concat(names));
  const target = links.length === 0 ? undefined : decodeTarget(Buffer.concat(links), offsetBytes);
  return { name, mode, modifiedMs, target, childBlock, isRelocated, encoding };
}

/** The shortest data of each field. */
const leastBytes: Readonly<Record<string, number>> = { NM: 1, SL: 1, PX: 8, TF: 1, CL: 8 };

/** The second of up to seven times, which come in the order of their bits. P1282 §4.1.6. */
function decodeModified(data: Uint8Array): number | undefined {
  const flags = data[0] ?? 0;
  if ((flags & 0x02) === 0) return undefined;
  const bytesEach = (flags & 0x80) === 0 ? 7 : 17;
  const start = 1 + ((flags & 0x01) === 0 ? 0 : bytesEach);
  const stamp = data.subarray(start, start + bytesEach);
  if (stamp.byteLength < bytesEach) return undefined;
  return bytesEach === 7 ? decodeRecordDate(stamp) : decodeLongDate(stamp);
}

const component = { continues: 0x01, current: 0x02, parent: 0x04, root: 0x08 } as const;

/** Components of a path: flags, length, bytes. One that continues goes on in the next. P1282 §4.1.3.1. */
function decodeTarget(data: Uint8Array, offsetBytes: number): string {
  const parts: Uint8Array[][] = [];
  let isAbsolute = false;
  let open = false;
  let at = 0;
  while (at < data.byteLength) {
    const flags = data[at] ?? 0;
    const end = at + 2 + (data[at + 1] ?? 0);
    if (at + 2 > data.byteLength || end > data.byteLength) {
      throw new BootwrightError('ISO_DAMAGED', { what: 'a symbolic link that is cut off', offsetBytes });
    }
    if ((flags & component.root) !== 0) {
      // genisoimage writes the empty name in `a//b` as another root; Linux shows it as it was.
      if (at === 0) isAbsolute = true;
      else parts.push([]);
      open = false;
    } else {
      const bytes = componentBytes(flags, data.subarray(at + 2, end));
      if (open) parts.at(-1)?.push(bytes);
      else parts.push([bytes]);
      open = (flags & component.continues) !== 0;
    }
    at = end;
  }
  const path = parts.map((part) => decodeText(Buffer.concat(part))).join('/');
  return isAbsolute ? `/${path}` : path;
}

function componentBytes(flags: number, written: Uint8Array): Uint8Array {
  if ((flags & component.parent) !== 0) return Buffer.from('..');
  if ((flags & component.current) !== 0) return Buffer.from('.');
  return written;
}
