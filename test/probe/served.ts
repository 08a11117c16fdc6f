import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';

const program = join(import.meta.dirname, '../../bin/bootwright.js');

/** What `bootwright probe --json` prints, as far as tests look at it. */
interface ProbeReport {
  readonly boots: boolean;
  readonly mac: string;
  readonly address?: string;
  readonly releaseId?: string;
  readonly checkedFiles: number;
  readonly error?: { readonly code: string; readonly remedy: string; readonly data: Record<string, string | number> };
  readonly timeline: readonly { readonly step: string; readonly what: string; readonly ok: boolean }[];
}

export interface Served {
  readonly releaseId: string;
  /** Of the release, on the server's disk. */
  readonly folder: string;
  /** MACs that gave their address back so far. */
  readonly released: readonly string[];
  /** Runs `bootwright probe` against it. */
  probe(...args: readonly string[]): Promise<{ readonly exitCode: number | undefined; readonly report: ProbeReport }>;
  stop(): Promise<void>;
}

/** Runs `bootwright probe --json` on the loopback. */
export async function probe(ports: readonly string[], args: readonly string[]) {
  const command = [program, 'probe', '--interface', 'lo', '--json', ...ports, ...args];
  const { exitCode, stdout } = await execa(process.execPath, command, { reject: false, timeout: 60_000 });
  return { exitCode, report: JSON.parse(stdout) as ProbeReport };
}

/** `bootwright serve` on the loopback with one published image. `port` and the four after it must be free. */
export async function serve(image: Uint8Array, port: number): Promise<Served> {
  const place = await mkdtemp(join(tmpdir(), 'bootwright-probe-'));
  const images = join(place, 'images');
  const root = join(place, 'pxe-root');
  await mkdir(images);
  const ports = ['--dhcp-port', String(port), '--tftp-port', String(port + 2)];
  const settings = ['--interface', 'lo', '--range', '127.0.0.100-127.0.0.120', '--http-port', String(port + 3)];
  const server = execa(
    process.execPath,
    [program, 'serve', '--images', images, '--root', root, '--log', 'json', ...ports, ...settings],
    { cwd: place, stdin: 'ignore', reject: false, buffer: false },
  );
  const published = Promise.withResolvers<string>();
  const released: string[] = [];
  let last = '';
  createInterface({ input: server.stdout }).on('line', (line) => {
    last = line;
    const event = JSON.parse(line) as { step?: string; releaseId?: string; mac?: string };
    if (event.step === 'published') published.resolve(event.releaseId ?? '');
    if (event.step === 'released') released.push(event.mac ?? '');
  });
  server.then(() => published.reject(new Error(`the server ended: ${last}`)));
  // As a person does it: the server sees the ISO when it is whole.
  await writeFile(join(images, 'tiny.iso'), image);
  const releaseId = await published.promise;
  return {
    releaseId,
    released,
    folder: join(root, 'releases', releaseId),
    probe: (...args) => probe(ports, args),
    async stop() {
      server.kill('SIGTERM');
      await server;
      await rm(place, { recursive: true, force: true });
    },
  };
}
