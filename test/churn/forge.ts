import { openPacketSocket } from '../../src/platform/packet-socket.ts';
import type { Endpoint } from '../../src/platform/udp.ts';
import { parseMac } from '../../src/wire/addresses.ts';
import { type FrameEnds, ipv4, udpSegment } from '../capture/frames.ts';

const ipv4Type = 0x0800;
const udp = 17;

/** Sends datagrams in the name of others, also from ports where no socket can be. */
export interface Forge {
  send(from: Endpoint, to: Endpoint, bytes: Uint8Array): void;
}

/** RFC 1071, of the 20 bytes of an IP header. */
function writeChecksum(packet: Uint8Array): void {
  const view = new DataView(packet.buffer, packet.byteOffset);
  let sum = 0;
  for (let at = 0; at < 20; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(10, ~sum & 0xffff);
}

/** By a packet socket on `eth0`, to a neighbour with this Ethernet address. */
export function openForge(toMac: string): Forge {
  const socket = openPacketSocket({
    interface: 'eth0',
    // None: nothing that comes in is copied for us. What the frames are, they say themselves.
    protocol: 0,
    frames: true,
    ring: { slots: 1, slotBytes: 2048 },
    background: true,
    onPacket: () => {},
    onFailure: () => {},
  });
  const ethernet = Buffer.concat([
    parseMac(toMac) ?? new Uint8Array(6),
    parseMac(socket.mac) ?? new Uint8Array(6),
    Uint8Array.of(ipv4Type >> 8, 0),
  ]);
  return {
    send(from, to, bytes) {
      const ends: FrameEnds = { from, to };
      const packet = ipv4(udp, ends, udpSegment(ends, bytes));
      writeChecksum(packet);
      try {
        socket.send(Buffer.concat([ethernet, packet]), toMac);
      } catch (error) {
        // The cable is full; what is lost is no loss.
        if ((error as NodeJS.ErrnoException).code !== 'ENOBUFS') throw error;
      }
    },
  };
}
