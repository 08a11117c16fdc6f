import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OptionValues } from '../../src/dhcp/options.ts';
import { readOption } from '../../src/dhcp/options.ts';
import { type DhcpPacket, decodePacket } from '../../src/dhcp/packet.ts';
import { message, uefiX64 } from '../dhcp/machine.ts';
import { mutate } from '../fuzz/mutate.ts';
import type { Random } from '../fuzz/random.ts';
import { ovmfDiscover, ovmfRequest } from '../packets/dhcp-ovmf.ts';
import type { Kinds } from './kind.ts';
import { abuserAddresses, macOf, ports, serverAddress } from './place.ts';

const layout = {
  start: 240,
  width: 1,
  codes: [0, 43, 50, 52, 53, 54, 55, 57, 60, 61, 77, 82, 93, 97],
  largestBytes: 1400,
} as const;

function leased(random: Random): string {
  return `10.77.${100 + random.int(4)}.${random.int(232)}`;
}

/** A socket, and what becomes of it. */
async function bySocket(address: string, port: number, talk: (socket: Socket) => Promise<number>): Promise<number> {
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  socket.bind(port, address);
  await once(socket, 'listening');
  try {
    return await talk(socket);
  } finally {
    socket.close();
  }
}

function send(socket: Socket, bytes: Uint8Array): void {
  socket.send(bytes, ports.dhcp, serverAddress, () => {});
}

/** Sends what `make` says, twenty every two milliseconds. */
function flood(count: number, make: (nth: number) => Uint8Array): Promise<number> {
  return bySocket(abuserAddresses[0] as string, 0, async (socket) => {
    for (let nth = 0; nth < count; nth += 1) {
      send(socket, make(nth));
      if (nth % 20 === 19) await sleep(2);
    }
    return count;
  });
}

/** Every one of the invented machines asks once: whatever the server remembers of machines, it remembers then. */
export async function introduce(machines: number): Promise<void> {
  await flood(machines, (nth) => message({ messageType: 'discover', ...uefiX64 }, { mac: macOf(nth), xid: nth + 1 }));
}

/** Abuse of DHCP in the names of so many machines. */
export function dhcpKinds(machines: number): Kinds {
  const from = (random: Random, options: OptionValues, fields: Partial<DhcpPacket> = {}) =>
    message(options, { mac: macOf(random.int(machines)), xid: random.int(2 ** 32), ...fields });
  return {
    'dhcp: DISCOVER of many machines': {
      visit: (random) => flood(300, () => from(random, { messageType: 'discover', ...uefiX64 })),
      most: 1,
    },
    'dhcp: REQUEST of what nobody offered': {
      visit: (random) =>
        flood(100, () => {
          const options = { messageType: 'request', requestedAddress: leased(random), ...uefiX64 } as const;
          return from(random, random.once(2) ? { ...options, serverIdentifier: serverAddress } : options);
        }),
      most: 1,
    },
    "dhcp: DECLINE and RELEASE of others' addresses": {
      visit: (random) =>
        flood(100, () => {
          const serverIdentifier = serverAddress;
          if (random.once(2))
            return from(random, { messageType: 'release', serverIdentifier }, { ciaddr: leased(random) });
          return from(random, { messageType: 'decline', serverIdentifier, requestedAddress: leased(random) });
        }),
      most: 1,
    },
    'dhcp: INFORM, and machines that boot again and again': {
      visit: (random) => {
        const mac = macOf(random.int(machines));
        return flood(50, (nth) =>
          nth % 2 === 0
            ? message({ messageType: 'inform' }, { mac, ciaddr: leased(random) })
            : message({ messageType: 'discover', ...uefiX64 }, { mac, xid: random.int(2 ** 32) }),
        );
      },
    },
    'dhcp: broken messages': {
      visit: (random) => flood(100, () => mutate(ovmfDiscover, [ovmfDiscover, ovmfRequest], layout, random)),
    },
    'dhcp: a relay that brings machines, which take addresses and decline them': {
      visit: (random) => {
        const giaddr = abuserAddresses[1] as string;
        return bySocket(giaddr, ports.dhcp, async (socket) => {
          let sent = 0;
          const say = (bytes: Uint8Array) => {
            sent += 1;
            send(socket, bytes);
          };
          socket.on('message', (bytes) => {
            const { yiaddr, chaddr, xid, options } = decodePacket(bytes);
            if (readOption(options, 'messageType') !== 'offer') return;
            const taken = { giaddr, chaddr, xid };
            const named = { serverIdentifier: serverAddress, requestedAddress: yiaddr } as const;
            say(message({ messageType: 'request', ...named, ...uefiX64 }, taken));
            if (random.once(4)) say(message({ messageType: 'decline', ...named }, taken));
            else if (random.once(2)) {
              say(message({ messageType: 'release', serverIdentifier: serverAddress }, { ...taken, ciaddr: yiaddr }));
            }
          });
          for (let left = 20; left > 0; left -= 1) {
            say(from(random, { messageType: 'discover', ...uefiX64 }, { giaddr }));
            await sleep(20);
          }
          await sleep(500);
          return sent;
        });
      },
      most: 1,
    },
    'dhcp: relays that nobody knows': {
      visit: (random) =>
        flood(50, () =>
          from(random, { messageType: 'discover', ...uefiX64 }, { giaddr: '192.0.2.1', hops: random.int(256) }),
        ),
    },
  };
}
