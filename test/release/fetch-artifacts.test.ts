import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { BootLedger } from '../../src/boot/ledger.ts';
import { createResolver } from '../../src/boot/resolve.ts';
import type { BootEvent } from '../../src/boot/timeline.ts';
import { BlockCache } from '../../src/http/block-cache.ts';
import { type HttpServer, startHttpServer } from '../../src/http/server.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { activate } from '../../src/release/activate.ts';
import { ReleaseCatalog } from '../../src/release/catalog.ts';
import { fetchScriptPath, readFetchScript } from '../../src/release/fetch-script.ts';
import { rootLayout } from '../../src/release/layout.ts';
import { parseManifest } from '../../src/release/manifest.ts';
import { describeWith } from '../support/programs.ts';
import { type SmallRelease, writeRelease } from '../support/small-release.ts';
import { serveText } from './bad-server.ts';
import { makeSystem, type System, script, start } from './fetch-tools.ts';
import { contentsOf, temporaryFolder } from './folder.ts';

const nasty: Readonly<Record<string, string>> = {
  'artifacts/plain': 'plain',
  'artifacts/with space': 'with space',
  'artifacts/ ends in one ': 'ends in one',
  'artifacts/größe/日本.txt': 'UTF-8',
  'artifacts/new\nline\n': 'with line ends',
  'artifacts/tab\tbell\u0007delete\u007f': 'with control characters',
  'artifacts/$(touch pwned)`touch pwned`;touch pwned': 'commands',
  'artifacts/it\'s "quoted"': 'quotes',
  'artifacts/back\\slash\\n\\0101': 'backslashes',
  'artifacts/a|b%20c?d#e&f=g+h:i': 'what URLs are made of',
  'artifacts/[x]*': 'a pattern',
  '-rf': 'an option',
  '.hidden/..twice/...': 'dots',
  'sub/empty': '',
  'sub/large': 'large'.repeat(200_000),
};

let folder: string;
let server: HttpServer;
let base: string;
let release: SmallRelease;
const events: BootEvent[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootwright-fetch-'));
  const root = join(folder, 'root');
  release = await writeRelease(root, 'fetched', {
    files: { ...nasty, [fetchScriptPath]: await readFetchScript(), 'liveos/rootfs.img': 'squashfs' },
    links: { 'links/up': '../artifacts/plain', 'links/to folder': '../sub/.' },
  });
  const layout = rootLayout(root);
  await activate(layout, release.id);
  server = await startHttpServer({
    address: '127.0.0.1',
    port: 0,
    clock: systemClock,
    cache: new BlockCache(4 * 1024 * 1024),
    report: (event) => events.push(event),
    health: () => ({ activeRelease: null }),
    resolve: createResolver({
      catalog: new ReleaseCatalog(layout),
      ledger: new BootLedger([]),
      httpPort: 80,
    }),
  });
  base = `http://127.0.0.1:${server.port}/releases/${release.id}`;
});
beforeEach(() => {
  events.length = 0;
});
afterAll(async () => {
  await server.close(0);
  await rm(folder, { recursive: true, force: true });
});

/** The files below a folder, as contentsOf tells them. */
function filesOf(place: string): [string, string][] {
  return Object.entries(contentsOf(place)).filter(([path]) => !path.endsWith('/'));
}

/** All but what can't be had as it is there: the manifest itself, and the configuration, which is made for who asks. */
function releaseFiles(): [string, string][] {
  return filesOf(release.folder).filter(([path]) => path !== 'manifest.json' && path !== 'boot/grub2/grub.cfg');
}

describeWith({ programs: ['dash', 'bash', 'busybox', 'curl', 'wget', 'awk', 'sha256sum'] }, 'on any system', () => {
  const systems = [
    ['dash', 'curl'],
    ['dash', 'wget'],
    ['bash', 'curl'],
    ['bash', 'wget'],
    ['busybox', 'curl'],
    ['busybox', 'wget'],
  ] as const;

  test.each(systems)('%s and %s bring all that a release holds, whatever its names', async (shell, fetcher) => {
    const here = temporaryFolder();
    const system = makeSystem(here, shell, fetcher);
    const args = ['--manifest', `${base}/manifest.json`, '--to', join(here, 'new/-out'), '*'];
    const { exitCode, stderr } = await start({ system, args, scratch: here, options: { cwd: here } });
    expect(stderr).toContain('sub/large: 1000000 bytes');
    expect(exitCode).toBe(0);
    expect(filesOf(join(here, 'new/-out'))).toEqual(releaseFiles());
    expect(readdirSync(here).sort()).toEqual(['cmdline', 'new', `${shell}-${fetcher}`].sort());
  });

  test.each(systems)('%s and %s: once they are there, nothing is fetched again', async (shell, fetcher) => {
    const here = temporaryFolder();
    const system = makeSystem(here, shell, fetcher);
    const to = join(here, 'out');
    const run = () =>
      start({ system, args: ['--manifest', `${base}/manifest.json`, '--to', to, 'artifacts', 'links'], scratch: here });
    expect((await run()).exitCode).toBe(0);
    writeFileSync(join(to, 'artifacts/plain'), 'PLAIN');
    events.length = 0;
    expect((await run()).exitCode).toBe(0);
    const asked = () => events.flatMap((event) => (event.step === 'served' ? [event.path.split('/').pop()] : []));
    // The server tells of a file a moment after its reader has it.
    await expect.poll(asked).toEqual(['manifest.json', 'plain']);
    expect(readFileSync(join(to, 'artifacts/plain'), 'utf8')).toBe('plain');
  });
});

