import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { bootwright, makeFolders } from '../support/bootwright.ts';
import { roomForNeighbours } from '../support/neighbours.ts';
import { createNetns, ip, type Netns } from '../support/netns.ts';
import { writeRelease } from '../support/small-release.ts';
import { abuserAddresses, files, healthyAddress, leaseRange, serverNetwork, switchedOffAddress } from './place.ts';

/** A server as a user starts it, at one end of a cable. */
export interface Ground {
  readonly pid: number;
  /** What is at the other end. */
  readonly client: Netns;
  readonly serverMac: string;
  readonly folder: string;
  /** The log: all that the server wrote, as the file that its output goes into. */
  readonly logFile: string;
  /** What it wrote to its standard error. */
  complaints(): Promise<string>;
  logBytes(): Promise<number>;
  /** How it ended; `undefined` while it runs. */
  readonly ended: string | undefined;
  remove(): Promise<void>;
}

const program = join(import.meta.dirname, '../../bin/bootwright.js');

async function makeCertificate(folder: string): Promise<readonly string[]> {
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=bootwright', '-days', '2', '-out', certificate, '-keyout', key];
  await execa('openssl', [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    ...subject,
  ]);
  return ['--https-certificate', certificate, '--https-key', key];
}

export async function prepareGround(): Promise<Ground> {
  await using making = new AsyncDisposableStack();
  making.use(await roomForNeighbours());
  const pair = await createNetns({ server: serverNetwork, client: '10.77.0.50/16' });
  making.defer(() => pair.remove());
  for (const address of [healthyAddress, switchedOffAddress, ...abuserAddresses]) {
    await ip('-n', pair.client.name, 'address', 'add', `${address}/16`, 'dev', 'eth0');
  }
  const folders = await makeFolders();
  making.defer(() => folders.remove());
  const { folder, root } = folders;
  const { id } = await writeRelease(root, 'live', { files });
  await bootwright(['activate', id, '--root', root]);
  const network = ['--interface', 'eth0', '--range', leaseRange, '--look-seconds', '0'];
  const args = [program, 'serve', '--root', 'root', ...network, ...(await makeCertificate(folder))];

  const [logFile, complaintsFile] = [join(folder, 'server.log'), join(folder, 'server.err')];
  const [log, complaints] = [await open(logFile, 'w'), await open(complaintsFile, 'w')];
  const child = spawn('ip', ['netns', 'exec', pair.server.name, process.execPath, ...args], {
    cwd: folder,
    stdio: ['ignore', log.fd, complaints.fd],
  });
  let ended: string | undefined;
  const isOver = once(child, 'exit').then(([status, signal]) => {
    ended = signal ?? `status ${status}`;
  });
  making.defer(async () => {
    child.kill('SIGKILL');
    await isOver;
    await Promise.all([log.close(), complaints.close()]);
  });
  const started = Date.now();
  while (!/machines boot live/.test(await readFile(logFile, 'utf8'))) {
    if (ended !== undefined || Date.now() - started > 20_000) {
      throw new Error(`the server did not start: ${await readFile(complaintsFile, 'utf8')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const made = making.move();
  return {
    pid: child.pid ?? 0,
    client: pair.client,
    serverMac: pair.server.mac,
    folder,
    logFile,
    complaints: () => readFile(complaintsFile, 'utf8'),
    logBytes: async () => (await stat(logFile)).size,
    get ended() {
      return ended;
    },
    remove: () => made.disposeAsync(),
  };
}
