import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flagTable } from '../../src/config/flags.ts';
import { bootwright, makeFolders } from '../support/bootwright.ts';
import { describeWith } from '../support/programs.ts';
import { type SmallRelease, writeRelease } from '../support/small-release.ts';

const checkout = join(import.meta.dirname, '../..');

let folders: Awaited<ReturnType<typeof makeFolders>>;
let one: SmallRelease;
let two: SmallRelease;

beforeAll(async () => {
  folders = await makeFolders();
  one = await writeRelease(folders.root, 'one');
  two = await writeRelease(folders.root, 'two', { architecture: 'arm64' });
});
afterAll(() => folders.remove());

describe('help', () => {
  it('names every command, and what a person must know of each', async () => {
    const { stdout, exitCode } = await bootwright(['--help']);
    expect(exitCode).toBe(0);
    const commands = [...stdout.matchAll(/^ {2}([a-z]+) (?:\[options\]|<)/gm)].map(([, name]) => name as string);
    expect(commands).toEqual(expect.arrayContaining(['build', 'serve', 'releases', 'activate']));
    const pages = await Promise.all(commands.map((command) => bootwright([command, '--help'])));
    for (const [index, page] of pages.entries()) {
      expect(page.exitCode).toBe(0);
      expect(page.stdout).toMatch(new RegExp(`^Usage: bootwright ${commands[index]} `));
      expect(page.stdout).toContain('--help');
    }
  });

  it('serve: every flag and its variable', async () => {
    const { stdout } = await bootwright(['serve', '--help']);
    for (const { flag } of flagTable) expect(stdout).toContain(flag);
    expect(stdout.replace(/\s+/g, ' ')).toContain('[BOOTWRIGHT_DHCP_RANGE]');
  });

  it('the version', async () => {
    expect((await bootwright(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

describe('wrong use ends with status 2 and a word of what is wrong', () => {
  it.each([
    [[], 'Usage: bootwright'],
    [['boot'], "error: unknown command 'boot'"],
    [['serve', '--rnage', 'x'], "error: unknown option '--rnage'\n(Did you mean --range?)"],
    [['releases', '--all'], "error: unknown option '--all'"],
    [['activate'], "error: missing required argument 'release'"],
    [['build'], "error: missing required argument 'image'"],
    [['build', 'x.iso', '--format', 'zip'], "option '--format <format>' argument 'zip' is invalid"],
    [['releases', 'all'], 'error: too many arguments'],
    [['serve', '--config', 'none.yaml'], '(CONFIG_UNREADABLE)'],
    [['activate', 'none', '--root', 'root'], 'bootwright: there is no release "none" in root.'],
  ])('%j', async (args, expected) => {
    const { exitCode, stdout, stderr } = await bootwright(args, folders.folder);
    expect(stderr).toContain(expected);
    expect([exitCode, stdout]).toEqual([2, '']);
  });

  it('as JSON, where that was asked for', async () => {
    const { exitCode, stdout, stderr } = await bootwright(['activate', '../x', '--json'], folders.folder);
    expect([exitCode, stderr]).toEqual([2, '']);
    expect(JSON.parse(stdout)).toMatchObject({
      event: 'failed',
      error: { code: 'RELEASE_NOT_FOUND', remedy: 'Look at "bootwright releases".', data: { id: '../x' } },
    });
  });
});

describe('releases and activate', () => {
  it('what is there, what becomes active, and how a person and a program read it', async () => {
    const root = ['--root', folders.root];
    expect((await bootwright(['activate', one.id, ...root])).stdout).toBe(
      `${one.id} is active: machines that ask from now on boot it.`,
    );
    const { stdout } = await bootwright(['releases', ...root]);
    expect(stdout.split('\n').map((line) => line.trimEnd().replace(/ {2,}/g, '  '))).toEqual([
      '  RELEASE  ARCH  SIZE',
      expect.stringMatching(new RegExp(`^N  ${one.id}  x64  \\d+ bytes$`)),
      expect.stringMatching(new RegExp(`^  ${two.id}  arm64  \\d+ bytes$`)),
    ]);
    expect(JSON.parse((await bootwright(['activate', two.id, '--json', ...root])).stdout)).toEqual({ active: two.id });
    const { releases } = JSON.parse((await bootwright(['releases', '--json', ...root])).stdout);
    expect(releases).toMatchObject([
      { id: one.id, name: 'one', active: false, architecture: 'x64', http: 'built-in', iso: 'live.iso' },
      { id: two.id, name: 'two', active: true, architecture: 'arm64' },
    ]);
  });

  it('of the root that the settings name, unless another one is named', async () => {
    await writeFile(join(folders.folder, 'other.yaml'), 'root: root\n');
    const ids = async (args: readonly string[]) => {
      const { stdout } = await bootwright(['releases', '--json', ...args], folders.folder);
      return JSON.parse(stdout).releases.length;
    };
    expect(await ids(['--config', 'other.yaml'])).toBe(2);
    expect(await ids(['--config', 'other.yaml', '--root', 'none'])).toBe(0);
    expect((await bootwright(['health', '--config', 'other.yaml'], folders.folder)).stderr).toContain(
      `no server serves the folder ${folders.root}`,
    );
  });

  it('before there is any', async () => {
    expect((await bootwright(['releases'], folders.folder)).stdout).toContain('/pxe-root yet.');
    expect((await bootwright(['releases', '--json'], folders.folder)).stdout).toBe('{\n  "releases": []\n}');
  });
});

describeWith({ programs: ['npx'] }, 'npx', () => {
  it('runs the checkout from another folder', async () => {
    const elsewhere = join(folders.folder, 'elsewhere');
    await mkdir(elsewhere);
    const { exitCode, stdout } = await execa('npx', ['--prefix', checkout, 'bootwright', 'releases'], {
      cwd: elsewhere,
      reject: false,
      // A cache of its own: npm links a checkout into its cache once, and keeps it as it was then.
      env: {
        npm_config_cache: join(folders.folder, 'npm'),
        npm_config_offline: 'true',
        npm_config_update_notifier: 'false',
      },
    });
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining(`No release in ${elsewhere}/pxe-root yet.`)]);
  });
});
