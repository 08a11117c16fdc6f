import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { message } from '../dhcp/machine.ts';
import type { NetworkArguments, ServerArguments } from '../support/dhcp-server.ts';
import { createNetns, type NetnsPair } from '../support/netns.ts';
import { describeWith } from '../support/programs.ts';
import { ServerEvents } from '../support/server-events.ts';

const serverScript = fileURLToPath(new URL('../support/dhcp-server.ts', import.meta.url));
const network: NetworkArguments & { interface: string } = {
  interface: 'eth0',
  address: '10.77.0.1',
  netmask: '255.255.0.0',
  pool: { first: '10.77.1.0', last: '10.77.20.255' },
  leaseSeconds: 600,
  router: '10.77.0.1',
  dns: ['10.77.0.1'],
  domain: 'example.net',
};
const told: ServerArguments = { listeners: [network], bootFile: 'releases/r1/bootx64.efi', probe: true };

let pair: NetnsPair;
let folder: string;
let events: ServerEvents;
let serverEnded: Promise<unknown>;

/** The server in its namespace, and a client without an address in the other one. */
async function start(clientAddress?: string): Promise<void> {
  pair = await createNetns({
    server: '10.77.0.1/16',
    ...(clientAddress === undefined ? {} : { client: clientAddress }),
  });
  const child = pair.server.run(process.execPath, [serverScript, JSON.stringify(told)], {
    reject: false,
    buffer: false,
  });
  serverEnded = child;
  events = new ServerEvents();
  await events.of(child);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootwright-dhcp-'));
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

describeWith({ programs: ['ip', 'busybox'], root: true }, 'udhcpc', () => {
  it('gets an address and the network, and gives it back', async () => {
    await start();
    const { script, record } = await scriptThatRecords();
    // -R: give the address back on exit; -q: exit as soon as it is there.
    await pair.client.run('busybox', [
      'udhcpc',
      '-i',
      'eth0',
      '-f',
      '-n',
      '-q',
      '-R',
      '-s',
      script,
      '-x',
      'hostname:m1',
    ]);
    const lines = (await readFile(record, 'utf8')).split('\n');
    for (const line of [
      'event=bound',
      'ip=10.77.1.0',
      'subnet=255.255.0.0',
      'router=10.77.0.1',
      'dns=10.77.0.1',
      'domain=example.net',
      'lease=600',
      'serverid=10.77.0.1',
    ]) {
      expect(lines).toContain(line);
    }
    expect(lines.some((line) => line.startsWith('boot_file='))).toBe(false);
    expect(await events.heard('acknowledged')).toMatchObject([{ mac: pair.client.mac, address: '10.77.1.0' }]);
  });

  it('gets the same address again, also when it says to be another client', async () => {
    await start();
    const ask = (...more: string[]) =>
      pair.client.run('busybox', ['udhcpc', '-i', 'eth0', '-f', '-n', '-q', '-s', '/bin/true', ...more]);
    await ask();
    await ask('-C', '-x', '0x3d:ff00112233445566');
    await ask('-r', '10.77.1.9');
    const addresses = (await events.heard('acknowledged', 3)).map((event) => 'address' in event && event.address);
    expect(addresses).toEqual(['10.77.1.0', '10.77.1.0', '10.77.1.0']);
  });

  it('renews its lease at its address when told to', async () => {
    await start();
    const script = join(folder, 'configure');
    const configured = join(folder, 'configured');
    const renewed = join(folder, 'renewed');
    const commands = `case $1 in
bound) ip address add "$ip/16" dev eth0 && touch ${configured} ;;
renew) touch ${renewed} ;;
esac`;
    await writeFile(script, `#!/bin/sh\n${commands}\nexit 0\n`, { mode: 0o755 });
    const isThere = async (path: string) => {
      for (let tries = 0; tries < 100 && !existsSync(path); tries += 1) await sleep(50);
    };
    const client = pair.client.run('busybox', ['udhcpc', '-i', 'eth0', '-f', '-n', '-s', script], {
      reject: false,
      all: true,
    });
    await isThere(configured);
    // SIGUSR1 makes udhcpc renew by unicast.
    client.kill('SIGUSR1');
    await events.heard('acknowledged', 2);
    // We have sent our answer; the client has to take it, too.
    await isThere(renewed);
    client.kill('SIGTERM');
    expect((await client).all).toMatch(/lease of 10\.77\.1\.0 obtained[\s\S]*lease of 10\.77\.1\.0 obtained/);
  });
});

describeWith({ programs: ['ip', 'dhclient'], root: true }, 'dhclient', () => {
  it('gets an address, asks for it again after a restart, and gives it back', async () => {
    await start();
    const { script, record } = await scriptThatRecords();
    const files = ['-lf', join(folder, 'leases'), '-pf', join(folder, 'pid'), '-cf', '/dev/null', '-sf', script];
    await pair.client.run('dhclient', ['-4', '-1', '-v', ...files, 'eth0']);
    const recorded = await readFile(record, 'utf8');
    for (const line of [
      'reason=BOUND',
      'new_ip_address=10.77.1.0',
      'new_broadcast_address=10.77.255.255',
      'new_domain_name=example.net',
      'new_dhcp_lease_time=600',
      'new_dhcp_renewal_time=300',
      'new_dhcp_rebinding_time=525',
    ]) {
      expect(recorded.split('\n')).toContain(line);
    }
    // -x: stop without giving the address back; dhclient then remembers it (INIT-REBOOT).
    await pair.client.run('dhclient', ['-4', '-x', ...files, 'eth0']);
    await pair.client.run('dhclient', ['-4', '-1', ...files, 'eth0']);
    expect(await readFile(record, 'utf8')).toContain('reason=REBOOT');
    expect(events.all.filter(({ step }) => step === 'offered')).toHaveLength(1);
    await events.heard('acknowledged', 2);
    await pair.client.run('ip', ['address', 'add', '10.77.1.0/16', 'dev', 'eth0']);
    await pair.client.run('dhclient', ['-4', '-r', ...files, 'eth0']);
    expect(await events.heard('released')).toMatchObject([{ address: '10.77.1.0' }]);
  });
});

describeWith({ programs: ['ip', 'perfdhcp'], root: true }, 'perfdhcp', () => {
  it('gets 2,000 machines through at 400 exchanges a second, and no address twice', async () => {
    await start('10.77.255.1/16');
    // Left alone, perfdhcp plays a relay. Messages from templates come from machines, all at one address.
    const ciaddr = '10.77.255.1';
    const templates = {
      discover: message({ messageType: 'discover' }, { ciaddr }),
      request: message(
        { requestedAddress: '0.0.0.0', serverIdentifier: '0.0.0.0', messageType: 'request' },
        { ciaddr },
      ),
    };
    for (const [name, bytes] of Object.entries(templates)) {
      await writeFile(join(folder, name), Buffer.from(bytes).toString('hex'));
    }
    const { stdout, exitCode } = await pair.client.run(
      'perfdhcp',
      [
        ...['-4', '-l', 'eth0', '-L', '68', '-T', join(folder, 'discover'), '-T', join(folder, 'request')],
        // Where in the templates it may change the last byte of the MAC, the seconds (never), options 50 and 54.
        ...['-O', '33', '-O', '33', '-E', '0', '-I', '240', '-S', '246'],
        // An answer counts as lost after three seconds: the machine that runs this may be busy.
        ...['-r', '400', '-R', '2000', '-n', '2000', '-d', '3', '-W', '3000000', '10.77.0.1'],
      ],
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
