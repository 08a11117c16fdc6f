import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { environmentName, flagTable } from '../../src/config/flags.ts';
import { describeWith } from '../support/programs.ts';

const top = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(top, path), 'utf8');

describeWith({ programs: ['docker-compose'] }, 'docker-compose.yml', () => {
  it('is understood, and asks for the host network and no more than it needs', async () => {
    const { stdout } = await execa('docker-compose', ['--file', 'docker-compose.yml', 'config'], { cwd: top });
    expect(stdout).toContain('network_mode: host');
    expect(stdout).toMatch(/cap_drop:\n\s+- ALL/);
    expect(stdout).not.toContain('privileged: true');
  });
});

describeWith({ programs: ['systemd-analyze'] }, 'the systemd unit', () => {
  it('is understood by systemd', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bootwright-unit-'));
    try {
      // The unit names the place where Bootwright is installed, which is not here.
      const unit = read('packaging/bootwright.service').replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true');
      const path = join(folder, 'bootwright.service');
      await writeFile(path, unit);
      const { all } = await execa('systemd-analyze', ['verify', '--man=no', path], { all: true, reject: false });
      expect(all).toBe('');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('gives no capability but for low ports and for ARP', () => {
    const given = read('packaging/bootwright.service').match(/^\w+=CAP_.*/gm);
    const both = 'CAP_NET_BIND_SERVICE CAP_NET_RAW';
    expect(given).toEqual([`AmbientCapabilities=${both}`, `CapabilityBoundingSet=${both}`]);
  });
});

it('what the container copies and starts is there', () => {
  const dockerfile = read('Dockerfile');
  const copied = [...dockerfile.matchAll(/^COPY (.+) \S+$/gm)].flatMap((match) => (match[1] as string).split(' '));
  expect(copied.length).toBeGreaterThan(0);
  expect(copied.filter((path) => !existsSync(join(top, path)))).toEqual([]);
});

it('the settings of container and unit are settings that there are', () => {
  const names = new Set([...flagTable.map(({ key }) => environmentName(key)), 'BOOTWRIGHT_CONFIG']);
  const used = ['Dockerfile', 'docker-compose.yml', 'packaging/bootwright.service'].flatMap(
    (path) => read(path).match(/BOOTWRIGHT_\w+/g) ?? [],
  );
  expect(used.filter((name) => !names.has(name))).toEqual([]);
});
