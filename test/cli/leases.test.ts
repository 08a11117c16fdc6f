import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { controlOfServer } from '../../src/control/client.ts';
import type { Lease } from '../../src/dhcp/lease.ts';
import { rootLayout } from '../../src/release/layout.ts';
import { holdRoot } from '../../src/release/root.ts';
import { startCommitter } from '../../src/store/commit.ts';
import { openStore } from '../../src/store/database.ts';
import { slowMachine } from '../interop/slow-machine.ts';
import { bootwright, makeFolders, type Serving, serve } from '../support/bootwright.ts';
import { createNetns, type NetnsPair } from '../support/netns.ts';
import { describeWith } from '../support/programs.ts';

const mac = (number: number) => `52:54:00:12:34:${String(number).padStart(2, '0')}`;

/** Runs `bootwright leases …` in a folder; what it says, with runs of blanks as one. */
async function leases(folder: string, ...words: readonly string[]) {
  const { exitCode, stdout, stderr } = await bootwright(['leases', ...words], folder);
  return { exitCode, stderr, stdout, lines: stdout.split('\n').map((line) => line.replace(/ {2,}/g, ' ')) };
}

describe('leases where no server runs', () => {
  let folders: Awaited<ReturnType<typeof makeFolders>>;
  const run = (...words: readonly string[]) => leases(folders.folder, '--root', 'root', ...words);

  async function leave(kept: readonly Lease[]): Promise<void> {
    const { own, state } = rootLayout(folders.root);
    await mkdir(own, { recursive: true });
    const store = await openStore(state);
    const committer = startCommitter(store, state);
    const duid = '000300015254001234ff';
    const soon = Date.now() + 120_500;
    await committer.commit({
      leases: kept,
      leases6: [{ address: 'fd00::17', duid, iaid: 1, state: 'bound', expiresMs: soon }],
    });
    await committer.close();
    await store.destroy();
  }

  beforeEach(async () => {
    folders = await makeFolders();
    const nowMs = Date.now();
    await leave([
      { address: '127.0.0.101', mac: mac(1), state: 'bound', expiresMs: nowMs + 3_600_500, hostName: 'node-1' },
      { address: '127.0.0.102', mac: mac(2), state: 'declined', expiresMs: nowMs + 300_500 },
      { address: '127.0.0.103', mac: mac(3), state: 'released', expiresMs: nowMs - 2 * 86_400_000 },
      { address: '127.0.0.104', mac: mac(4), state: 'bound', expiresMs: nowMs - 10_000, hostName: 'a\x1b[2J' },
    ]);
    const settings = [
      'interface: lo',
      'dhcp:',
      '  range: 127.0.0.100-127.0.0.199',
      '  reservations:',
      `    - { mac: "${mac(20)}", address: 127.0.0.20, hostName: build }`,
    ];
    await writeFile(join(folders.folder, 'bootwright.yaml'), `${settings.join('\n')}\n`);
    return folders.remove;
  });

  it('are those that the last one left', async () => {
    const { lines, stderr, exitCode } = await run();
    expect(exitCode).toBe(0);
    expect(stderr).toContain('No server runs');
    expect(lines).toEqual([
      'ADDRESS MACHINE HOST STATE UNTIL NETWORK',
      `127.0.0.20 ${mac(20)} build reserved* - lo`,
      `127.0.0.101 ${mac(1)} node-1 bound in 1 h lo`,
      `127.0.0.102 ${mac(2)} - set aside in 5 min lo`,
      'fd00::17 duid:000300015254001234ff - bound in 2 min -',
      '',
      '* by bootwright.yaml',
      '2 leases that ended are not shown: --all.',
    ]);
    const all = (await run('--all')).lines;
    expect(all).toContain(`127.0.0.103 ${mac(3)} - free 2 days ago lo`);
    expect(all.find((line) => line.startsWith('127.0.0.104'))).toMatch(/ a\\u\{1b\}\[2J free \d+ s ago lo$/);
  });

  it('can be read by a program', async () => {
    const { stdout, stderr } = await run('--json');
    const { running, leases: listed } = JSON.parse(stdout);
    expect([running, stderr]).toEqual([false, '']);
    expect(listed[1]).toEqual({
      address: '127.0.0.101',
      machine: mac(1),
      hostName: 'node-1',
      state: 'bound',
      untilMs: expect.any(Number),
      network: 'lo',
      isReserved: false,
    });
    expect(listed[0]).toMatchObject({ state: 'reserved', isReserved: true, where: 'bootwright.yaml' });
    expect(listed).toHaveLength(4);
  });

  it('an address is reserved, and no longer', async () => {
    const reserved = await run('reserve', '52-54-00-12-34-50', '127.0.0.50', '--name', 'node-50');
    expect(reserved.stdout).toBe('127.0.0.50 is reserved for 52:54:00:12:34:50 as node-50.');
    expect((await run()).lines).toContain('127.0.0.50 52:54:00:12:34:50 node-50 reserved - lo');
    const again = await run('reserve', mac(1), '127.0.0.50');
    expect([again.exitCode, again.stderr]).toEqual([2, expect.stringContaining('(RESERVATION_EXISTS)')]);
    const { stdout } = await run('unreserve', '127.0.0.50');
    expect(stdout).toBe('127.0.0.50 is no longer reserved for 52:54:00:12:34:50.');
    expect((await run('unreserve', '127.0.0.50')).stderr).toContain('(RESERVATION_NOT_FOUND)');
  });

  it('an address that another machine has is reserved, and what happens is said', async () => {
    expect((await run('reserve', mac(9), '127.0.0.101')).lines).toEqual([
      `127.0.0.101 is reserved for ${mac(9)}.`,
      `${mac(1)} (node-1) has it now, until it asks for it again or its`,
      'lease ends (in 1 h); the reserved machine gets it after that.',
      'To free it at once: bootwright leases release 127.0.0.101',
    ]);
    const aside = await run('reserve', mac(8), '127.0.0.102', '--json');
    expect(JSON.parse(aside.stdout)).toMatchObject({
      reservation: { machine: mac(8), address: '127.0.0.102', network: 'lo' },
      holder: { machine: mac(2), state: 'set-aside' },
    });
  });

  it('an address is released', async () => {
    expect((await run('release', '127.0.0.101')).stdout).toMatch(/^127\.0\.0\.101 is free\. .*\(node-1\) had it/);
    expect((await run('release', '127.0.0.102')).stdout).toBe('127.0.0.102 is free.');
    expect((await run('release', 'fd00:0::17')).stdout).toContain('fd00::17 is free.');
    expect((await run()).lines.slice(0, 3)).toEqual([
      'ADDRESS MACHINE HOST STATE UNTIL',
      `127.0.0.20 ${mac(20)} build reserved* -`,
      '',
    ]);
    const again = await run('release', '127.0.0.101', '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ error: { code: 'LEASE_NOT_FOUND' } });
    expect(again.exitCode).toBe(2);
  });

  it.each([
    [['reserve', '52:54:00:12:34', '127.0.0.50'], 'MACHINE_INVALID'],
    [['reserve', mac(9), '192.0.2.200'], 'RESERVATION_OUTSIDE'],
    [['reserve', mac(9), '127.0.0.50', '--name', 'a b'], 'HOST_NAME_INVALID'],
    [['unreserve', '127.0.0.20'], 'RESERVATION_CONFIGURED'],
  ])('%j: %s', async (words, code) => {
    const { exitCode, stdout, stderr } = await run(...words);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`(${code})`);
  });

  it('where the settings are not known, leases are listed, and nothing is reserved', async () => {
    await writeFile(join(folders.folder, 'other.yaml'), 'interface: none0\n');
    expect((await run('--config', 'other.yaml')).lines[1]).toBe(`127.0.0.101 ${mac(1)} node-1 bound in 1 h`);
    const { stderr } = await run('reserve', mac(9), '127.0.0.50', '--config', 'other.yaml');
    expect(stderr).toContain('(RESERVATION_NETWORK_UNKNOWN)');
  });

  it('where there never was a server, it is said, and no folder is made', async () => {
    for (const words of [[], ['reserve', mac(9), '127.0.0.50'], ['release', '127.0.0.50']]) {
      const { exitCode, stderr } = await leases(folders.folder, ...words, '--root', 'none');
      expect([exitCode, stderr]).toEqual([5, expect.stringContaining('(SERVER_NOT_RUNNING)')]);
    }
    expect((await bootwright(['releases', '--root', 'none'], folders.folder)).stdout).toContain('No release in none');
  });

  it('while somebody holds the root, nobody changes it', async () => {
    const held = await holdRoot(folders.root);
    try {
      const { exitCode, stderr } = await run('release', '127.0.0.101');
      expect([exitCode, stderr]).toEqual([5, expect.stringContaining('(CONTROL_NO_ANSWER)')]);
    } finally {
      await held.release();
    }
    expect((await run('release', '127.0.0.101')).exitCode).toBe(0);
  });
});

describeWith({ programs: ['ip'], root: true }, 'leases of a server that runs', () => {
  let pair: NetnsPair;
  let folders: Awaited<ReturnType<typeof makeFolders>>;
  let serving: Serving;
  const run = (...words: readonly string[]) => leases(folders.folder, '--root', 'root', ...words);

  beforeAll(async () => {
    pair = await createNetns({ server: '10.77.0.1/24' });
    folders = await makeFolders();
    serving = await serve(folders.folder, ['--interface', 'eth0', '--range', '10.77.0.100-10.77.0.103'], pair.server);
  });
  afterAll(async () => {
    serving?.kill('SIGKILL');
    await serving?.ended;
    await pair?.remove();
    await folders?.remove();
  });

  async function ask(who: string) {
    const machine = slowMachine(pair.client, who);
    try {
      const offer = await machine.discover('firmware');
      return offer.type === 'offer' ? await machine.request() : offer;
    } finally {
      await machine.off();
    }
  }

  it('are listed, reserved and released while it serves', async () => {
    expect((await run()).stdout).toBe('No machine has an address, and none is reserved.');
    const { address } = await ask(mac(1));
    const { lines, stderr } = await run();
    expect([stderr, lines[1]]).toEqual(['', expect.stringMatching(`^${address} ${mac(1)} - bound in `)]);

    await run('reserve', mac(2), '10.77.0.50', '--name', 'two');
    expect(await ask(mac(2))).toMatchObject({ type: 'ack', address: '10.77.0.50' });
    expect((await run()).lines[1]).toMatch(new RegExp(`^10\\.77\\.0\\.50 ${mac(2)} two bound, reserved in `));

    const moved = await run('reserve', mac(3), String(address));
    expect(moved.stdout).toContain(`${mac(1)} has it now`);
    expect((await ask(mac(3))).address).not.toBe(address);
    await run('release', String(address));
    expect(await ask(mac(3))).toMatchObject({ type: 'ack', address });
    expect((await ask(mac(1))).address).not.toBe(address);

    await run('unreserve', '10.77.0.50');
    expect((await run('--json')).stdout).not.toContain('"state": "reserved"');
  });

  it('survive it: what was reserved is there after kill -9, with the next one and without', async () => {
    await run('reserve', mac(7), '10.77.0.70');
    serving.kill('SIGKILL');
    await serving.ended;
    expect((await run()).lines.some((line) => line.startsWith(`10.77.0.70 ${mac(7)} - reserved`))).toBe(true);
    const args = ['--interface', 'eth0', '--range', '10.77.0.100-10.77.0.103'];
    serving = await serve(folders.folder, args, pair.server);
    expect(await ask(mac(7))).toMatchObject({ type: 'ack', address: '10.77.0.70' });
    const { control } = rootLayout(folders.root);
    expect(await controlOfServer({ root: folders.root, path: control }).reservations()).toMatchObject([
      { address: expect.any(String) },
      { address: '10.77.0.70', machine: mac(7) },
    ]);
  });
});
