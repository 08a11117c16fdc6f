import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rootLayout } from '../../src/release/layout.ts';
import { openStore } from '../../src/store/database.ts';
import { loadLeases6 } from '../../src/store/leases6.ts';
import { makeFolders, type Serving, serve } from '../support/bootwright.ts';
import { createNetns, type NetnsPair } from '../support/netns.ts';
import { describeWith } from '../support/programs.ts';

describeWith({ programs: ['ip', 'perfdhcp'], root: true }, 'IPv6 leases of the whole server', () => {
  let pair: NetnsPair;
  let folders: Awaited<ReturnType<typeof makeFolders>>;
  let serving: Serving;

  const start = () => serve(folders.folder, ['--config', 'settings.yaml'], pair.server);
  const kill = async () => {
    serving?.kill('SIGKILL');
    await serving?.ended;
  };

  beforeAll(async () => {
    pair = await createNetns();
    folders = await makeFolders();
    await pair.server.run('ip', ['address', 'add', 'fd00::1/64', 'dev', 'eth0', 'nodad']);
    const settings = ['interface: eth0', 'dhcp6: { range: "fd00::1:0-fd00::1:ffff" }', ''];
    await writeFile(join(folders.folder, 'settings.yaml'), settings.join('\n'));
    // Until the link-local addresses may be used.
    await sleep(2500);
    serving = await start();
  });
  afterAll(async () => {
    await kill();
    await pair?.remove();
    await folders?.remove();
  });

  /** So many machines, at 500 a second: what each of them was told, by its DUID. */
  async function load(machines: number): Promise<{ told: Map<string, string>; drops: readonly string[] | null }> {
    const args = ['-6', '-l', 'eth0', '-r', '500', '-R', String(machines), '-n', String(machines), '-x', 'il'];
    const { stdout } = await pair.client.run('perfdhcp', [...args, '-d', '3', '-W', '3000000'], { reject: false });
    const text = String(stdout);
    const told = new Map<string, string>();
    const list = text.split('***Leases for REQUEST-REPLY***')[1] ?? '';
    for (const [, duid = '', address = ''] of list.matchAll(
      /^((?:[0-9a-f]{2}:){13}[0-9a-f]{2}),(fd00:[0-9a-f:]+),/gm,
    )) {
      told.set(duid.replaceAll(':', ''), address);
    }
    return { told, drops: text.match(/^drops: \d+/gm) };
  }

  /** By DUID, as another process finds them. */
  async function kept(): Promise<Map<string, string>> {
    const store = await openStore(rootLayout(folders.root).state);
    try {
      return new Map((await loadLeases6(store)).map(({ duid, address }) => [duid, address]));
    } finally {
      await store.destroy();
    }
  }

  it('are told once they are kept: they are all there after kill -9, and nobody else gets them', async () => {
    const first = await load(500);
    await kill();
    expect(first.drops).toEqual(['drops: 0', 'drops: 0']);
    expect(first.told.size).toBe(500);
    const before = await kept();
    for (const [duid, address] of first.told) expect(before.get(duid), duid).toBe(address);
    serving = await start();
    const second = await load(500);
    expect(second.told.size).toBe(500);
    await kill();
    const after = await kept();
    for (const [duid, address] of [...first.told, ...second.told]) expect(after.get(duid), duid).toBe(address);
    expect(new Set(after.values()).size).toBe(after.size);
  });
});
