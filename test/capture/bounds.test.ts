import { expect, it } from 'vitest';
import { Reassembly } from '../../src/capture/fragments.ts';
import type { IpPacket } from '../../src/capture/ip.ts';
import { readCapture } from '../../src/capture/read.ts';
import { bytesSource } from '../../src/platform/files.ts';

/** Blocks of pcapng, little-endian. */
function block(type: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, bytes.length, true);
  bytes.set(body, 8);
  view.setUint32(bytes.length - 4, bytes.length, true);
  return bytes;
}

const section = block(0x0a0d0d0a, Uint8Array.of(0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, ...new Uint8Array(8).fill(255)));
const described = block(1, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0));

function read(...blocks: readonly Uint8Array[]) {
  return Array.fromAsync(readCapture(bytesSource(Buffer.concat(blocks)), 'a.pcapng'));
}

it('a block that would take more memory than any packet is refused; one that nobody looks into may have any size', async () => {
  const huge = new Uint8Array(400_000);
  await expect(read(section, described, block(6, huge))).rejects.toMatchObject({ code: 'CAPTURE_MALFORMED' });
  expect(await read(section, described, block(0xbad, huge))).toEqual([]);
});

it('a file of nothing but interfaces is given up', async () => {
  expect(await read(section, ...new Array(4096).fill(described))).toEqual([]);
  await expect(read(section, ...new Array(4097).fill(described))).rejects.toMatchObject({ code: 'CAPTURE_MALFORMED' });
});

function fragment(key: string, offsetBytes: number, isLast: boolean, payload = new Uint8Array(8).fill(7)): IpPacket {
  const ends = { source: '10.0.0.1', destination: '10.0.0.2', protocol: 17, cutBytes: 0 };
  return { ...ends, payload, fragment: { key, offsetBytes, isLast } };
}

it('fragments are whole though the memory that they came in is used again', () => {
  const reassembly = new Reassembly();
  const first = fragment('a', 0, false);
  expect(reassembly.add(first, 0n)).toBeUndefined();
  first.payload.fill(0);
  expect(reassembly.add(fragment('a', 8, true), 1n)?.payload).toEqual(new Uint8Array(16).fill(7));
});

it('of packets of which only the beginning ever comes, 64 are kept', () => {
  const reassembly = new Reassembly();
  for (let number = 0; number <= 64; number += 1) reassembly.add(fragment(`${number}`, 0, false), 0n);
  expect(reassembly.add(fragment('64', 8, true), 0n)?.payload).toHaveLength(16);
  expect(reassembly.add(fragment('0', 8, true), 0n)).toBeUndefined();
});
