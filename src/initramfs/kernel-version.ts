import type { ByteSource } from '../platform/files.ts';

/** Of the header of a bzImage. linux/Documentation/arch/x86/boot.rst */
const header = { magic: 0x202, version: 0x20e, base: 0x200 } as const;
const headBytes = 0x10000;

/** The version that a kernel for x86 says in its header; `undefined` for what has none, as those for arm64. */
export async function readKernelVersion(source: ByteSource): Promise<string | undefined> {
  const bytes = Buffer.alloc(Math.min(headBytes, source.sizeBytes));
  const count = await source.read(bytes, 0);
  if (count < 0x210 || bytes.toString('latin1', header.magic, header.magic + 4) !== 'HdrS') return undefined;
  const offset = bytes.readUInt16LE(header.version) + header.base;
  const version = /^[\w.+~-]+/.exec(bytes.toString('latin1', offset, offset + 128))?.[0];
  return offset === header.base ? undefined : version;
}
