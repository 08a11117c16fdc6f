import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { BootEvent } from '../../src/boot/timeline.ts';
import { createNetns, type Netns, type NetnsPair } from '../support/netns.ts';
import { describeWith } from '../support/programs.ts';

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
  reservations: [] as { mac: string; address: string }[],
};

let pair: NetnsPair;
let folder: string;
let events: BootEvent[];
let serverEnded: Promise<unknown>;

/** Until its link-local address has passed duplicate address detection: a second and more. */
async function settled({ run }: Netns): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const { stdout } = await run('ip', ['-6', '-oneline', 'address', 'show', 'dev', 'eth0', 'scope', 'link']);
    if (String(stdout).includes('fe80') && !String(stdout).includes('tentative')) return;
    await sleep(50);
  }
  throw new Error('no link-local address');
}

/** The server in its namespace, and a client without an address in the other one. */
async function start(changes: Partial<typeof network> = {}): Promise<void> {
  pair = await createNetns();
  await pair.server.run('ip', ['address', 'add', 'fd00::1/64', 'dev', 'eth0', 'nodad']);
  await Promise.all([settled(pair.server), settled(pair.client)]);
  const child = pair.server.run(
    process.execPath,
    [serverScript, JSON.stringify({ network: { ...network, ...changes }, bootFile: 'releases/r1/bootx64.efi' })],
    { reject: false, buffer: false },
  );
  serverEnded = child;
  events = [];
  await new Promise<void>((resolve, reject) => {
    child.then(() => reject(new Error('the server ended')));
    (async () => {
      for await (const line of child.iterable()) {
        const event = JSON.parse(String(line));
        if (event.step === 'listening') resolve();
        else events.push(event);
      }
    })().catch(reject);
  });
}

/** Waits for an event, up to five seconds. */
async function heard(step: BootEvent['step'], count = 1): Promise<readonly BootEvent[]> {
  for (let tries = 0; tries < 100; tries += 1) {
    const found = events.filter((event) => event.step === step);
    if (found.length >= count) return found;
    await sleep(50);
  }
  throw new Error(`no "${step}" among ${JSON.stringify(events)}`);
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
    const [first] = await heard('acknowledged');
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
    expect(await heard('acknowledged', 2)).toMatchObject([{ address }, { address }]);
    await pair.client.run('ip', ['address', 'add', `${address}/64`, 'dev', 'eth0', 'nodad']);
    await pair.client.run('dhclient', ['-6', '-r', ...files('two'), 'eth0']);
    expect(await heard('released')).toMatchObject([{ address }]);
  });

  it('is told the rest where it needs no address', async () => {
    await start();
    const { script, record } = await scriptThatRecords();
    const files = ['-lf', join(folder, 'leases'), '-pf', join(folder, 'pid'), '-cf', '/dev/null', '-sf', script];
    await pair.client.run('dhclient', ['-6', '-S', '-1', ...files, 'eth0']);
    expect((await readFile(record, 'utf8')).split('\n')).toContain('new_dhcp6_name_servers=fd00::53');
    expect(events).toEqual([]);
  });
});
