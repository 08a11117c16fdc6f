import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createNetns, type Netns, type NetnsPair } from '../support/netns.ts';
import { describeWith } from '../support/programs.ts';
import { ServerEvents } from '../support/server-events.ts';

const serverScript = fileURLToPath(new URL('../support/dhcp6-server.ts', import.meta.url));
const network = {
  name: 'eth0',
  mode: 'server',
  serverAddress: 'fd00::1',
  httpPort: 80,
  prefix: { address: 'fd00::', prefixBits: 64 },
  ranges: [{ first: 'fd00::1:0', last: 'fd00::1:ffff' }],
  leaseSeconds: 600,
  dns: ['fd00::53'],
  domains: ['example.net'],
  ntp: ['fd00::7b'],
  reservations: [],
};

let pair: NetnsPair;
let folder: string;
let events: ServerEvents;
let serverEnded: Promise<unknown>;

/** Until its link-local address has passed duplicate address detection: a second and more. */
async function settled({ run }: Netns, card = 'eth0'): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const { stdout } = await run('ip', ['-6', '-oneline', 'address', 'show', 'dev', card, 'scope', 'link']);
    if (String(stdout).includes('fe80') && !String(stdout).includes('tentative')) return;
    await sleep(50);
  }
  throw new Error('no link-local address');
}

/** The server in its namespace, and a client without an address in the other one. */
async function start(relayed: readonly (typeof network)[] = []): Promise<void> {
  pair = await createNetns();
  await pair.server.run('ip', ['address', 'add', 'fd00::1/64', 'dev', 'eth0', 'nodad']);
  await Promise.all([settled(pair.server), settled(pair.client)]);
  const settings = { network, relayed, bootFile: 'releases/r1/bootx64.efi' };
  const child = pair.server.run(process.execPath, [serverScript, JSON.stringify(settings)], {
    reject: false,
    buffer: false,
  });
  serverEnded = child;
  events = new ServerEvents();
  await events.of(child);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootwright-dhcp6-'));
});

afterEach(async () => {
  await pair.remove();
  await serverEnded;
  await rm(folder, { recursive: true });
});

/** What a client's script would configure, written down instead. */
async function scriptThatRecords(): Promise<{ script: string; record: string }> {
  const script = join(folder, 'script');
  const record = join(folder, 'record');
  await writeFile(script, `#!/bin/sh\n{ echo "event=$1$reason"; env; } >> ${record}\n`, { mode: 0o755 });
  return { script, record };
}

describeWith({ programs: ['ip', 'dhclient'], root: true }, 'dhclient -6', () => {
  it('gets an address and the network, comes back to the same address as another client, and gives it back', async () => {
    await start();
    const { script, record } = await scriptThatRecords();
    const files = (name: string) => [
      ...['-lf', join(folder, `${name}.leases`), '-pf', join(folder, `${name}.pid`)],
      ...['-cf', '/dev/null', '-sf', script],
    ];
    await pair.client.run('dhclient', ['-6', '-1', '-v', ...files('one'), 'eth0']);
    const [first] = await events.heard('acknowledged');
    const address = first?.step === 'acknowledged' ? first.address : '';
    expect(address).toMatch(/^fd00::1:[0-9a-f]+$/);
    const recorded = (await readFile(record, 'utf8')).split('\n');
    for (const line of [
      'reason=BOUND6',
      `new_ip6_address=${address}`,
      'new_dhcp6_name_servers=fd00::53',
      'new_dhcp6_domain_search=example.net.',
      'new_max_life=600',
    ]) {
      expect(recorded).toContain(line);
    }
    expect(first).toMatchObject({ mac: pair.client.mac });
    await pair.client.run('dhclient', ['-6', '-x', ...files('one'), 'eth0']);
    // Another DUID, made at another time or of another kind: as firmware and system are.
    await pair.client.run('dhclient', ['-6', '-1', '-D', 'LL', ...files('two'), 'eth0']);
    expect(await events.heard('acknowledged', 2)).toMatchObject([{ address }, { address }]);
    await pair.client.run('ip', ['address', 'add', `${address}/64`, 'dev', 'eth0', 'nodad']);
    await pair.client.run('dhclient', ['-6', '-r', ...files('two'), 'eth0']);
    expect(await events.heard('released')).toMatchObject([{ address }]);
  });

  it('is told the rest where it needs no address', async () => {
    await start();
    const { script, record } = await scriptThatRecords();
    const files = ['-lf', join(folder, 'leases'), '-pf', join(folder, 'pid'), '-cf', '/dev/null', '-sf', script];
    await pair.client.run('dhclient', ['-6', '-S', '-1', ...files, 'eth0']);
    expect((await readFile(record, 'utf8')).split('\n')).toContain('new_dhcp6_name_servers=fd00::53');
    expect(events.all).toEqual([]);
  });
});

describeWith({ programs: ['ip', 'unshare', 'dhcpcd'], root: true }, 'dhcpcd -6', () => {
  it('gets an address', async () => {
    await start();
    const config = join(folder, 'dhcpcd.conf');
    const lines = ['ipv6only', 'noipv6rs', 'duid', 'option dhcp6_name_servers', 'script /bin/true'];
    await writeFile(config, `${lines.join('\n')}\ninterface eth0\nia_na 1\n`);
    // It remembers leases of any earlier test, in a place that can't be chosen.
    const run = `dhcpcd -6 -1 -B -d -t 20 -f ${config} eth0`;
    const script = `mkdir -p /var/lib/dhcpcd && mount -t tmpfs none /var/lib/dhcpcd && exec ${run}`;
    const { all } = await pair.client.run('unshare', ['--mount', 'sh', '-c', script], { reject: false, all: true });
    const [event] = await events.heard('acknowledged');
    expect(event).toMatchObject({ mac: pair.client.mac });
    expect(String(all)).toContain(event?.step === 'acknowledged' ? event.address : 'an address');
  });
});

