import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Random } from '../fuzz/random.ts';
import { dial, leave, request } from './http-line.ts';
import { type Kinds, pause, type Visit } from './kind.ts';
import { large, medium, small } from './place.ts';

/** A visit by one connection, which is left whatever happens. The talk says how many requests it was. */
function byConnection(talk: (socket: Socket, random: Random, signal: AbortSignal) => Promise<number>): Visit {
  return async (random, signal) => {
    const socket = await dial(random);
    if (socket === undefined) return 0;
    try {
      return await talk(socket, random, signal);
    } finally {
      leave(socket, random);
    }
  };
}

/** Reads what comes for some time. */
async function listen(socket: Socket, ms: number, signal: AbortSignal): Promise<void> {
  socket.resume();
  await pause(ms, signal);
}

const rangesAsked: readonly string[] = [
  'bytes=0-0',
  'bytes=-1',
  'bytes=1000000-1000999',
  'bytes=99999999999-',
  'bytes=5-2',
  'bytes=0-99,200-299,-1',
  `bytes=${Array.from({ length: 200 }, (_, nth) => `${nth * 1000}-${nth * 1000 + 99}`).join(',')}`,
  `bytes=${'0-,'.repeat(1000)}0-`,
  'lines=1-2',
];

const nonsense: readonly string[] = [
  'GET\r\n\r\n',
  'GET / HTTP/9.9\r\n\r\n',
  'GET / HTTP/1.1\r\n\r\n',
  'GET /%zz%00 HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n',
  'POST /live.iso HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc',
  'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\nabc',
  'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`,
  `GET /${'z'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: x\r\n${'a: b\r\n'.repeat(3000)}\r\n`,
];

/** Abuse of HTTP. `stallMs`: how long a reader that takes nothing stays. */
export function httpKinds(stallMs: number): Kinds {
  return {
    'http: gone after the request': {
      visit: byConnection(async (socket, random, signal) => {
        socket.write(request(random.pick([large, medium, small])));
        await pause(random.int(100), signal);
        return 1;
      }),
    },
    'http: gone in the middle': {
      visit: byConnection(async (socket, random, signal) => {
        socket.write(request(large));
        await listen(socket, random.int(200), signal);
        return 1;
      }),
    },
    'http: takes nothing of what it asked for': {
      visit: byConnection(async (socket, random, signal) => {
        socket.pause().write(request(large));
        await pause(random.int(stallMs), signal);
        return 1;
      }),
      most: 12,
    },
    'http: one byte a second': {
      visit: async (random, signal) => {
        const socket = await dial(random, undefined, {
          onread: { buffer: Buffer.alloc(1), callback: () => false },
        });
        if (socket === undefined) return 0;
        socket.write(request(large));
        for (let left = random.int(stallMs / 1000); left > 0 && !signal.aborted; left -= 1) {
          socket.resume();
          await pause(1000, signal);
        }
        leave(socket, random);
        return 1;
      },
      most: 8,
    },
    'http: half closed': {
      visit: byConnection(async (socket, random, signal) => {
        socket.end(request(random.pick([small, large])));
        await listen(socket, random.int(500), signal);
        return 1;
      }),
    },
    'http: closed before the end of the headers': {
      visit: byConnection(async (socket, random) => {
        const whole = request(small, { 'User-Agent': 'x' });
        socket.end(whole.slice(0, random.int(whole.length)));
        return 1;
      }),
    },
    'http: garbage': {
      visit: byConnection(async (socket, random, signal) => {
        socket.write(random.once(3) ? random.bytes(1 + random.int(5000)) : random.pick(nonsense));
        await listen(socket, random.int(300), signal);
        return 1;
      }),
    },
    'http: hundreds of requests at once': {
      visit: byConnection(async (socket, random, signal) => {
        const count = 100 + random.int(400);
        socket.write(request(random.pick([large, small, 'healthz', 'boot/grub2/grub.cfg', 'nothing'])).repeat(count));
        if (random.once(2)) await pause(random.int(500), signal);
        else await listen(socket, random.int(1000), signal);
        return count;
      }),
      most: 3,
    },
    'http: a thousand connections without a word': {
      visit: async (random, signal) => {
        const sockets: (Socket | undefined)[] = [];
        while (sockets.length < 1000 && !signal.aborted) {
          sockets.push(...(await Promise.all(Array.from({ length: 50 }, () => dial(random)))));
        }
        await pause(random.int(5000), signal);
        for (const socket of sockets) if (socket !== undefined) leave(socket, random);
        return sockets.length;
      },
      most: 1,
    },
    'http: headers byte by byte': {
      visit: byConnection(async (socket, random, signal) => {
        socket.setNoDelay(true).resume();
        for (const letter of request(small, { 'User-Agent': 'slow' })) {
          if (signal.aborted || !socket.writable) break;
          socket.write(letter);
          await pause(random.int(100), signal);
        }
        return 1;
      }),
      most: 8,
    },
    'http: ranges': {
      visit: byConnection(async (socket, random, signal) => {
        const count = 1 + random.int(20);
        for (let left = count; left > 0; left -= 1) socket.write(request(large, { Range: random.pick(rangesAsked) }));
        await listen(socket, random.int(300), signal);
        return count;
      }),
    },
    'http: a flood of HEAD': {
      visit: byConnection(async (socket, random, signal) => {
        const count = 500;
        socket.write(request(random.pick([large, small]), {}, 'HEAD').repeat(count));
        await listen(socket, 300, signal);
        return count;
      }),
      most: 2,
    },
    'http: one connection after the other': {
      visit: async (random, signal) => {
        let count = 0;
        for (; count < 50 && !signal.aborted; count += 1) {
          const socket = await dial(random);
          if (socket === undefined) break;
          socket.on('data', () => {}).write(request(small, { Connection: 'close' }));
          await Promise.race([once(socket, 'close'), pause(1000, signal)]);
          socket.destroy();
        }
        return count;
      },
      most: 2,
    },
  };
}
