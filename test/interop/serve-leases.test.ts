import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rootLayout } from '../../src/release/layout.ts';
import { openStore } from '../../src/store/database.ts';
import { loadLeases } from '../../src/store/leases.ts';
import { makeFolders, type Serving, serve } from '../support/bootwright.ts';
import { createNetns, type NetnsPair } from '../support/netns.ts';
import { avalanche, type Load, steadyLoad } from '../support/perfdhcp.ts';
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
    // The server starts three times.
  }, 60_000);

  it('a machine that finds nothing to boot is told of', async () => {
    await ask('firmware');
    await serving.waitFor(({ msg, level }) => level >= 40 && msg.startsWith(pair.client.mac));
  });
});

describeWith(
  { programs: ['ip', 'perfdhcp'], root: true },
  'a rack that is switched on at once, through a relay',
  () => {
    const through = { server: '10.77.0.1', relay: '10.77.255.254', clients: 1000 };
    let pair: NetnsPair;
    let folders: Awaited<ReturnType<typeof makeFolders>>;
    let serving: Serving;

    const start = () => serve(folders.folder, ['--interface', 'eth0', '--range', '10.77.1.0-10.77.8.255'], pair.server);
    const kill = async () => {
      serving?.kill('SIGKILL');
      await serving?.ended;
    };

    beforeAll(async () => {
      pair = await createNetns({ server: '10.77.0.1/16', client: '10.77.255.254/16' });
      folders = await makeFolders();
      serving = await start();
    });
    afterAll(async () => {
      await kill();
      await pair?.remove();
      await folders?.remove();
    });

    /** By machine, as another process finds them. */
    async function kept(): Promise<Map<string, string>> {
      const store = await openStore(rootLayout(folders.root).state);
      try {
        const leases = await loadLeases(store);
        return new Map(leases.flatMap(({ mac, address, state }) => (state === 'bound' ? [[mac, address]] : [])));
      } finally {
        await store.destroy();
      }
    }

    let first: Load;

    it('every machine gets an address of its own, and has it in the store after kill -9 right behind the last ACK', async () => {
      first = await avalanche(pair.client, through);
      await kill();
      expect(first.leases.size).toBe(through.clients);
      expect(first.doubled).toEqual([]);
      expect(await kept()).toEqual(first.leases);
    });

    it('all get the same addresses again from the server that is started after it', async () => {
      serving = await start();
      const again = await avalanche(pair.client, through);
      expect(again.leases).toEqual(first.leases);
    });

    it('killed in the middle of it, no machine was told of a lease that is not kept', async () => {
      const strangers = { ...through, firstMac: '02:00:00:01:00:00' };
      const load = steadyLoad(pair.client, strangers, { rate: 500, seconds: 2 });
      await new Promise((resolve) => setTimeout(resolve, 1200));
      await kill();
      const { leases: told, doubled } = await load;
      const leases = await kept();
      expect(doubled).toEqual([]);
      expect(told.size).toBeGreaterThan(10);
      for (const [mac, address] of told) expect(leases.get(mac), mac).toBe(address);
    });
  },
);