const networkd = '/lib/systemd/systemd-networkd';

describeWith({ programs: ['ip', 'unshare', networkd], root: true }, 'systemd-networkd', () => {
  it('gets an address at once, by rapid commit, and no prefix', async () => {
    await start();
    const run = join(folder, 'run');
    await mkdir(join(run, 'systemd/network'), { recursive: true });
    const settings = [
      '[Match]',
      'Name=eth0',
      '[Network]',
      'DHCP=ipv6',
      'IPv6AcceptRA=no',
      '[DHCPv6]',
      'WithoutRA=solicit',
    ];
    await writeFile(join(run, 'systemd/network/eth0.network'), `${settings.join('\n')}\n`);
    // It becomes another user, who has to read that.
    await chmod(folder, 0o755);
    // With a /run of its own, and a /sys that can't be written: it then waits for no udev.
    const script = `mount --bind ${run} /run && mount -o remount,bind,ro /sys && exec ${networkd}`;
    const env = { SYSTEMD_LOG_LEVEL: 'debug', SYSTEMD_LOG_TARGET: 'console' };
    const child = pair.client.run('unshare', ['--mount', 'sh', '-c', script], { env, reject: false, all: true });
    const [event] = await events.heard('acknowledged');
    const address = event?.step === 'acknowledged' ? event.address : '';
    const shows = async () => String((await pair.client.run('ip', ['-6', 'address', 'show', 'dev', 'eth0'])).stdout);
    for (let tries = 0; tries < 100 && !(await shows()).includes(address); tries += 1) await sleep(50);
    expect(await shows()).toContain(`${address}/128`);
    expect(events.all).toMatchObject([{ step: 'acknowledged', mac: pair.client.mac }]);
    child.kill('SIGTERM');
    expect(String((await child).all)).toContain('prefixes are not given here');
  });
});

describeWith({ programs: ['ip', 'perfdhcp'], root: true }, 'perfdhcp -6', () => {
  it('gets 2,000 machines through at 400 exchanges a second, and no address twice', async () => {
    await start();
    const { stdout, exitCode } = await pair.client.run(
      'perfdhcp',
      // An answer counts as lost after three seconds: the machine that runs this may be busy.
      [...['-6', '-l', 'eth0', '-r', '400', '-R', '2000', '-n', '2000', '-d', '3', '-W', '3000000']],
      { reject: false },
    );
    const report = String(stdout);
    expect(report.match(/^drops: \d+/gm)).toEqual(['drops: 0', 'drops: 0']);
    expect(report.match(/^non unique addresses: \d+/gm)).toEqual([
      'non unique addresses: 0',
      'non unique addresses: 0',
    ]);
    expect(report.match(/^received packets: \d+/gm)).toEqual(['received packets: 2000', 'received packets: 2000']);
    expect(exitCode).toBe(0);
    const addresses = events.all.map((event) => (event.step === 'acknowledged' ? event.address : undefined));
    expect(new Set(addresses.filter((address) => address !== undefined)).size).toBe(2000);
  });
});

describeWith({ programs: ['ip', 'dhcrelay', 'dhclient'], root: true }, 'dhcrelay -6', () => {
  it('brings a machine of another network an address of that network', async () => {
    const far = {
      ...network,
      name: 'fd00:2::/64',
      prefix: { address: 'fd00:2::', prefixBits: 64 },
      ranges: [{ first: 'fd00:2::1:0', last: 'fd00:2::1:ffff' }],
    };
    await start([far]);
    // The relay has a second card, at the end of another cable.
    const cable = await createNetns();
    try {
      const relay = pair.client;
      await cable.server.run('ip', ['link', 'set', 'eth0', 'netns', relay.name, 'name', 'eth1']);
      await relay.run('ip', ['link', 'set', 'eth1', 'up']);
      await relay.run('ip', ['address', 'add', 'fd00::fe/64', 'dev', 'eth0', 'nodad']);
      await relay.run('ip', ['address', 'add', 'fd00:2::fe/64', 'dev', 'eth1', 'nodad']);
      await Promise.all([settled(relay, 'eth1'), settled(cable.client)]);
      const relaying = relay.run('dhcrelay', ['-6', '-d', '-I', '-l', 'eth1', '-u', 'eth0'], { reject: false });
      const { script, record } = await scriptThatRecords();
      const files = ['-lf', join(folder, 'leases'), '-pf', join(folder, 'pid'), '-cf', '/dev/null', '-sf', script];
      await cable.client.run('dhclient', ['-6', '-1', ...files, 'eth0']);
      const [event] = await events.heard('acknowledged');
      expect(event).toMatchObject({ mac: cable.client.mac, address: expect.stringMatching(/^fd00:2::1:/) });
      expect(event).toMatchObject({ relay: expect.stringMatching(/^f[de][08]0::/) });
      expect(await readFile(record, 'utf8')).toMatch(/new_ip6_address=fd00:2::1:/);
      relaying.kill('SIGTERM');
      await relaying;
    } finally {
      await cable.remove();
    }
  });
});
