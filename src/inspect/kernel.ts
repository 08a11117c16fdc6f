import { hasCode } from '../errors.ts';
import { decodeText } from '../iso/text.ts';
import { Reader } from '../wire/reader.ts';

/** What a kernel says of itself. */
export interface KernelHeader {
  /** Such as `6.1.0-56-cloud-amd64`. */
  readonly version?: string;
  /** Bytes of memory that it takes, unpacked, until it runs. */
  readonly runningBytes?: number;
}

/** Fields of the x86 boot protocol. Linux: Documentation/arch/x86/boot.rst */
const x86 = { magic: 0x202, protocol: 0x206, version: 0x20e, initBytes: 0x260, versionBase: 0x200 } as const;
const headerMagic = 0x53726448;
/** The first protocol with `init_size`. */
const protocolWithSize = 0x20a;
/** `ARM\x64`, and where `image_size` is before it. Linux: Documentation/arch/arm64/booting.rst */
const arm64 = { magic: 0x38, imageBytes: 0x10 } as const;
const arm64Magic = 0x644d5241;
const maxVersionBytes = 256;

/** Reads the header of a kernel, given whole or its start; empty where it is of another kind, or cut off. */
export function readKernelHeader(bytes: Uint8Array): KernelHeader {
  try {
    return decodeX86(new Reader(bytes)) ?? decodeArm64(new Reader(bytes)) ?? {};
  } catch (error) {
    if (hasCode(error, 'WIRE_TRUNCATED')) return {};
    throw error;
  }
}

function decodeX86(reader: Reader): KernelHeader | undefined {
  if (reader.bytes.byteLength < x86.initBytes + 4 || reader.seek(x86.magic).u32LE() !== headerMagic) return undefined;
  const protocol = reader.seek(x86.protocol).u16LE();
  const place = reader.seek(x86.version).u16LE();
  const version = place === 0 ? undefined : decodeVersion(reader.bytes.subarray(x86.versionBase + place));
  const runningBytes = protocol < protocolWithSize ? undefined : reader.seek(x86.initBytes).u32LE();
  return { ...(version && { version }), ...(runningBytes && { runningBytes }) };
}

function decodeArm64(reader: Reader): KernelHeader | undefined {
  if (reader.bytes.byteLength < arm64.magic + 4 || reader.seek(arm64.magic).u32LE() !== arm64Magic) return undefined;
  const runningBytes = Number(reader.seek(arm64.imageBytes).u64LE());
  return Number.isSafeInteger(runningBytes) && runningBytes > 0 ? { runningBytes } : {};
}

/** `6.1.0-56-cloud-amd64 (who built it) #1 SMP …`: the first word. */
function decodeVersion(bytes: Uint8Array): string | undefined {
  const text = decodeText(bytes.subarray(0, maxVersionBytes)).replace(/\0.*$/s, '');
  return /^[\w.+~-]+/.exec(text)?.[0];
}

/** `boot/vmlinuz-6.6.10-1.azl3` → `6.6.10-1.azl3` */
export function versionInName(path: string): string | undefined {
  return /(?:vmlinu[xz]|kernel|image|linux)-(\d[^/]*?)(?:\.(?:efi|gz|img))?$/i.exec(path)?.[1];
}
