import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bootwright, makeFolders, type Serving, serve } from '../support/bootwright.ts';
import { createNetns, type NetnsPair } from '../support/netns.ts';
import { describeWith } from '../support/programs.ts';
import { type SmallRelease, writeRelease } from '../support/small-release.ts';
import { slowMachine } from './slow-machine.ts';

const args = ['--interface', 'eth0', '--range', '10.77.0.100-10.77.0.199'];

const broken = fileURLToPath(new URL('send-broken.ts', import.meta.url));
const absent = fileURLToPath(new URL('send-absent.ts', import.meta.url));

async function memoryMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

describeWith({ programs: ['ip'], root: true }, 'thousands of broken datagrams', () => {
  let pair: NetnsPair;
  let folders: Awaited<ReturnType<typeof makeFolders>>;
  let serving: Serving;
  let release: SmallRelease;

  beforeAll(async () => {
    pair = await createNetns({ server: '10.77.0.1/24', client: '10.77.0.50/24' });
    folders = await makeFolders();
    release = await writeRelease(folders.root, 'live');
    await bootwright(['activate', release.id, '--root', folders.root]);
    serving = await serve(folders.folder, args, pair.server);
  });
  afterAll(async () => {
    serving?.kill('SIGKILL');
    await serving?.ended;
    await pair?.remove();
    await folders?.remove();
  });

  it('cut, random and changed ones, at the ports of DHCP and TFTP: the next machine boots as if nothing had been', async () => {
    const before = await memoryMiB(serving.pid);
    const { stdout } = await pair.client.run(process.execPath, [broken]);
    expect(JSON.parse(String(stdout))).toEqual({ sent: 6000 });
    const machine = slowMachine(pair.client, '02:00:00:00:00:01');
    const bootFile = `releases/${release.id}/bootx64.efi`;
    expect(await machine.discover('firmware')).toMatchObject({ type: 'offer', bootFile });
    const { type, address } = await machine.request();
    expect(type).toBe('ack');
    await machine.takeAddress(address);
    expect(await machine.tftp(bootFile)).toBe('shim of live');
    expect(await machine.http('/grubx64.efi')).toBe('GRUB of live');
    await machine.off();
    expect(serving.lines.filter(({ level }) => level >= 50)).toEqual([]);
    expect((await memoryMiB(serving.pid)) - before).toBeLessThan(200);
  });

  it('answers to thousands of addresses that nobody has keep no machine waiting', async () => {
    await pair.client.run(process.execPath, [absent]);
    const machine = slowMachine(pair.client, '02:00:00:00:00:02');
    const startedMs = performance.now();
    expect(await machine.discover('linux')).toMatchObject({ type: 'offer' });
    expect(performance.now() - startedMs).toBeLessThan(3000);
    await machine.off();
  });
});