describeWith({ programs: ['dash', 'curl', 'awk', 'sha256sum', 'busybox'] }, 'the script', () => {
  let system: System;
  beforeAll(() => {
    system = makeSystem(folder, 'dash', 'curl');
  });

  /** Runs it with the manifest of the release, into a folder of its own. */
  async function fetchHere(args: readonly string[], manifest = `${base}/manifest.json`) {
    const here = temporaryFolder();
    const to = join(here, 'out');
    const { exitCode, stdout, stderr } = await start({
      system,
      args: ['--manifest', manifest, '--to', to, '--tries', '1', ...args],
      scratch: here,
    });
    return { exitCode, stdout, stderr, to, files: existsSync(to) ? Object.keys(contentsOf(to)) : [] };
  }

  test('runs out of a pipe, as it is served', async () => {
    const to = join(temporaryFolder(), 'out');
    const line = `curl -fsS ${base}/${fetchScriptPath} | sh -s -- --manifest ${base}/manifest.json --to ${to} -- -rf sub/empty`;
    const { exitCode } = await execa('sh', ['-c', line], { reject: false, timeout: 20_000 });
    expect(exitCode).toBe(0);
    expect(Object.keys(contentsOf(to)).sort()).toEqual(['-rf', 'sub/', 'sub/empty']);
  });

  test('does nothing where it was cut off on its way', async () => {
    const here = temporaryFolder();
    const text = readFileSync(script);
    for (const part of [0.3, 0.6, 0.9, 0.999]) {
      const input = text.subarray(0, Math.floor(text.length * part));
      const args = ['-s', '--', '--manifest', `${base}/manifest.json`, '--to', join(here, 'out'), '*'];
      await execa('sh', args, { reject: false, input, timeout: 20_000, cwd: here });
    }
    expect(readdirSync(here)).toEqual([]);
    expect(events).toEqual([]);
  });

  test.each([
    ['a file', ['artifacts/plain'], ['artifacts/', 'artifacts/plain']],
    ['a folder', ['sub/'], ['sub/', 'sub/empty', 'sub/large']],
    ['a pattern', ['*/gr*/*.txt'], ['artifacts/', 'artifacts/größe/', 'artifacts/größe/日本.txt']],
    ['a name that looks like a pattern', ['artifacts/[x]*'], ['artifacts/', 'artifacts/[x]*']],
    [
      'a path as in its URL',
      ['/sub/empty', './artifacts/plain'],
      ['artifacts/', 'artifacts/plain', 'sub/', 'sub/empty'],
    ],
  ])('brings %s', async (_, args, files) => {
    const fetched = await fetchHere(args);
    expect(fetched.exitCode).toBe(0);
    expect(fetched.files.sort()).toEqual(files);
  });

  test('lists what there is, one line for each, and fetches nothing', async () => {
    const { exitCode, stdout, files } = await fetchHere(['--list']);
    expect(exitCode).toBe(0);
    const lines = String(stdout).split('\n');
    expect(lines).toHaveLength(Object.keys(nasty).length + 12);
    expect(lines).toContain('0644 5 artifacts/plain');
    expect(lines).toContain('0644 14 artifacts/new\\0012line\\0012');
    expect(files).toEqual([]);
  });

  test('brings the rest where a PATH matches nothing, and says so', async () => {
    const { exitCode, stderr, files } = await fetchHere(['artifacts/plain', 'artifacts/none']);
    expect(exitCode).toBe(5);
    expect(stderr).toContain('artifacts/none');
    expect(files).toContain('artifacts/plain');
  });

  test.each([
    ['no PATH', []],
    ['an unknown option', ['--all']],
    ['tries that are no number', ['--tries', '0', '*']],
    ['a manifest that is no URL', ['--manifest', 'file:///etc/passwd', '*']],
    ['a value that is missing', ['--to']],
  ])('explains itself for %s', async (_, args) => {
    const { exitCode, stderr } = await fetchHere(args);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('usage: fetch-artifacts.sh');
  });

  test('says that there is no manifest where there is none', async () => {
    expect((await fetchHere(['*'], `${base}/none.json`)).exitCode).toBe(3);
    const scratch = temporaryFolder();
    expect((await start({ system, args: ['--list'], scratch })).exitCode).toBe(3);
  });

  test.each([
    ['its manifest', () => `quiet bootwright.manifest=${base}/manifest.json rd.live.image`],
    ['the live ISO', () => `BOOT_IMAGE=/vmlinuz root=live:${base}/live.iso ro`],
    ['the live filesystem', () => `root=live:${base}/liveos/rootfs.img ro`],
    ['the ISO at the root of the server', () => `root=live:http://127.0.0.1:${server.port}/live.iso`],
  ])('finds the manifest where the kernel was told of %s', async (_, commandLine) => {
    const scratch = temporaryFolder();
    const { exitCode, stdout } = await start({
      system,
      args: ['--list', './-rf'],
      scratch,
      commandLine: commandLine(),
    });
    expect(exitCode).toBe(0);
    expect(stdout).toBe('0644 9 -rf');
  });

  test('keeps what is at the place of a file, if that is a folder or leads elsewhere', async () => {
    const here = temporaryFolder();
    const to = join(here, 'out');
    mkdirSync(join(to, 'sub/empty'), { recursive: true });
    mkdirSync(join(here, 'elsewhere'));
    // The very file, which a mode must not be given to either.
    writeFileSync(join(here, 'elsewhere/plain'), 'plain', { mode: 0o600 });
    writeFileSync(join(here, 'victim'), 'untouched');
    symlinkSync(join(here, 'elsewhere'), join(to, 'artifacts'));
    symlinkSync(join(here, 'victim'), join(to, '-rf'));
    const args = ['--manifest', `${base}/manifest.json`, '--to', to, 'sub/empty', 'artifacts/plain', './-rf'];
    const { exitCode, stderr } = await start({ system, args, scratch: here });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('artifacts/plain: a symbolic link is in the way');
    expect(stderr).toContain('sub/empty: a folder is in the way');
    expect(readdirSync(join(here, 'elsewhere'))).toEqual(['plain']);
    expect((statSync(join(here, 'elsewhere/plain')).mode & 0o777).toString(8)).toBe('600');
    expect(readFileSync(join(here, 'victim'), 'utf8')).toBe('untouched');
    expect(readFileSync(join(to, '-rf'), 'utf8')).toBe('an option');
  });

  test('runs side by side', async () => {
    const here = temporaryFolder();
    const args = ['--manifest', `${base}/manifest.json`, '--to', join(here, 'out'), '*'];
    const runs = await Promise.all(
      Array.from({ length: 4 }, async () => start({ system, args, scratch: temporaryFolder() })),
    );
    expect(runs.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
    expect(filesOf(join(here, 'out'))).toEqual(releaseFiles());
  });

  /** Has the first call of a program meet what another run does at that moment; `scene` is shell. */
  function interrupt(path: string, program: string, scene: string): void {
    const place = join(path, program);
    const real = readlinkSync(place);
    rmSync(place);
    const lines = ['#!/bin/sh', `if mkdir "$0.met" 2> /dev/null; then ${scene}; exit 1; fi`, `exec ${real} "$@"`];
    writeFileSync(place, `${lines.join('\n')}\n`, { mode: 0o755 });
  }

  test.each([
    ['its folder of parts is taken away by a run that is done', 'mv', 'rmdir .fetch-artifacts', 'sub/large'],
    ['its link is taken away by a run that makes it too', 'ln', ':', 'links/up'],
  ])('goes on when %s', async (_what, program, scene, path) => {
    const here = temporaryFolder();
    const beside = makeSystem(here, 'dash', 'curl');
    interrupt(beside.path, program, scene);
    const args = ['--manifest', `${base}/manifest.json`, '--to', join(here, 'out'), path];
    const { exitCode, stderr } = await start({ system: beside, args, scratch: here });
    expect(stderr).not.toContain('given up');
    expect(exitCode).toBe(0);
    expect(filesOf(join(here, 'out')).map(([name]) => name)).toEqual([path]);
  });

  test('gives files the modes that the manifest says', async () => {
    const manifest = parseManifest(readFileSync(join(release.folder, 'manifest.json'), 'utf8'), '');
    const modes: Readonly<Record<string, string>> = { 'sub/large': '0750', 'sub/empty': '0400' };
    const entries = manifest.entries.map((entry) => {
      if (entry.kind === 'symlink') return entry;
      const url = `${base}/${entry.url}`;
      return { ...entry, mode: modes[entry.path] ?? entry.mode, url };
    });
    const other = await serveText(JSON.stringify({ ...manifest, entries }, null, 2));
    try {
      const { exitCode, to } = await fetchHere(['sub'], other.url);
      expect(exitCode).toBe(0);
      expect((statSync(join(to, 'sub/large')).mode & 0o777).toString(8)).toBe('750');
      expect((statSync(join(to, 'sub/empty')).mode & 0o777).toString(8)).toBe('400');
    } finally {
      other.close();
    }
  });
});
