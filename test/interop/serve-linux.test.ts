import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeFolders, type Serving, serve } from '../support/bootwright.ts';
import { createNetns, type NetnsPair } from '../support/netns.ts';
import { describeWith } from '../support/programs.ts';

// Two DHCP clients that configure the network by themselves, with the routes of RFC 3442. What udhcpc and dhclient make
// of our answers is in dhcp-clients.test.ts.

const settings = {
  interface: 'eth0',
  dhcp: {
    range: '10.77.0.100-10.77.0.109',
    router: '10.77.0.254',
    routes: ['10.1.0.0/16 via 10.77.0.253'],
    dns: ['10.77.0.1', '10.77.0.2'],
    domain: 'example.net',
    leaseSeconds: 600,
  },
};

let pair: NetnsPair;
let folders: Awaited<ReturnType<typeof makeFolders>>;
let serving: Serving;

async function start(): Promise<void> {
  pair = await createNetns({ server: '10.77.0.1/24' });
  folders = await makeFolders();
  const path = join(folders.folder, 'settings.yaml');
  await writeFile(path, JSON.stringify(settings));
  serving = await serve(folders.folder, ['--config', path], pair.server);
}

async function end(): Promise<void> {
  serving?.kill('SIGKILL');
  await serving?.ended;
  await pair?.remove();
  await folders?.remove();
}

/** A mount namespace in which nothing is in `/run`, and what the client keeps is in a folder of the test. */
function inPrivate(script: readonly string[]) {
  const lines = ['set -e', 'mount -t tmpfs none /run', ...script];
  return pair.client.run('unshare', ['--mount', 'sh', '-c', lines.join('\n')], { reject: false, all: true });
}

/** Addresses and routes of the machine, as the kernel has them. */
async function configured(): Promise<{ address: string | undefined; routes: string[] }> {
  const [{ stdout: addresses }, { stdout: routes }] = await Promise.all([
    pair.client.run('ip', ['-4', '-oneline', 'address', 'show', 'dev', 'eth0']),
    pair.client.run('ip', ['-4', 'route', 'show']),
  ]);
  return {
    address: /inet (\S+)/.exec(String(addresses))?.[1],
    routes: [...String(routes).matchAll(/^(\S+) via (\S+)/gm)].map(([, to, via]) => `${to} via ${via}`).toSorted(),
  };
}

const wanted = {
  address: '10.77.0.100/24',
  routes: ['10.1.0.0/16 via 10.77.0.253', 'default via 10.77.0.254'],
};

/** How often we said each of these about the machine. */
function count(step: string): number {
  return serving.lines.filter((line) => line.step === step).length;
}

describeWith({ programs: ['ip', 'dhcpcd', 'unshare'], root: true }, 'dhcpcd', () => {
  beforeAll(start);
  afterAll(end);

  it('configures address and routes, renews its lease, asks for it again after a restart, and gives it back', async () => {
    const kept = join(folders.folder, 'dhcpcd');
    const record = join(folders.folder, 'record');
    const hook = join(folders.folder, 'hook');
    await mkdir(kept);
    await writeFile(hook, `#!/bin/sh\nenv >> ${record}\n`, { mode: 0o755 });
    // What /etc/dhcpcd.conf of Debian has.
    const options = '--duid --option domain_name,domain_name_servers --option classless_static_routes';
    const dhcpcd = `dhcpcd --ipv4only --config /dev/null --script ${hook} --noarp ${options}`;
    const seen = join(folders.folder, 'seen');
    const { all } = await inPrivate([
      `mount --bind ${kept} /var/lib/dhcpcd`,
      `${dhcpcd} --waitip=4 eth0`,
      `ip -4 route show > ${seen}`,
      'dhcpcd --ipv4only --renew eth0',
      `for i in $(seq 50); do grep -q '^reason=RENEW' ${record} && break; sleep 0.2; done`,
      // Without --release it remembers its lease.
      'dhcpcd --ipv4only --exit eth0',
      `${dhcpcd} --waitip=4 eth0`,
      'dhcpcd --ipv4only --release eth0',
    ]);
    const lines = (await readFile(record, 'utf8')).split('\n');
    for (const line of [
      'reason=BOUND',
      'new_ip_address=10.77.0.100',
      'new_subnet_mask=255.255.255.0',
      'new_domain_name_servers=10.77.0.1 10.77.0.2',
      'new_domain_name=example.net',
      'new_dhcp_lease_time=600',
      'reason=RENEW',
      'reason=REBOOT',
    ]) {
      expect(lines, String(all)).toContain(line);
    }
    const routes = await readFile(seen, 'utf8');
    for (const route of wanted.routes) expect(routes).toContain(route);
    await serving.waitFor(({ step }) => step === 'released');
    expect({ offers: count('offered'), acknowledgements: count('acknowledged') }).toEqual({
      offers: 1,
      acknowledgements: 3,
    });
  });
});

const networkd = '/lib/systemd/systemd-networkd';

describeWith({ programs: ['ip', networkd, 'unshare'], root: true }, 'systemd-networkd', () => {
  beforeAll(start);
  afterAll(end);

  it('configures address and routes, gives them back when it is stopped, and gets the same again', async () => {
    const network = join(folders.folder, 'eth0.network');
    await writeFile(
      network,
      '[Match]\nName=eth0\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n[DHCPv4]\nUseHostname=no\n',
    );
    for (const round of [1, 2]) {
      const since = serving.lines.length;
      const client = inPrivate([
        'mkdir -p /run/systemd/network /run/systemd/netif/leases /run/systemd/netif/links',
        'chown -R systemd-network: /run/systemd/netif',
        `cp ${network} /run/systemd/network/`,
        // Else it waits for udev, which is not there.
        'mount -o remount,ro /sys',
        `exec ${networkd}`,
      ]);
      await serving.waitFor(({ step }) => step === 'acknowledged', since);
      for (let tries = 0; tries < 100 && (await configured()).routes.length < 2; tries += 1) await sleep(100);
      expect(await configured(), `round ${round}`).toEqual(wanted);
      client.kill('SIGTERM');
      await client;
      await serving.waitFor(({ step }) => step === 'released', since);
      expect(await configured()).toEqual({ address: undefined, routes: [] });
    }
  });
});
