import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Endpoint } from '../../src/platform/udp.ts';
import type { Random } from '../fuzz/random.ts';
import { type Kinds, pause, type Visit } from './kind.ts';
import { abuserAddresses, files, large, medium, small } from './place.ts';
import { server, TftpLine } from './tftp-line.ts';

type Talk = (line: TftpLine, random: Random, signal: AbortSignal) => Promise<void>;

/** A visit by a socket of its own, which is closed whatever happens. */
function byLine(talk: Talk): Visit {
  return async (random, signal) => {
    const line = await TftpLine.open(random.pick(abuserAddresses));
    try {
      await talk(line, random, signal);
    } finally {
      // Half of them are silent for a while first: nobody tells the server that the port is closed.
      if (random.once(2)) await pause(random.int(3000), signal);
      line.close();
    }
    return line.sent;
  };
}

/** A visit to a transfer that has begun: `peer` is the server's port for it. */
function inTransfer(
  options: Readonly<Record<string, number>>,
  talk: (line: TftpLine, peer: Endpoint, random: Random, signal: AbortSignal) => Promise<void>,
  path: string = large,
): Visit {
  return byLine(async (line, random, signal) => {
    line.ask(path, options);
    const first = await line.next();
    if (first === undefined || first.packet.kind === 'error') return;
    if (first.packet.kind === 'options') line.acknowledge(0, first.from);
    await talk(line, first.from, random, signal);
  });
}

/** Sends many, a few in each turn, so that others are heard between them. */
async function many(count: number, send: (nth: number) => void): Promise<void> {
  for (let nth = 0; nth < count; nth += 1) {
    send(nth);
    if (nth % 20 === 19) await nextTurn();
  }
}

/** Acknowledges what comes, for so many blocks. */
async function take(line: TftpLine, blocks: number): Promise<void> {
  for (let left = blocks; left > 0; left -= 1) {
    const heard = await line.next();
    if (heard?.packet.kind !== 'data') return;
    line.acknowledge(heard.packet.block, heard.from);
  }
}

const text = (value: string) => Uint8Array.from(Buffer.from(value, 'latin1'));
const read = (path: string, ...words: readonly string[]) => text(`\0\x01${[path, 'octet', ...words].join('\0')}\0`);

const oddOptions: readonly Readonly<Record<string, string | number>>[] = [
  { blksize: 8, windowsize: 65_535, timeout: 1 },
  { blksize: 65_464, windowsize: 64 },
  { blksize: 0, tsize: -1, timeout: 0, windowsize: 0 },
  { blksize: '9'.repeat(200) },
  { tsize: '0x10', blksize: '1e3', windowsize: ' 4' },
  { multicast: '', nothing: 'x'.repeat(300) },
];

