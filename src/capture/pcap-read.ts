import type { CaptureInput } from './input.ts';
import { type CapturedPacket, largestPacketBytes } from './packet.ts';

/** What a pcap file begins with: the order of its bytes, and nanoseconds for each unit of its times. */
const magics: ReadonlyMap<number, { readonly isLittle: boolean; readonly unitNs: bigint }> = new Map([
  [0xa1b2c3d4, { isLittle: false, unitNs: 1000n }],
  [0xd4c3b2a1, { isLittle: true, unitNs: 1000n }],
  [0xa1b23c4d, { isLittle: false, unitNs: 1n }],
  [0x4d3cb2a1, { isLittle: true, unitNs: 1n }],
]);

const headerBytes = 24;
const recordBytes = 16;

/** `start`: the first four bytes of a file, in network order. */
export function isPcap(start: number): boolean {
  return magics.has(start);
}

/**
 * The packets of a pcap file (draft-ietf-opsawg-pcap). Ends where the last whole one ends; `cut` is called where there
 * is a part of another one behind it. Throws CAPTURE_MALFORMED.
 */
export async function* readPcap(input: CaptureInput, cut: () => void): AsyncGenerator<CapturedPacket> {
  const header = await input.take(headerBytes);
  const kind = header === undefined ? undefined : magics.get(view(header).getUint32(0));
  if (header === undefined || kind === undefined) throw input.malformed('its header is not whole');
  const { isLittle, unitNs } = kind;
  // The upper bits tell of a checksum behind each frame, which no decoder here reaches.
  const linkType = view(header).getUint32(20, isLittle) & 0xffff;
  while (input.remaining > 0) {
    const record = await input.take(recordBytes);
    if (record === undefined) return cut();
    const fields = view(record);
    const timeNs =
      BigInt(fields.getUint32(0, isLittle)) * 1_000_000_000n + BigInt(fields.getUint32(4, isLittle)) * unitNs;
    const length = fields.getUint32(8, isLittle);
    const sizeBytes = fields.getUint32(12, isLittle);
    if (length > largestPacketBytes) {
      throw input.malformed(`a packet of ${length} bytes, above ${largestPacketBytes}`, input.offset - recordBytes);
    }
    const bytes = await input.take(length);
    if (bytes === undefined) return cut();
    yield { timeNs, linkType, bytes: bytes.slice(), sizeBytes: Math.max(sizeBytes, length) };
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
