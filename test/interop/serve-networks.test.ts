import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { bootwright, makeFolders, type Serving, serve } from '../support/bootwright.ts';
import type { Netns } from '../support/netns.ts';
import { otherDhcpServers } from '../support/other-dhcp-servers.ts';
import { describeWith } from '../support/programs.ts';
import { type SmallRelease, writeRelease } from '../support/small-release.ts';
import { createWires, type Wires } from '../support/wires.ts';
import { slowMachine } from './slow-machine.ts';

let folders: Awaited<ReturnType<typeof makeFolders>>;
let release: SmallRelease;

beforeAll(async () => {
  folders = await makeFolders();
  release = await writeRelease(folders.root, 'only');
  expect(await bootwright(['activate', release.id, '--root', folders.root])).toMatchObject({ exitCode: 0 });
});
afterAll(() => folders?.remove());

/** Starts a server with these settings. */
async function serveWith(settings: object, where: Netns): Promise<Serving> {
  const path = join(folders.folder, 'settings.yaml');
  await writeFile(path, JSON.stringify(settings));
  return serve(folders.folder, ['--config', path], where);
}

/** What a machine that has its address gets, to the end of the boot; everything has to come from `server`. */
async function bootFrom(server: string, machine: ReturnType<typeof slowMachine>, bootFile: string): Promise<void> {
  expect(bootFile).toBe(`releases/${release.id}/bootx64.efi`);
  expect(await machine.tftp(bootFile)).toBe('shim of only');
  for (const config of [await machine.tftp('/grub/grub.cfg'), await machine.http('/grub/grub.cfg')]) {
    const named = String(config).match(/\d+\.\d+\.\d+\.\d+/g) ?? [];
    expect(new Set(named)).toEqual(new Set([server]));
    const live = /root=live:http:\/\/([^/]*)(\S*\.iso)/.exec(String(config));
    expect(live?.[1]).toBe(server);
    expect(await machine.http(live?.[2] ?? '')).toBe('ISO of only');
  }
}

describeWith({ programs: ['ip'], root: true }, 'one server on two interfaces', () => {
  let wires: Wires<'server' | 'left' | 'right'>;
  let serving: Serving;

  beforeAll(async () => {
    wires = await createWires({
      server: { eth0: ['left', '10.71.0.1/24'], eth1: ['right', '10.72.0.1/24'] },
      left: { eth0: ['left'] },
      right: { eth0: ['right'] },
    });
    const settings = {
      interface: 'eth0',
      dhcp: { range: '10.71.0.100-10.71.0.109' },
      networks: [{ interface: 'eth1', dhcp: { range: '10.72.0.100-10.72.0.109' } }],
    };
    serving = await serveWith(settings, wires.computers.server);
  });
  afterAll(async () => {
    serving?.kill('SIGKILL');
    await serving?.ended;
    await wires?.remove();
  });

  it('each machine boots from the address of the interface that its cable leads to, both at the same time', async () => {
    const boot = async (who: 'left' | 'right', server: string) => {
      const machine = slowMachine(wires.computers[who]);
      await machine.discover('firmware');
      const { address, bootFile = '' } = await machine.request();
      expect(address).toBe(server.replace(/1$/, '100'));
      await machine.takeAddress(address);
      await bootFrom(server, machine, bootFile);
      await machine.dropAddress();
      await machine.discover('linux');
      expect(await machine.request()).toMatchObject({ type: 'ack', address });
      await machine.off();
    };
    await Promise.all([boot('left', '10.71.0.1'), boot('right', '10.72.0.1')]);
  });

  it('one MAC address on both of them is two machines', async () => {
    const mac = '02:00:00:00:00:05';
    const both = [wires.computers.left, wires.computers.right].map((where) => slowMachine(where, mac));
    for (const machine of both) await machine.discover('firmware');
    const [left, right] = await Promise.all(both.map((machine) => machine.request()));
    expect([left?.address, right?.address]).toEqual(['10.71.0.101', '10.72.0.101']);
    for (const machine of both) await machine.off();
  });
});

