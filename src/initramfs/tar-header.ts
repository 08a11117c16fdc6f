import { BootwrightError } from '../errors.ts';

/** One header of a tar archive, as it stands there: POSIX.1-2024 pax, "ustar Interchange Format", with GNU's numbers. */
export interface TarHeader {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly modifiedSeconds: number;
  /** One character. */
  readonly type: string;
  readonly linkName: string;
  readonly major: number;
  readonly minor: number;
}

export const blockBytes = 512;
/** GNU's, since its long names and large numbers are used. */
const magic = 'ustar  \0';
const sumField = { offset: 148, length: 8 } as const;

/** Zeros after `sizeBytes` up to a whole block. */
export function blockPadding(sizeBytes: number): number {
  return -sizeBytes & (blockBytes - 1);
}

function sumOf(block: Uint8Array): number {
  let sum = 0;
  for (const [index, byte] of block.entries()) {
    const isSum = index >= sumField.offset && index < sumField.offset + sumField.length;
    sum += isSum ? 0x20 : byte;
  }
  return sum;
}

function damaged(what: string): BootwrightError {
  return new BootwrightError('INITRAMFS_ROOT_DAMAGED', { path: 'the tar archive of the system', reason: what });
}

/** The header in a block; `undefined` for the block of zeros at the end. Throws INITRAMFS_ROOT_DAMAGED. */
export function decodeTarHeader(bytes: Uint8Array): TarHeader | undefined {
  const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (block.length < blockBytes) throw damaged('it is cut off');
  if (block.every((byte) => byte === 0)) return undefined;
  const text = (offset: number, length: number) =>
    block.toString('latin1', offset, offset + length).replace(/\0.*$/s, '');
  function number(offset: number, length: number): number {
    if (block.readUInt8(offset) === 0x80)
      return Number(BigInt(`0x${block.toString('hex', offset + 1, offset + length)}`));
    const digits = text(offset, length).trim();
    if (!/^[0-7]*$/.test(digits)) throw damaged('a number that is none');
    return Number.parseInt(digits || '0', 8);
  }
  if (number(sumField.offset, sumField.length) !== sumOf(block)) throw damaged('a header with a wrong sum');
  const isPosix = block.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isPosix ? text(345, 155) : '';
  return {
    name: prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`,
    mode: number(100, 8) & 0o7777,
    uid: number(108, 8),
    gid: number(116, 8),
    sizeBytes: number(124, 12),
    modifiedSeconds: number(136, 12),
    type: block.readUInt8(156) === 0 ? '0' : block.toString('latin1', 156, 157),
    linkName: text(157, 100),
    major: number(329, 8),
    minor: number(337, 8),
  };
}

/** The block of a header. Names that are too long are cut off: they must stand before it, as GNU's long names. */
export function encodeTarHeader(header: TarHeader): Uint8Array {
  const block = Buffer.alloc(blockBytes);
  function number(value: number, offset: number, length: number): void {
    const digits = value.toString(8);
    if (digits.length < length) {
      block.write(digits.padStart(length - 1, '0'), offset, 'latin1');
    } else {
      block.write(value.toString(16).padStart((length - 1) * 2, '0'), offset + 1, length - 1, 'hex');
      block[offset] = 0x80;
    }
  }
  block.write(header.name, 0, 100, 'latin1');
  number(header.mode, 100, 8);
  number(header.uid, 108, 8);
  number(header.gid, 116, 8);
  number(header.sizeBytes, 124, 12);
  number(header.modifiedSeconds, 136, 12);
  block.write(header.type, 156, 'latin1');
  block.write(header.linkName, 157, 100, 'latin1');
  block.write(magic, 257, 'latin1');
  number(header.major, 329, 8);
  number(header.minor, 337, 8);
  block.write(`${sumOf(block).toString(8).padStart(6, '0')}\0 `, sumField.offset, 'latin1');
  return block;
}
