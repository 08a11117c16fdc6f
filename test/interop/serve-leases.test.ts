import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeFolders, type Serving, serve } from '../support/bootwright.ts';
import { createNetns, type NetnsPair } from '../support/netns.ts';
import { describeWith } from '../support/programs.ts';
import { slowMachine } from './slow-machine.ts';

const args = [
  '--interface',
  'eth0',
  '--range',
  '10.77.0.100-10.77.0.103',
  '--router',
  '10.77.0.1',
  '--dns',
  '10.77.0.1',
];

describeWith({ programs: ['ip', 'busybox', 'dhclient'], root: true }, 'leases of the whole server', () => {
  let pair: NetnsPair;
  let folders: Awaited<ReturnType<typeof makeFolders>>;
  let serving: Serving;
  /** What udhcpc and dhclient call with what they got; nothing is configured. */
  let printer: string;

  beforeAll(async () => {
    pair = await createNetns({ server: '10.77.0.1/24' });
    folders = await makeFolders();
    printer = join(folders.folder, 'print');
    const script = ['#!/bin/sh', 'echo "$1$reason $ip$new_ip_address $router$new_routers"', ''];
    await writeFile(printer, script.join('\n'), { mode: 0o755 });
    serving = await serve(folders.folder, args, pair.server);
  });
  afterAll(async () => {
    serving?.kill('SIGKILL');
    await serving?.ended;
    await pair?.remove();
    await folders?.remove();
  });

  async function udhcpc(): Promise<string | undefined> {
    const words = ['udhcpc', '-i', 'eth0', '-f', '-q', '-n', '-t', '5', '-s', printer];
    const { stdout } = await pair.client.run('busybox', words);
    return /^bound (\S+) 10\.77\.0\.1$/m.exec(String(stdout))?.[1];
  }

  async function dhclient(): Promise<string | undefined> {
    const at = (name: string) => join(folders.folder, name);
    const words = ['-1', '-d', '-4', '-sf', printer, '-lf', at(`leases.${Date.now()}`), '-pf', at('pid'), 'eth0'];
    const child = pair.client.run('dhclient', words, { reject: false, timeout: 20_000, buffer: false });
    let bound: string | undefined;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      bound ??= /^BOUND (\S+) 10\.77\.0\.1$/m.exec(text)?.[1];
      if (bound !== undefined) child.kill('SIGKILL');
    });
    await child;
    return bound;
  }

  async function ask(who: 'firmware' | 'linux', mac?: string) {
    const machine = slowMachine(pair.client, mac);
    try {
      const offer = await machine.discover(who);
      return offer.type === 'offer' ? await machine.request() : offer;
    } finally {
      await machine.off();
    }
  }

  it('firmware, udhcpc and dhclient of one machine get the same address', async () => {
    const address = await udhcpc();
    expect(address).toMatch(/^10\.77\.0\.10[0-3]$/);
    expect(await dhclient()).toBe(address);
    expect(await ask('firmware')).toMatchObject({ type: 'ack', address });
    expect(await ask('linux')).toMatchObject({ type: 'ack', address });
  });

  it('they are there after kill -9, and no address is given to another machine', async () => {
    const macs = ['02:00:00:00:00:01', '02:00:00:00:00:02', '02:00:00:00:00:03'];
    const before: string[] = [];
    for (const mac of macs) {
      before.push((await ask('firmware', mac)).address);
      serving.kill('SIGKILL');
      await serving.ended;
      serving = await serve(folders.folder, args, pair.server);
    }
    expect(new Set([...before, await udhcpc()]).size).toBe(4);
    expect(await ask('linux', '02:00:00:00:00:04')).toMatchObject({ type: 'silence' });
    await serving.waitFor(({ msg }) => msg.includes('02:00:00:00:00:04 got no full answer: the pool'));
    const after: string[] = [];
    for (const mac of macs.toReversed()) after.unshift((await ask('linux', mac)).address);
    expect(after).toEqual(before);
  });

  it('a machine that finds nothing to boot is told of', async () => {
    await ask('firmware');
    await serving.waitFor(({ msg, level }) => level >= 40 && msg.startsWith(pair.client.mac));
  });
});