describeWith({ programs: ['ip', 'dhcrelay', 'dnsmasq', 'sysctl'], root: true }, 'behind a relay', () => {
  let wires: Wires<'server' | 'other' | 'router' | 'machine'>;
  const ends: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    wires = await createWires({
      server: { eth0: ['backbone', '10.71.0.1/24'] },
      other: { eth0: ['backbone', '10.71.0.3/24'] },
      router: { eth0: ['backbone', '10.71.0.2/24'], eth1: ['far', '10.73.0.1/24'] },
      machine: { eth0: ['far'] },
    });
    const { server, other, router } = wires.computers;
    for (const one of [server, other]) await one.run('ip', ['route', 'add', '10.73.0.0/24', 'via', '10.71.0.2']);
    await router.run('sysctl', ['-qw', 'net.ipv4.ip_forward=1']);
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  afterAll(() => wires?.remove());

  /** The relay sends to all of these servers what it hears on the far side. */
  async function relayTo(...servers: readonly string[]): Promise<void> {
    const words = ['-4', '-d', '-a', '-id', 'eth1', '-iu', 'eth0', ...servers];
    const child = wires.computers.router.run('dhcrelay', words, { reject: false, all: true, buffer: false });
    ends.push(async () => {
      child.kill('SIGKILL');
      await child;
    });
    await new Promise<void>((resolve, reject) => {
      child.then(() => reject(new Error('the relay ended')));
      child.all?.setEncoding('utf8').on('data', (text: string) => {
        if (/Sending on +Socket\/fallback/.test(text)) resolve();
      });
    });
  }

  async function start(settings: object): Promise<void> {
    const serving = await serveWith({ interface: 'eth0', ...settings }, wires.computers.server);
    ends.push(async () => {
      serving.kill('SIGKILL');
      await serving.ended;
    });
  }

  async function takeAddress(machine: ReturnType<typeof slowMachine>, address: string): Promise<void> {
    await machine.takeAddress(address);
    await wires.computers.machine.run('ip', ['route', 'add', 'default', 'via', '10.73.0.1']);
  }

  it('firmware gets an address of its own network and its boot file, and fetches everything by its router', async () => {
    await start({
      networks: [{ relayed: '10.73.0.0/24', dhcp: { range: '10.73.0.100-10.73.0.109', router: '10.73.0.1' } }],
    });
    await relayTo('10.71.0.1');
    const machine = slowMachine(wires.computers.machine);
    await machine.discover('firmware');
    const { address, bootFile = '', router } = await machine.request();
    expect({ address, router }).toEqual({ address: '10.73.0.100', router: '10.73.0.1' });
    await takeAddress(machine, address);
    await bootFrom('10.71.0.1', machine, bootFile);
    await machine.dropAddress();
    await machine.discover('linux');
    expect(await machine.request()).toMatchObject({ type: 'ack', address });
    await machine.off();
  });

  it('beside a DHCP server that the relay asks as well: the address from there, the boot file from us', async () => {
    await start({ networks: [{ relayed: '10.73.0.0/24', dhcp: { mode: 'proxy' } }] });
    const range = { first: '10.73.0.50', last: '10.73.0.59' };
    const dnsmasq = await otherDhcpServers.dnsmasq(wires.computers.other, folders.folder, range);
    ends.push(() => dnsmasq.stop());
    await relayTo('10.71.0.1', '10.71.0.3');
    const machine = slowMachine(wires.computers.machine, '02:00:00:00:00:08');
    const { address, serverAddress, proxy, bootFile = '' } = await machine.boot();
    expect(address).toMatch(/^10\.73\.0\.5\d$/);
    expect({ serverAddress, proxy }).toEqual({ serverAddress: '10.71.0.3', proxy: '10.71.0.1' });
    await takeAddress(machine, address);
    expect(await machine.binl(address)).toEqual({ bootFile, file: bootFile });
    await bootFrom('10.71.0.1', machine, bootFile);
    await machine.off();
  });
});

describeWith({ programs: ['ip'], root: true }, 'two servers on one wire', () => {
  let wires: Wires<'one' | 'two' | 'machine'>;
  let second: Awaited<ReturnType<typeof makeFolders>>;
  const servings: Serving[] = [];

  beforeAll(async () => {
    wires = await createWires({
      one: { eth0: ['lan', '10.71.0.1/24'] },
      two: { eth0: ['lan', '10.71.0.2/24'] },
      machine: { eth0: ['lan'] },
    });
    second = await makeFolders();
    await writeRelease(second.root, 'only');
    await bootwright(['activate', release.id, '--root', second.root]);
    const start = (folder: string, range: string, where: Netns) =>
      serve(folder, ['--interface', 'eth0', '--range', range], where);
    servings.push(await start(folders.folder, '10.71.0.10-10.71.0.19', wires.computers.one));
    servings.push(await start(second.folder, '10.71.0.20-10.71.0.29', wires.computers.two));
  });
  afterAll(async () => {
    for (const serving of servings) {
      serving.kill('SIGKILL');
      await serving.ended;
    }
    await wires?.remove();
    await second?.remove();
  });

  it('a machine has all from the one whose offer it took, and the other says that there is a rival', async () => {
    const machine = slowMachine(wires.computers.machine);
    await machine.discover('firmware');
    const { address, bootFile = '' } = await machine.request();
    const server = address === '10.71.0.10' ? 1 : 2;
    expect(address).toBe(`10.71.0.${server}0`);
    await machine.takeAddress(address);
    await bootFrom(`10.71.0.${server}`, machine, bootFile);
    await machine.off();
    const [taken, passedOver] = server === 1 ? servings : servings.toReversed();
    const rival = await passedOver?.waitFor(({ step }) => step === 'rival');
    expect(rival).toMatchObject({ interface: 'eth0', server: `10.71.0.${server}` });
    const acknowledged = servings.map(({ lines }) => lines.some(({ step }) => step === 'acknowledged'));
    expect(acknowledged).toEqual(servings.map((serving) => serving === taken));
  });
});
