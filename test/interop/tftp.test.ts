import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BootFile } from '../../src/boot/files.ts';
import type { BootEvent } from '../../src/boot/timeline.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { nodeUdp } from '../../src/platform/udp-node.ts';
import { fetchByTftp } from '../../src/tftp/receive.ts';
import { startTftpServer, type TftpServer } from '../../src/tftp/server.ts';
import { bootFileInMemory, numberedBytes } from '../support/boot-file-in-memory.ts';
import { describeWith } from '../support/programs.ts';

const address = '127.0.0.1';
/** The last block that a 16-bit number can name is 65,535: this file has 2,000 more. */
const bigBytes = 67_535 * 512 + 100;
const sizes = [0, 511, 512, 513, 100_000];

let server: TftpServer;
let folder: string;
let unique = 0;
const events: BootEvent[] = [];
const files = new Map<string, BootFile>();
const contents = new Map<string, Uint8Array>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootwright-tftp-'));
  for (const sizeBytes of [...sizes, bigBytes]) {
    const name = `boot/${sizeBytes}`;
    contents.set(name, numberedBytes(sizeBytes));
    files.set(name, bootFileInMemory(name, numberedBytes(sizeBytes)));
  }
  server = await startTftpServer({
    udp: nodeUdp,
    clock: systemClock,
    address,
    port: 0,
    resolve: async (path) => files.get(path),
    report: (event) => events.push(event),
  });
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

type Fetch = (name: string, local: string) => Promise<unknown>;

const timeout = 25_000;

const clients: Record<string, { readonly program: string; readonly fetch: Fetch; readonly smallest?: number }> = {
  'tftp-hpa in octet': {
    program: 'tftp',
    fetch: (name, local) =>
      execa('tftp', ['-4', '-m', 'octet', address, String(server.local.port), '-c', 'get', name, local], { timeout }),
  },
  'atftp without options': {
    program: 'atftp',
    fetch: (name, local) => atftp(name, local, []),
  },
  'atftp with blksize 1468 and windowsize 16': {
    program: 'atftp',
    fetch: (name, local) => atftp(name, local, ['--option', 'blksize 1468', '--option', 'windowsize 16']),
  },
  'atftp with windowsize 64, tsize and timeout': {
    program: 'atftp',
    fetch: (name, local) =>
      atftp(name, local, ['--option', 'windowsize 64', '--option', 'tsize 0', '--option', 'timeout 2']),
  },
  'busybox tftp': {
    program: 'busybox',
    fetch: (name, local) =>
      execa('busybox', ['tftp', '-g', '-r', name, '-l', local, address, String(server.local.port)], { timeout }),
  },
  'busybox tftp with blocks of 1468': {
    program: 'busybox',
    fetch: (name, local) =>
      execa('busybox', ['tftp', '-g', '-b', '1468', '-r', name, '-l', local, address, String(server.local.port)], {
        timeout,
      }),
  },
  curl: {
    program: 'curl',
    smallest: 1,
    fetch: (name, local) => execa('curl', ['-sSf', '-o', local, url(name)], { timeout }),
  },
  'curl with blocks of 1468': {
    program: 'curl',
    smallest: 1,
    fetch: (name, local) => execa('curl', ['-sSf', '--tftp-blksize', '1468', '-o', local, url(name)], { timeout }),
  },
  'curl without options': {
    program: 'curl',
    fetch: (name, local) => execa('curl', ['-sSf', '--tftp-no-options', '-o', local, url(name)], { timeout }),
  },
};

function atftp(name: string, local: string, options: readonly string[]) {
  return execa('atftp', [...options, '-g', '-r', name, '-l', local, address, String(server.local.port)], { timeout });
}

function url(name: string): string {
  return `tftp://${address}:${server.local.port}/${name}`;
}

async function fetched(fetch: Fetch, name: string): Promise<Uint8Array> {
  unique += 1;
  const local = join(folder, `${unique}`);
  await fetch(name, local);
  return readFile(local).catch((error: unknown) => {
    // tftp-hpa and curl write no file where there are no bytes.
    if (contents.get(name)?.byteLength === 0) return new Uint8Array();
    throw error;
  });
}

function expectWhole(bytes: Uint8Array, name: string): void {
  expect(Buffer.compare(bytes, contents.get(name) ?? Uint8Array.of(1)), name).toBe(0);
}

for (const [title, { program, fetch, smallest }] of Object.entries(clients)) {
  describeWith({ programs: [program] }, `${title} gets`, () => {
    it.each(smallest === undefined ? sizes : sizes.filter((sizeBytes) => sizeBytes >= smallest))(
      'a file of %i bytes',
      async (sizeBytes) => {
        expectWhole(await fetched(fetch, `boot/${sizeBytes}`), `boot/${sizeBytes}`);
      },
    );

    it('a file of more than 65,535 blocks', { timeout: 60_000 }, async () => {
      expectWhole(await fetched(fetch, `boot/${bigBytes}`), `boot/${bigBytes}`);
    });

    it('five files at once', async () => {
      const name = 'boot/100000';
      const all = await Promise.all(Array.from({ length: 5 }, () => fetched(fetch, name)));
      for (const bytes of all) expectWhole(bytes, name);
    });
  });
}

describeWith({ programs: ['curl'] }, 'a file that is not there', () => {
  it('fails at once, by name', async () => {
    const startedMs = Date.now();
    const result = await execa('curl', ['-sS', url('grub/grub.cfg-C0A8')], { reject: false, timeout });
    // 68: "File not found on TFTP server".
    expect(result.exitCode).toBe(68);
    expect(Date.now() - startedMs).toBeLessThan(1000);
    expect(events).toContainEqual({ step: 'missing', protocol: 'tftp', address, path: 'grub/grub.cfg-C0A8' });
  });
});

describeWith({ programs: ['curl'] }, 'an empty file', () => {
  it('is refused by curl, which takes no "tsize" of 0 from any server', async () => {
    const result = await execa('curl', ['-sS', url('boot/0')], { reject: false, timeout });
    expect(result.exitCode).toBe(71);
  });
});

describeWith({ programs: ['curl'] }, 'an upload', () => {
  it('is refused', async () => {
    const result = await execa('curl', ['-sS', '-T', '-', url('boot/new')], { input: 'x', reject: false, timeout });
    // 69: "Permission problem on TFTP server".
    expect(result.exitCode).toBe(69);
  });
});

describeWith({}, 'twenty of our own clients at once', () => {
  it('each get the whole file over real sockets', { timeout: 60_000 }, async () => {
    const name = 'boot/100000';
    const one = async (windowsize: number) => {
      const received: Uint8Array[] = [];
      const sink = (chunk: Uint8Array) => void received.push(chunk);
      const where = { udp: nodeUdp, clock: systemClock, server: server.local, localAddress: address };
      await fetchByTftp({ ...where, path: name, blksize: 1468, windowsize, tsize: true, sink });
      expectWhole(Buffer.concat(received), name);
    };
    await Promise.all(Array.from({ length: 20 }, (_, index) => one(1 + index * 3)));
  });
});
