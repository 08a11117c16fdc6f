import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ServerArguments } from '../support/dhcp-server.ts';
import { describeWith } from '../support/programs.ts';
import { ServerEvents } from '../support/server-events.ts';

const serverScript = fileURLToPath(new URL('../support/dhcp-server.ts', import.meta.url));

const name = (role: string) => `bw-${process.pid}-net-${role}`;
let folder: string;
let spaces: string[];
let ends: Promise<unknown>[];
let events: ServerEvents;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootwright-dhcp-'));
  spaces = [];
  ends = [];
  events = new ServerEvents();
});

afterEach(async () => {
  for (const space of spaces) {
    const { stdout } = await execa('ip', ['netns', 'pids', space], { reject: false });
    for (const pid of stdout.split('\n').filter((line) => line !== ''))
      await execa('kill', ['-KILL', pid], { reject: false });
    await execa('ip', ['netns', 'delete', space], { reject: false });
  }
  await Promise.all(ends);
  await rm(folder, { recursive: true });
});

/** A network namespace, empty but for `lo`. */
async function space(role: string): Promise<string> {
  await execa('ip', ['netns', 'add', name(role)]);
  spaces.push(name(role));
  await execa('ip', ['-n', name(role), 'link', 'set', 'lo', 'up']);
  return name(role);
}

/** A namespace, the name of an interface in it, and its address. */
type Plug = readonly [space: string, device: string, address?: string | undefined];

/** A cable between two interfaces, each with its address, if it has one. */
async function cable(one: Plug, other: Plug): Promise<void> {
  await execa('ip', [
    'link',
    'add',
    one[1],
    'netns',
    one[0],
    'type',
    'veth',
    'peer',
    'name',
    other[1],
    'netns',
    other[0],
  ]);
  for (const [where, device, address] of [one, other]) {
    if (address !== undefined) await execa('ip', ['-n', where, 'address', 'add', address, 'dev', device]);
    await execa('ip', ['-n', where, 'link', 'set', device, 'up']);
  }
}

/** Runs a program to its end, however it ends; what it said. */
async function inside(where: string, program: string, args: readonly string[]): Promise<string> {
  const options = { timeout: 60_000, reject: false, all: true } as const;
  const { all } = await execa('ip', ['netns', 'exec', where, program, ...args], options);
  return all;
}

/** Asks once as udhcpc does; what it says. */
function ask(where: string): Promise<string> {
  return inside(where, 'busybox', ['udhcpc', '-i', 'eth0', '-f', '-n', '-q', '-s', '/bin/true']);
}

async function serve(where: string, told: ServerArguments): Promise<void> {
  const child = execa('ip', ['netns', 'exec', where, process.execPath, serverScript, JSON.stringify(told)], {
    reject: false,
    buffer: false,
  });
  ends.push(child);
  await events.of(child);
}

describeWith({ programs: ['ip', 'busybox'], root: true }, 'one server on two interfaces', () => {
  it('gives each machine an address of the network that its cable leads to, without any default route', async () => {
    const [server, left, right] = [await space('server'), await space('left'), await space('right')];
    await cable([server, 'lan0', '10.71.0.1/24'], [left, 'eth0']);
    await cable([server, 'lan1', '10.72.0.1/24'], [right, 'eth0']);
    await serve(server, {
      listeners: [71, 72].map((net, index) => ({
        interface: `lan${index}`,
        address: `10.${net}.0.1`,
        netmask: '255.255.255.0',
        pool: { first: `10.${net}.0.10`, last: `10.${net}.0.20` },
      })),
    });
    const [toLeft, toRight] = await Promise.all([ask(left), ask(right)]);
    expect(toLeft).toContain('lease of 10.71.0.10 obtained from 10.71.0.1');
    expect(toRight).toContain('lease of 10.72.0.10 obtained from 10.72.0.1');
  });
});

