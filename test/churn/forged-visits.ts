import { setTimeout as sleep } from 'node:timers/promises';
import { packetCodec } from '../../src/tftp/packet.ts';
import type { Forge } from './forge.ts';
import type { Kinds } from './kind.ts';
import { large, serverAddress } from './place.ts';
import { server } from './tftp-line.ts';

const read = packetCodec.encode({
  kind: 'read',
  path: large,
  mode: 'octet',
  options: new Map([
    ['blksize', '1468'],
    ['windowsize', '64'],
  ]),
});
const acknowledgement = packetCodec.encode({ kind: 'acknowledgement', block: 1 });

/** None, echo, DHCP, TFTP itself and the like: what is answered there may answer again. */
const oddPorts = [0, 7, 9, 19, 53, 67, 68, 69, 4011, 65_535];

/** Datagrams whose senders are not where they say. */
export function forgedKinds(forge: Forge): Kinds {
  /** Addresses of the network that nobody has, of others, and of the server. */
  const nobody = (nth: number) => `10.77.${9 + (nth & 7)}.${1 + (nth % 250)}`;
  return {
    'forged: requests from odd ports': {
      async visit(random) {
        const address = random.pick([
          '10.77.1.1',
          nobody(random.int(1000)),
          serverAddress,
          '255.255.255.255',
          '0.0.0.0',
        ]);
        for (const port of oddPorts) forge.send({ address, port }, server, random.once(4) ? acknowledgement : read);
        return oddPorts.length;
      },
    },
    'forged: requests from many addresses': {
      async visit(random) {
        const count = 500;
        for (let nth = 0; nth < count; nth += 1) {
          forge.send({ address: nobody(random.int(2000)), port: 1024 + random.int(60_000) }, server, read);
          if (nth % 20 === 19) await sleep(2);
        }
        return count;
      },
      most: 1,
    },
    'forged: requests from many ports of one address': {
      async visit(random) {
        const address = nobody(random.int(50));
        const count = 500;
        for (let nth = 0; nth < count; nth += 1) {
          forge.send({ address, port: 1024 + random.int(60_000) }, server, read);
          if (nth % 20 === 19) await sleep(2);
        }
        return count;
      },
      most: 1,
    },
  };
}