/** Abuse of TFTP. `longestTimeout`: seconds that a client may ask the server to wait, and so to be waited for. */
export function tftpKinds(longestTimeout: number): Kinds {
  return {
    'tftp: gone after the request': {
      visit: byLine(async (line, random) => line.ask(random.pick([large, small]), { blksize: 1468, tsize: 0 })),
    },
    'tftp: gone after a request without options': { visit: byLine(async (line) => line.ask(small)) },
    'tftp: gone after the OACK': {
      visit: byLine(async (line, random) => {
        line.ask(large, { blksize: 1468, windowsize: 4, timeout: 1 + random.int(longestTimeout) });
        await line.next();
      }),
    },
    'tftp: gone after some ACKs': {
      visit: inTransfer({ blksize: 1024 }, (line, _, random) => take(line, 1 + random.int(200))),
    },
    'tftp: gone in a window': {
      visit: inTransfer({ blksize: 1468, windowsize: 64 }, async (line, peer, random) => {
        for (let block = 64; block <= 64 * (1 + random.int(10)); block += 64) {
          await line.next();
          line.acknowledge(block, peer);
        }
      }),
    },
    'tftp: asks again and again from one port': {
      visit: byLine(async (line, random, signal) => {
        for (let left = 5 + random.int(20); left > 0 && !signal.aborted; left -= 1) {
          line.ask(random.once(2) ? large : small, { blksize: 1468, windowsize: 1 + random.int(8) });
          if (random.once(3)) await line.next(200);
        }
      }),
    },
    'tftp: the same ACK hundreds of times': {
      visit: inTransfer({ blksize: 512 }, async (line, peer, random) => {
        await take(line, 3);
        await many(300 + random.int(700), () => line.acknowledge(3, peer));
        await take(line, 20);
      }),
    },
    'tftp: a flood of ACKs at random': {
      visit: inTransfer({ blksize: 512, windowsize: 16 }, (line, peer, random) =>
        many(500, () => line.acknowledge(random.int(65_536), peer)),
      ),
      most: 2,
    },
    'tftp: ACKs of the future': {
      visit: inTransfer({ blksize: 1468 }, async (line, peer) => {
        await many(200, (nth) => line.acknowledge(2 + nth, peer));
        await take(line, 50);
      }),
    },
    'tftp: strangers at the port of a transfer': {
      visit: inTransfer({ blksize: 1468 }, async (line, peer, random) => {
        const stranger = await TftpLine.open(random.pick(abuserAddresses));
        await many(100, (nth) => {
          if (nth % 3 === 0) stranger.acknowledge(nth, peer);
          else if (nth % 3 === 1) stranger.send({ kind: 'error', errorCode: 0, message: 'stop' }, peer);
          else stranger.send(random.bytes(random.int(600)), peer);
        });
        await take(line, 30);
        line.sent += stranger.sent;
        stranger.close();
      }),
    },
    'tftp: requests from many ports': {
      visit: async (random, signal) => {
        const address = random.pick(abuserAddresses);
        const lines = await Promise.all(Array.from({ length: 100 }, () => TftpLine.open(address)));
        await many(lines.length, (nth) => lines[nth]?.ask(large, { blksize: 1468, windowsize: 8 }));
        await pause(random.int(2000), signal);
        for (const line of lines) line.close();
        return lines.length;
      },
      most: 2,
    },
    'tftp: garbage': {
      visit: byLine((line, random) => many(200, () => line.send(random.bytes(random.int(1400))))),
      most: 3,
    },
    'tftp: requests that end in the middle': {
      visit: byLine((line, random) => {
        const whole = read(small, 'blksize', '1468', 'tsize', '0');
        return many(50, () => line.send(whole.subarray(0, random.int(whole.length))));
      }),
    },
    'tftp: huge options': {
      visit: byLine(async (line, random) => {
        line.send(read('x'.repeat(random.int(60_000))));
        line.send(read(small, ...Array.from({ length: random.int(300) }, (_, nth) => `o${nth}`)));
        line.ask(small, random.pick(oddOptions));
        const heard = await line.next(300);
        if (heard !== undefined) line.acknowledge(0, heard.from);
        await line.next(300);
      }),
    },
    'tftp: ERROR at any time': {
      visit: byLine(async (line, random) => {
        line.send({ kind: 'error', errorCode: random.int(9), message: 'from nowhere' });
        line.ask(large, { blksize: 1468, tsize: 0 });
        const heard = await line.next();
        if (heard === undefined) return;
        if (random.once(2)) {
          line.acknowledge(0, heard.from);
          await take(line, random.int(40));
        }
        line.send({ kind: 'error', errorCode: random.int(65_536), message: 'x'.repeat(random.int(500)) }, heard.from);
      }),
    },
    'tftp: what is no ACK, into a transfer': {
      visit: inTransfer({ blksize: 1468 }, async (line, peer, random) => {
        await take(line, random.int(10));
        line.send(random.once(2) ? read(small) : { kind: 'data', block: 1, bytes: random.bytes(100) }, peer);
      }),
    },
    'tftp: netascii': {
      visit: byLine(async (line, random) => {
        line.ask(random.pick(['boot/grub2/grub.cfg', medium, large]), { tsize: 0 }, 'netascii');
        const heard = await line.next();
        if (heard?.packet.kind === 'options') line.acknowledge(0, heard.from);
        await take(line, random.int(60));
      }),
    },
    'tftp: ACKs in the midst of a window': {
      visit: inTransfer({ blksize: 1468, windowsize: 64 }, async (line, peer, random) => {
        let block = 0;
        for (let left = 40; left > 0; left -= 1) {
          if ((await line.next()) === undefined) return;
          block += random.int(64);
          line.acknowledge(block, peer);
        }
      }),
    },
    'tftp: eight bytes a block': {
      visit: inTransfer({ blksize: 8, windowsize: 64 }, async (line, peer) => {
        for (let block = 64; block < 6400; block += 64) {
          if ((await line.next()) === undefined) return;
          line.acknowledge(block, peer);
        }
      }),
    },
    'tftp: a file that is not there': {
      visit: byLine(async (line, random) => {
        const names = ['nothing.efi', '../../etc/passwd', '/', '', '\xff\xfe', 'a/'.repeat(200), 'grubx64.efi\x01'];
        await many(30, () => line.ask(random.pick(names)));
        await line.next(300);
      }),
    },
    'tftp: wants to write': {
      visit: byLine(async (line) => {
        line.send({ kind: 'write', path: small, mode: 'octet', options: new Map() });
        await line.next(300);
        line.send({ kind: 'data', block: 1, bytes: files[small].subarray(0, 512) }, server);
      }),
    },
  };
}
