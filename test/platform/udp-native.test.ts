import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hasCode } from '../../src/errors.ts';
import { HeldDescriptors } from '../../src/platform/held-descriptors.ts';
import type { Endpoint } from '../../src/platform/udp.ts';
import { NativeUdp } from '../../src/platform/udp-native.ts';

let descriptors: HeldDescriptors;
let udp: NativeUdp;

beforeEach(() => {
  descriptors = new HeldDescriptors();
  udp = new NativeUdp({ descriptors, isAwaited: () => false });
});

afterEach(() => {
  udp.close();
  expect(descriptors.closeAll()).toBe(0);
});

/** Hears on a free port of `address` until `count` datagrams have come. */
async function listen(address: string, count: number) {
  const heard: { readonly bytes: Uint8Array; readonly from: Endpoint }[] = [];
  const all = Promise.withResolvers<void>();
  const socket = await udp.open({ address, port: 0 }, (bytes, from) => {
    heard.push({ bytes: Uint8Array.from(bytes), from });
    if (heard.length === count) all.resolve();
  });
  return { socket, heard, all: all.promise };
}

it.each(['127.0.0.1', '::1'])('datagrams reach %s, with who sent them, also empty ones', async (address) => {
  const { socket, heard, all } = await listen(address, 3);
  const client = await udp.open({ address, port: 0 }, () => {});
  const sizes = [0, 4, 1468];
  for (const size of sizes) client.send(new Uint8Array(size).fill(7), socket.local);
  await all;
  expect(heard.map(({ bytes }) => bytes)).toEqual(sizes.map((size) => new Uint8Array(size).fill(7)));
  expect(heard.map(({ from }) => from)).toEqual(Array(3).fill(client.local));
  await Promise.all([socket.close(), client.close(), client.close()]);
});

it.each([
  { segmentBytes: 12, count: 1000 },
  { segmentBytes: 1472, count: 64 },
  // No GSO takes segments that are larger than the way.
  { segmentBytes: 65_507, count: 2 },
])('$count datagrams of $segmentBytes bytes arrive as such, the last one shorter', async ({ segmentBytes, count }) => {
  const { socket, heard, all } = await listen('127.0.0.1', count + 1);
  const client = await udp.open({ address: '127.0.0.1', port: 0 }, () => {});
  const bytes = Uint8Array.from({ length: segmentBytes * count - 5 }, (_, index) => index * 7 + (index >>> 8));
  client.sendSegments?.(bytes, segmentBytes, socket.local);
  client.send(new Uint8Array(100), socket.local);
  await all;
  expect(
    heard.slice(0, -1).every(({ bytes: { length } }, at) => length === segmentBytes - (at + 1 < count ? 0 : 5)),
  ).toBe(true);
  expect(Buffer.compare(Buffer.concat(heard.slice(0, -1).map((each) => each.bytes)), bytes)).toBe(0);
  expect(heard.at(-1)?.bytes.length).toBe(100);
  await Promise.all([socket.close(), client.close()]);
});

it('the way to an address tells how much it takes', async () => {
  const socket = await udp.open({ address: '127.0.0.1', port: 0 }, () => {});
  expect(socket.pathMtuBytes?.({ address: '127.0.0.1', port: 9 })).toBeGreaterThanOrEqual(65_535);
  await socket.close();
});

it('sending to port 0, after the end, or where nobody listens is no reason to stop', async () => {
  const socket = await udp.open({ address: '127.0.0.1', port: 0 }, () => {});
  const sent = (port: number) =>
    new Promise((resolve) => socket.send(new Uint8Array(1), { address: '127.0.0.1', port }, resolve));
  expect(await sent(0)).toBeInstanceOf(Error);
  expect(await sent(9)).toBeNull();
  expect(await sent(9)).toBeNull();
  await socket.close();
  expect(await sent(9)).toBeNull();
});

it('what cannot be opened is named, and leaves no descriptor', async () => {
  const first = await udp.open({ address: '127.0.0.1', port: 0 }, () => {});
  const before = readdirSync('/proc/self/fd').length;
  const codeOf = (options: Parameters<typeof udp.open>[0]) =>
    udp.open(options, () => {}).catch((error: unknown) => error);
  const taken = await codeOf({ address: '127.0.0.1', port: first.local.port });
  expect(hasCode(taken, 'UDP_PORT_IN_USE')).toBe(true);
  expect(hasCode(await codeOf({ address: '192.0.2.1', port: 0 }), 'UDP_ADDRESS_NOT_HERE')).toBe(true);
  expect(hasCode(await codeOf({ address: '0.0.0.0', port: 0, interface: 'none0' }), 'INTERFACE_NOT_FOUND')).toBe(true);
  expect(readdirSync('/proc/self/fd').length).toBe(before);
  await first.close();
});
