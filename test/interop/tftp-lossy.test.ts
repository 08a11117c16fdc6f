import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExecaError, execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import type { Endpoint } from '../../src/platform/udp.ts';
import { nodeUdp } from '../../src/platform/udp-node.ts';
import { fetchByTftp } from '../../src/tftp/receive.ts';
import { startTftpServer } from '../../src/tftp/server.ts';
import { startTftpThread } from '../../src/tftp/start-thread.ts';
import { bootFileInMemory, numberedBytes } from '../support/boot-file-in-memory.ts';
import { type LossyRelay, startLossyRelay } from '../support/lossy-relay.ts';
import { describeWith } from '../support/programs.ts';

const address = '127.0.0.1';
const path = 'boot/initrd';
const content = numberedBytes(300 * 1024 + 1);
const whole = sha256(content);
const transfers = 20;
const atOnce = 10;
/** Whoever loses its request waits for five seconds, and there may be some losses in a row. */
const fetchMs = 60_000;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootwright-lossy-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Gets the file; the hash of what came. `name` is unique. */
type Fetch = (server: Endpoint, name: string, window: number) => Promise<string>;

interface Client {
  readonly program?: string;
  readonly windows: readonly number[];
  readonly fetch: Fetch;
}

function byProgram(command: (server: Endpoint, local: string, window: number) => readonly [string, string[]]): Fetch {
  return async (server, name, window) => {
    const local = join(folder, name);
    const [program, words] = command(server, local, window);
    await execa(program, words, { timeout: fetchMs });
    return sha256(await readFile(local));
  };
}

/**
 * Where a doubled OACK comes late, after the first block, atftp ends, and curl 7.88 begins to count anew and waits for
 * block 1 for ever: sending it again would make it write it twice. No server can help that, and they ask again; but for
 * what else they may say.
 */
async function unlessConfused(confusion: RegExp, fetch: () => Promise<string>, tries = 3): Promise<string> {
  try {
    return await fetch();
  } catch (error) {
    const isItsOwn = error instanceof ExecaError && confusion.test(String(error.stderr));
    if (!isItsOwn || tries === 1) throw error;
    return unlessConfused(confusion, fetch, tries - 1);
  }
}

const byAtftp = byProgram(({ port }, local, window) => {
  const options = ['--option', 'blksize 1024', '--option', `windowsize ${window}`, '--option', 'timeout 1'];
  return ['atftp', [...options, '-g', '-r', path, '-l', local, address, String(port)]];
});

const byCurl = byProgram(({ port }, local) => [
  'curl',
  ['-sSfv', '--tftp-blksize', '1024', '-o', local, `tftp://${address}:${port}/${path}`],
]);

const clients: Record<string, Client> = {
  atftp: {
    program: 'atftp',
    windows: [1, 4, 64],
    fetch: (...asked) => unlessConfused(/unexpected OACK/, () => byAtftp(...asked)),
  },
  curl: {
    program: 'curl',
    windows: [1],
    fetch: (...asked) =>
      unlessConfused(/unexpected DATA packet block \d+, expecting block 1\b/, () => byCurl(...asked)),
  },
  'tftp-hpa': {
    program: 'tftp',
    windows: [1],
    fetch: byProgram(({ port }, local) => [
      'tftp',
      ['-4', '-m', 'octet', address, String(port), '-c', 'get', path, local],
    ]),
  },
  'our own client': {
    windows: [1, 4, 64],
    async fetch(server, _, windowsize) {
      const hash = createHash('sha256');
      const sink = (chunk: Uint8Array) => void hash.update(chunk);
      const from = { udp: nodeUdp, clock: systemClock, server, localAddress: address };
      await fetchByTftp({ ...from, path, blksize: 1024, windowsize, tsize: true, sink });
      return hash.digest('hex');
    },
  },
};

interface Server {
  readonly local: Endpoint;
  close(): Promise<void>;
}

const where = { address, port: 0, maxPerMachine: 64 };
const file = bootFileInMemory(path, content);
const resolve = async (name: string) => (name === path ? file : undefined);

const servers: Record<string, () => Promise<Server>> = {
  'the server on the sockets of Node': () =>
    startTftpServer({ udp: nodeUdp, clock: systemClock, ...where, resolve, report: () => {} }),
  async 'the server in a thread of its own'() {
    const warn = (text: string) => expect.unreachable(text);
    const thread = await startTftpThread({ servers: [where], resolve, report: () => {}, warn });
    return { local: thread.locals[0] ?? where, close: () => thread.close() };
  },
};

/** Some at a time: twenty clients at once are a storm, and this is about the wire. */
async function fetchAll(fetch: Fetch, relay: LossyRelay, window: number): Promise<string[]> {
  const hashes: string[] = [];
  for (let first = 0; first < transfers; first += atOnce) {
    const some = Array.from({ length: atOnce }, (_, index) => fetch(relay.local, `${window}-${first + index}`, window));
    hashes.push(...(await Promise.all(some)));
  }
  return hashes;
}

describe.skipIf(process.platform !== 'linux')('a wire that loses, doubles and reorders', () => {
  for (const [serverName, start] of Object.entries(servers)) {
    describe(serverName, () => {
      let server: Server;

      beforeAll(async () => {
        server = await start();
      });

      afterAll(() => server.close());

      for (const [clientName, { program, windows, fetch }] of Object.entries(clients)) {
        describeWith(program === undefined ? {} : { programs: [program] }, `brings ${clientName}`, () => {
          it.each(windows.flatMap((window) => [0.01, 0.02].map((loss) => ({ window, loss }))))(
            'the whole file 20 times of 20, with a window of $window, where $loss is lost and 0.01 each doubled and late',
            // Twice, where a client confused itself in the first ten and waited to the end.
            { timeout: 4 * fetchMs },
            async ({ window, loss }) => {
              const troubles = { seed: 1000 * loss + window, loss, duplication: 0.01, reordering: 0.01 };
              const relay = await startLossyRelay({ server: server.local, address, ...troubles });
              try {
                expect(await fetchAll(fetch, relay, window)).toEqual(new Array(transfers).fill(whole));
              } finally {
                const { toClient } = await relay.stop();
                expect(toClient.lost).toBeGreaterThan(toClient.carried * loss * 0.5);
                expect(Math.min(toClient.doubled, toClient.reordered)).toBeGreaterThan(toClient.carried * 0.005);
              }
            },
          );
        });
      }
    });
  }
});
