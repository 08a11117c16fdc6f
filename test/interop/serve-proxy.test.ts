import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { bootwright, launch, makeFolders, type Serving, serve } from '../support/bootwright.ts';
import type { Netns } from '../support/netns.ts';
import { otherDhcpServers } from '../support/other-dhcp-servers.ts';
import { describeWith } from '../support/programs.ts';
import { type SmallRelease, writeRelease } from '../support/small-release.ts';
import { tinyLoader } from '../support/tiny-programs.ts';
import { createWires, type Wires } from '../support/wires.ts';
import { slowMachine } from './slow-machine.ts';

// Our proxy on one wire with a DHCP server of somebody else's, from which the addresses come.

// Firmware collects offers for four seconds, and a server looks around for as long before it answers.
vi.setConfig({ testTimeout: 60_000 });

const run = promisify(execFile);
const program = join(import.meta.dirname, '../../bin/bootwright.js');
const theirs = '10.77.0.2';
const given = { first: '10.77.0.50', last: '10.77.0.59' };
const loaders = { 'bootx64.efi': tinyLoader('x64'), 'grubx64.efi': tinyLoader('x64', ['normal', 'http', 'tftp']) };

type Computer = 'server' | 'other' | 'machine' | 'host';

function oneWire(): Promise<Wires<Computer>> {
  return createWires({
    server: { eth0: ['lan', '10.77.0.1/24'] },
    other: { eth0: ['lan', `${theirs}/24`] },
    machine: { eth0: ['lan'] },
    host: { eth0: ['lan', '10.77.0.3/24'] },
  });
}

const others = [
  { name: 'dnsmasq', needs: 'dnsmasq' },
  { name: 'kea', needs: 'kea-dhcp4' },
] as const;

for (const { name, needs } of others) {
  describeWith({ programs: ['ip', 'busybox', 'dhclient', needs], root: true }, `a proxy beside ${name}`, () => {
    let wires: Wires<Computer>;
    let folders: Awaited<ReturnType<typeof makeFolders>>;
    let other: { stop(): Promise<void> };
    let serving: Serving;
    let old: SmallRelease;
    let next: SmallRelease;

    beforeAll(async () => {
      wires = await oneWire();
      folders = await makeFolders();
      old = await writeRelease(folders.root, 'old', { files: loaders });
      next = await writeRelease(folders.root, 'next', { files: loaders });
      await activate(old);
      other = await otherDhcpServers[name](wires.computers.other, folders.folder, given);
      serving = await serve(folders.folder, ['--interface', 'eth0', '--dhcp-mode', 'proxy'], wires.computers.server);
    });
    afterAll(async () => {
      serving?.kill('SIGKILL');
      await serving?.ended;
      await other?.stop();
      await wires?.remove();
      await folders?.remove();
    });

    async function activate({ id }: SmallRelease): Promise<void> {
      expect(await bootwright(['activate', id, '--root', folders.root])).toMatchObject({ exitCode: 0 });
    }

    /** What we did for a machine. */
    function answers(mac: string) {
      return serving.lines.filter((line) => 'mac' in line && line.mac === mac && line.step !== undefined);
    }

    it('udhcpc and dhclient have their address from the other server, and nothing from us', async () => {
      const { machine } = wires.computers;
      const record = join(folders.folder, 'record');
      const script = join(folders.folder, 'script');
      await writeFile(script, `#!/bin/sh\nenv >> ${record}\n`, { mode: 0o755 });
      await machine.run('busybox', ['udhcpc', '-i', 'eth0', '-f', '-n', '-q', '-s', script]);
      const files = ['-lf', join(folders.folder, 'leases'), '-pf', join(folders.folder, 'pid'), '-cf', '/dev/null'];
      await machine.run('dhclient', ['-4', '-1', ...files, '-sf', script, 'eth0']);
      await machine.run('dhclient', ['-4', '-x', ...files, '-sf', script, 'eth0']);
      const lines = (await readFile(record, 'utf8')).split('\n');
      expect(lines).toContain(`serverid=${theirs}`);
      expect(lines).toContain(`new_dhcp_server_identifier=${theirs}`);
      expect(lines.filter((line) => /boot_file|filename|siaddr=10\.77\.0\.1$/.test(line))).toEqual([]);
      expect(answers(machine.mac)).toEqual([]);
    });

    it('firmware has its address from there and its boot file from us, and all files of the release it began with', async () => {
      const { machine } = wires.computers;
      const mac = '02:00:00:00:00:07';
      await machine.run('ip', ['link', 'set', 'eth0', 'address', mac]);
      const booting = slowMachine(machine, mac);
      const bootFile = `releases/${old.id}/bootx64.efi`;
      const told = await booting.boot();
      expect(told).toMatchObject({ serverAddress: theirs, proxy: '10.77.0.1', bootFile, file: bootFile });
      expect(told.address).toMatch(/^10\.77\.0\.5\d$/);
      await booting.takeAddress(told.address);
      expect(await booting.binl(told.address)).toEqual({ bootFile, file: bootFile });
      await activate(next);
      for (const config of [await booting.tftp('/boot/grub2/grub.cfg'), await booting.http('/grub/grub.cfg')]) {
        expect(config).toContain(`http://10.77.0.1/releases/${old.id}/`);
        expect(config).not.toContain(next.id);
      }
      await booting.dropAddress();
      expect(await booting.boot()).toMatchObject({ bootFile: `releases/${next.id}/bootx64.efi` });
      await booting.off();
      expect(answers(mac).filter(({ step }) => step === 'acknowledged')).toHaveLength(1);
    });

    it.each(['host', 'server'] as const)('the probe on the %s finds that a machine would boot', async (where) => {
      const report = await probe(wires.computers[where]);
      expect(report).toMatchObject({ boots: true, server: theirs, releaseId: next.id });
      expect(report.timeline.map(({ what }) => what)).toContain(
        `boot file releases/${next.id}/bootx64.efi from 10.77.0.1`,
      );
    });
  });
}

