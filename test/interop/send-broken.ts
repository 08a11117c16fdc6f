import { createSocket } from 'node:dgram';
import { ovmfDiscover, ovmfRequest } from '../packets/dhcp-ovmf.ts';

/** Sends what no client would, the same each time, to the ports of DHCP and TFTP of 10.77.0.1. */
const text = (value: string) => Uint8Array.from(Buffer.from(value, 'latin1'));
const seeds = {
  67: [ovmfDiscover, ovmfRequest],
  69: [
    text('\0\x01bootx64.efi\0octet\0tsize\x000\0blksize\x001468\0windowsize\x004\0'),
    text('\0\x01../../../etc/passwd\0octet\0'),
    text('\0\x02new\0octet\0'),
    text('\0\x03\0\x01data'),
    text('\0\x04\0\x01'),
    text('\0\x05\0\x08User aborted\0'),
  ],
} as const;
const each = 3000;

let state = 42;
/** A whole number from 0 up to, and not with, `limit`. The generator of Numerical Recipes, by its upper bits. */
function random(limit: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
}

function spoil(packet: Uint8Array): Uint8Array {
  switch (random(4)) {
    case 0:
      return packet.slice(0, random(packet.length));
    case 1:
      return Uint8Array.from({ length: random(1400) }, () => random(256));
    case 2:
      return new Uint8Array([...packet, ...Array.from({ length: random(700) }, () => random(256))]);
    default: {
      const changed = Uint8Array.from(packet);
      for (let count = random(8); count >= 0; count -= 1) changed[random(changed.length)] = random(256);
      return changed;
    }
  }
}

const socket = createSocket('udp4');
/** What the network refuses to carry does not matter here. */
const send = (bytes: Uint8Array, port: number) =>
  new Promise<void>((resolve) => socket.send(bytes, port, '10.77.0.1', () => resolve()));
let sent = 0;
for (const [port, packets] of Object.entries(seeds)) {
  for (let count = 0; count < each; count += 1) {
    const packet = packets[random(packets.length)];
    if (packet === undefined) continue;
    await send(spoil(packet), Number(port));
    sent += 1;
    if (sent % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
socket.close();
process.stdout.write(JSON.stringify({ sent }));
