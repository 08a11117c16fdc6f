/**
 * Machines that begin to boot, at even distances whether those before them were answered or not: each asks for an
 * address as firmware does, from a MAC address of its own, and another one for a small file by TFTP. perfdhcp tells no
 * percentiles, and takes a processor for itself.
 *
 *     node benchmarks/asker.ts '{ "server": …, "relay": …, "path": …, "perSecond": …, "seconds": … }'
 *
 * Prints how many milliseconds each waited for its DHCPOFFER, and for the first block of its file.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { discoverMessage } from '../src/dhcp/client-messages.ts';
import { decodePacket, encodePacket } from '../src/dhcp/packet.ts';
import { formatMac } from '../src/wire/addresses.ts';

export interface AskerOptions {
  readonly server: string;
  /** Of ours: answers go there, as to a relay. */
  readonly relay: string;
  /** Of a file that fits into one block. */
  readonly path: string;
  readonly perSecond: number;
  readonly seconds: number;
}

/** In milliseconds; what never came counts as `lostMs`. */
export interface AskerResult {
  readonly dhcp: readonly number[];
  readonly tftp: readonly number[];
}

const { server, relay, path, perSecond, seconds } = JSON.parse(process.argv[2] ?? '{}') as AskerOptions;
/** Firmware asks again by then. */
const lostMs = 4000;
const count = perSecond * seconds;

const begun = new Map<number, number>();
const dhcp = Array<number>(count).fill(lostMs);
const relaySocket = createSocket('udp4').bind(67, relay);
relaySocket.on('message', (bytes) => {
  const { xid } = decodePacket(bytes);
  const startedMs = begun.get(xid);
  if (startedMs !== undefined) dhcp[xid % count] = performance.now() - startedMs;
  begun.delete(xid);
});

/** No two runs ask by the same MAC addresses. */
const run = process.pid & 0xffff;

function discover(index: number): void {
  const xid = run * count + index;
  const mac = formatMac(Uint8Array.of(2, run >> 8, run & 0xff, index >> 16, index >> 8, index));
  const message = discoverMessage({ mac, architecture: 7 }, { xid, seconds: 0 });
  begun.set(xid, performance.now());
  relaySocket.send(encodePacket({ ...message, hops: 1, giaddr: relay }), 67, server);
}

const readRequest = Buffer.from(`\0\x01${path}\0octet\0tsize\x000\0blksize\x001468\0`, 'latin1');
const acknowledged = (block: number) => Uint8Array.of(0, 4, 0, block);
const tftp = Array<number>(count).fill(lostMs);

/** Two round trips: the options, which GRUB and EDK2 ask for, and the block. */
function fetch(index: number): void {
  const socket = createSocket('udp4');
  const startedMs = performance.now();
  const giveUp = setTimeout(() => socket.close(), lostMs);
  socket.on('message', (bytes, from) => {
    const isData = bytes[1] === 3;
    socket.send(acknowledged(isData ? 1 : 0), from.port, from.address, () => {
      if (!isData) return;
      clearTimeout(giveUp);
      socket.close();
    });
    if (isData) tftp[index] = performance.now() - startedMs;
  });
  socket.send(readRequest, 69, server);
}

await once(relaySocket, 'listening');
const startedMs = performance.now();
for (let index = 0; index < count; index++) {
  const dueMs = startedMs + (index * 1000) / perSecond;
  const earlyMs = dueMs - performance.now();
  if (earlyMs > 0) await pause(earlyMs);
  discover(index);
  fetch(index);
}
for (let waited = 0; waited < lostMs && begun.size > 0; waited += 50) await pause(50);
relaySocket.close();
const result: AskerResult = { dhcp, tftp };
process.stdout.write(JSON.stringify(result));
