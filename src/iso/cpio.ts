import { BootwrightError } from '../errors.ts';
import type { Input } from './input.ts';
import { decodeText } from './text.ts';

interface DeviceNumbers {
  readonly major: number;
  readonly minor: number;
}

/** One file of a cpio archive; its bytes follow in the input. */
export interface CpioEntry {
  readonly path: string;
  /** The path as it is written. */
  readonly name: Uint8Array;
  /** Kind and permissions, as `st_mode` of Linux. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly modifiedSeconds: number;
  readonly sizeBytes: number;
  /** Names of one inode (of one device) are hard links to the same file, where `links` is more than 1. */
  readonly inode: number;
  readonly device: DeviceNumbers;
  readonly links: number;
  /** What a device file stands for. */
  readonly standsFor: DeviceNumbers;
}

/** Sees each file of an archive. It may take bytes of `content`, up to the file's size; `'stop'` ends the reading. */
export type VisitCpio = (
  entry: CpioEntry,
  content: (count: number) => Promise<Uint8Array>,
) => Promise<'go-on' | 'stop'>;

/** `newc`, and the same with a sum of each file's bytes. initramfs(5), linux/init/initramfs.c */
const magics = ['070701', '070702'];
const headerBytes = 110;
/** PATH_MAX of Linux, which its own unpacker keeps to. */
const maxNameBytes = 4096;
const trailer = 'TRAILER!!!';

/** True where `bytes` start like an archive. */
export function isCpio(bytes: Uint8Array): boolean {
  return magics.includes(decodeText(bytes.subarray(0, 6)));
}

function damaged(what: string, offsetBytes: number): BootwrightError {
  return new BootwrightError('INITRD_DAMAGED', { what, offsetBytes });
}

/** The 13 numbers of a header, eight hexadecimal digits each. */
function decodeHeader(bytes: Uint8Array, offsetBytes: number) {
  const text = decodeText(bytes);
  if (bytes.byteLength < headerBytes) throw damaged('an archive without its end', offsetBytes);
  if (!isCpio(bytes) || !/^[0-9A-Fa-f]+$/.test(text)) throw damaged('no cpio header where one is due', offsetBytes);
  const field = (index: number) => Number.parseInt(text.slice(6 + index * 8, 14 + index * 8), 16);
  const nameBytes = field(11);
  if (nameBytes < 1 || nameBytes > maxNameBytes) throw damaged(`a name of ${nameBytes} bytes`, offsetBytes);
  return {
    nameBytes,
    fields: {
      inode: field(0),
      mode: field(1),
      uid: field(2),
      gid: field(3),
      links: field(4),
      modifiedSeconds: field(5),
      sizeBytes: field(6),
      device: { major: field(7), minor: field(8) },
      standsFor: { major: field(9), minor: field(10) },
    },
  };
}

/** Bytes up to the next multiple of four. */
function padding(count: number): number {
  return -count & 3;
}

/**
 * Reads one archive, its trailer included. Offsets in errors count from the start of `input`.
 * Throws INITRD_DAMAGED.
 */
export async function readCpio(input: Input, visit: VisitCpio): Promise<'end' | 'stop'> {
  for (;;) {
    const start = input.position;
    const { nameBytes, fields } = decodeHeader(await input.take(headerBytes), start);
    const { sizeBytes } = fields;
    const name = await input.take(nameBytes);
    if (name.byteLength < nameBytes || name.at(-1) !== 0) throw damaged('a name that is cut off', start);
    const path = decodeText(name.subarray(0, -1));
    // The last padding may be missing.
    await input.skip(padding(headerBytes + nameBytes));
    if (path === trailer) return 'end';
    let left = sizeBytes;
    const decision = await visit({ path, name: name.subarray(0, -1), ...fields }, async (wanted) => {
      const bytes = await input.take(Math.min(wanted, left));
      left -= bytes.byteLength;
      return bytes;
    });
    if (decision === 'stop') return 'stop';
    if (!(await input.skip(left))) throw damaged(`the file ${path} is cut off`, start);
    await input.skip(padding(sizeBytes));
  }
}