interface Report {
  readonly boots: boolean;
  readonly error?: { readonly code: string };
  readonly timeline: readonly { readonly what: string; readonly detail?: string }[];
}

async function probe(where: Netns): Promise<Report> {
  const words = [process.execPath, program, 'probe', '--interface', 'eth0', '--json', '--quick'];
  const { stdout } = await run('ip', ['netns', 'exec', where.name, ...words], { timeout: 60_000 }).catch(
    (error: { stdout: string }) => error,
  );
  return JSON.parse(stdout);
}

describeWith({ programs: ['ip', 'dnsmasq'], root: true }, 'the look around at the start', () => {
  let wires: Wires<Computer>;
  let folders: Awaited<ReturnType<typeof makeFolders>>;

  beforeAll(async () => {
    wires = await oneWire();
    folders = await makeFolders();
    const release = await writeRelease(folders.root, 'only', { files: loaders });
    await bootwright(['activate', release.id, '--root', folders.root]);
  });
  afterAll(async () => {
    await wires?.remove();
    await folders?.remove();
  });

  /** What is said of others, by a server that is started with these words. */
  async function said(words: readonly string[], meanwhile: () => Promise<void> = async () => {}): Promise<string> {
    const args = ['--interface', 'eth0', '--look-seconds', '4', ...words];
    const serving = launch(folders.folder, args, wires.computers.server);
    try {
      const line = await serving.waitFor(({ msg }) => /DHCP server|^addresses on/.test(msg));
      await serving.waitFor(({ msg }) => /^(machines boot|nothing to boot)/.test(msg));
      await meanwhile();
      return `${line.level >= 40 ? 'warning' : 'note'}: ${line.msg}`;
    } finally {
      serving.kill('SIGKILL');
      await serving.ended;
    }
  }

  it('of a proxy with no server there says so, and the probe does as well', async () => {
    const text = await said(['--dhcp-mode', 'proxy'], async () => {
      expect(await probe(wires.computers.host)).toMatchObject({ boots: false, error: { code: 'DHCP_PROXY_ALONE' } });
    });
    expect(text).toMatch(/^warning: no DHCP server answers on eth0/);
  });

  it('names the server that is there, and to a server offers to be a proxy', async () => {
    const other = await otherDhcpServers.dnsmasq(wires.computers.other, folders.folder, given);
    const asServer = await said(['--range', '10.77.0.100-10.77.0.109']);
    const asProxy = await said(['--dhcp-mode', 'proxy']);
    await other.stop();
    expect(asServer).toMatch(/^warning: another DHCP server on eth0: 10\.77\.0\.2 .*--dhcp-mode proxy$/);
    expect(asProxy).toMatch(/^note: addresses on eth0 come from 10\.77\.0\.2 /);
  });
});

describeWith({ programs: ['ip', 'dnsmasq'], root: true }, 'a proxy whose offers send firmware to port 4011', () => {
  let wires: Wires<Computer>;
  let folders: Awaited<ReturnType<typeof makeFolders>>;
  let other: { stop(): Promise<void> };

  beforeAll(async () => {
    wires = await oneWire();
    folders = await makeFolders();
    const release = await writeRelease(folders.root, 'only', { files: loaders });
    await bootwright(['activate', release.id, '--root', folders.root]);
    other = await otherDhcpServers.dnsmasq(wires.computers.other, folders.folder, given);
  });
  afterAll(async () => {
    await other?.stop();
    await wires?.remove();
    await folders?.remove();
  });

  it.each(['binl', 'menu'])(
    'in the shape "%s": the probe asks there, on the server itself and on another host',
    async (shape) => {
      const settings = { interface: 'eth0', dhcp: { mode: 'proxy' }, firmware: { 'efi-x64': { shapes: [shape] } } };
      const path = join(folders.folder, 'settings.yaml');
      await writeFile(path, JSON.stringify(settings));
      const serving = await serve(folders.folder, ['--config', path], wires.computers.server);
      try {
        for (const where of ['host', 'server'] as const) {
          const { error, timeline } = await probe(wires.computers[where]);
          expect(error, where).toBeUndefined();
          expect(timeline.map(({ detail }) => detail)).toContain('as it said on port 4011');
        }
      } finally {
        serving.kill('SIGKILL');
        await serving.ended;
      }
    },
  );
});