describeWith({ programs: ['ip', 'dhcrelay', 'dhclient'], root: true }, 'a relay in between', () => {
  it('a machine gets an address of its network through it, with option 82, and gives it back past the relay', async () => {
    const [server, relay, machine] = [await space('server'), await space('relay'), await space('machine')];
    await cable([server, 'lan0', '10.71.0.1/24'], [relay, 'up0', '10.71.0.2/24']);
    await cable([relay, 'down0', '10.73.0.1/24'], [machine, 'eth0']);
    await execa('ip', ['-n', server, 'route', 'add', '10.73.0.0/24', 'via', '10.71.0.2']);
    await inside(relay, 'sysctl', ['-qw', 'net.ipv4.ip_forward=1']);
    await serve(server, {
      listeners: [{ interface: 'lan0', address: '10.71.0.1', netmask: '255.255.255.0', mode: 'server' }],
      relayed: [
        {
          address: '10.73.0.0',
          netmask: '255.255.255.0',
          serverAddress: '10.71.0.1',
          router: '10.73.0.1',
          pool: { first: '10.73.0.10', last: '10.73.0.20' },
        },
      ],
    });
    ends.push(inside(relay, 'dhcrelay', ['-4', '-d', '-a', '-id', 'down0', '-iu', 'up0', '10.71.0.1']));
    await sleep(1000);
    const files = ['-lf', join(folder, 'leases'), '-pf', join(folder, 'pid'), '-cf', '/dev/null', '-sf', '/bin/true'];
    await inside(machine, 'dhclient', ['-4', '-1', ...files, 'eth0']);
    expect((await events.heard('acknowledged'))[0]).toMatchObject({ address: '10.73.0.10', relay: '10.73.0.1' });
    // What dhclient would have done in its script.
    await execa('ip', ['-n', machine, 'address', 'add', '10.73.0.10/24', 'dev', 'eth0']);
    await execa('ip', ['-n', machine, 'route', 'add', 'default', 'via', '10.73.0.1']);
    await inside(machine, 'dhclient', ['-4', '-r', ...files, 'eth0']);
    expect((await events.heard('released'))[0]).toMatchObject({ address: '10.73.0.10' });
  });
});

describeWith({ programs: ['ip', 'busybox'], root: true }, 'two servers on one wire', () => {
  it('each machine takes one offer, and the other server says who its rival is', async () => {
    const [wire, one, two, machine] = [
      await space('wire'),
      await space('one'),
      await space('two'),
      await space('machine'),
    ];
    await execa('ip', ['-n', wire, 'link', 'add', 'br0', 'type', 'bridge']);
    await execa('ip', ['-n', wire, 'link', 'set', 'br0', 'up']);
    const plugs = [
      [one, '10.71.0.1/24'],
      [two, '10.71.0.2/24'],
      [machine, undefined],
    ] as const;
    for (const [index, [where, address]] of plugs.entries()) {
      await cable([wire, `port${index}`], [where, 'eth0', address]);
      await execa('ip', ['-n', wire, 'link', 'set', `port${index}`, 'master', 'br0']);
    }
    for (const [where, last] of [
      [one, 1],
      [two, 2],
    ] as const) {
      await serve(where, {
        listeners: [
          {
            interface: 'eth0',
            address: `10.71.0.${last}`,
            netmask: '255.255.255.0',
            pool: { first: `10.71.0.${last}0`, last: `10.71.0.${last}9` },
          },
        ],
      });
    }
    const said = await ask(machine);
    const [, address, server] = /lease of ([\d.]+) obtained from ([\d.]+)/.exec(said) ?? [];
    expect(address).toBe(`${server}0`);
    expect(await events.heard('rival')).toMatchObject([{ interface: 'eth0', server }]);
    expect((await events.heard('acknowledged')).map((event) => 'address' in event && event.address)).toEqual([address]);
  });
});

describeWith({ programs: ['ip', 'busybox'], root: true }, 'an address that somebody uses', () => {
  it('is not offered; the next one is, and the report says who uses it', async () => {
    const [server, machine] = [await space('server'), await space('machine')];
    await cable([server, 'lan0', '10.71.0.1/24'], [machine, 'eth0']);
    // The machine's second address, on another card of its own, is the squatter's.
    await execa('ip', [
      '-n',
      machine,
      'link',
      'add',
      'link',
      'eth0',
      'name',
      'other0',
      'type',
      'macvlan',
      'mode',
      'bridge',
    ]);
    await execa('ip', ['-n', machine, 'address', 'add', '10.71.0.10/24', 'dev', 'other0']);
    await execa('ip', ['-n', machine, 'link', 'set', 'other0', 'up']);
    for (const scope of ['all', 'eth0'])
      await inside(machine, 'sysctl', ['-qw', `net.ipv4.conf.${scope}.arp_ignore=1`]);
    const pool = { first: '10.71.0.10', last: '10.71.0.20' };
    await serve(server, {
      listeners: [{ interface: 'lan0', address: '10.71.0.1', netmask: '255.255.255.0', pool }],
      probe: true,
    });
    expect(await ask(machine)).toContain('lease of 10.71.0.11 obtained');
    expect((await events.heard('in-use'))[0]).toMatchObject({ address: '10.71.0.10' });
  });
});
