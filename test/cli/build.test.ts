import { type ChildProcess, spawn } from 'node:child_process';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { tinyLiveOs } from '../support/tiny-liveos.ts';
import type { Parts } from '../support/tiny-tree.ts';

const main = join(import.meta.dirname, '../../src/cli/main.ts');

interface Ended {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

/** A folder with `image.iso`, in which the command runs. */
function workplace(changes: Parts = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'bootwright-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'image.iso'), tinyLiveOs(changes));
  return folder;
}

function build(folder: string, args: readonly string[], whileItRuns?: (child: ChildProcess) => void): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, 'build', ...args], { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    let output = '';
    let errors = '';
    child.stdout.on('data', (data) => {
      output += data;
    });
    child.stderr.on('data', (data) => {
      errors += data;
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, output, errors }));
    whileItRuns?.(child);
  });
}

function configIn(folder: string): string {
  return readFileSync(join(folder, 'boot/grub2/grub.cfg'), 'utf8');
}

test('with nothing but an image it makes a folder beside, and says what and where', async () => {
  const here = workplace();
  const { status, output } = await build(here, ['image.iso']);
  expect(status).toBe(0);
  expect(output).toMatch(/Built image-[0-9a-f]{12} into image-pxe \(.* KiB, /);
  expect(readdirSync(here).sort()).toEqual(['image-pxe', 'image.iso']);
});

test('--format pxe-tar makes an archive', async () => {
  const here = workplace();
  expect(await build(here, ['image.iso', '--format', 'pxe-tar'])).toMatchObject({ status: 0 });
  expect(readdirSync(here).sort()).toEqual(['image-pxe.tar.gz', 'image.iso']);
});

test('--output, --base-url and --kernel-args do what they say', async () => {
  const here = workplace();
  const { status } = await build(here, [
    'image.iso',
    '--output=deep/out',
    '--base-url=http://boot.example:8080/images/',
    '--kernel-args=console=ttyS0,115200n8 custom="two words"',
  ]);
  expect(status).toBe(0);
  const config = configIn(join(here, 'deep/out'));
  expect(config).toContain(' root=live:http://boot.example:8080/images/image.iso ');
  expect(config).toContain(' console=ttyS0,115200n8 ');
  expect(config).toContain('two words');
});

test('--iso-url is taken as it is', async () => {
  const here = workplace();
  await build(here, ['image.iso', '--output', 'out', '--iso-url', 'https://cdn.example/liveos.iso']);
  expect(configIn(join(here, 'out'))).toContain(' root=live:https://cdn.example/liveos.iso ');
});

test('--config takes the settings of Azure Linux Image Customizer, and flags override them', async () => {
  const here = workplace();
  mkdirSync(join(here, 'config'));
  writeFileSync(join(here, 'config/user-data'), 'hostname: a');
  writeFileSync(
    join(here, 'config/image.yaml'),
    `input: { image: { path: ../image.iso } }
output: { image: { path: ../made.tar.zst, format: pxe-tar } }
os: { hostname: x }
pxe:
  initramfsType: bootstrap
  bootstrapBaseUrl: http://boot.example/v1
  kernelCommandLine: { extraCommandLine: ["rd.info quiet"] }
`,
  );
  const whole = await build(here, ['--config', 'config/image.yaml', '--no-url-check']);
  expect(whole.status).toBe(0);
  expect(whole.errors).toContain('"os" is a setting of Azure Linux Image Customizer');
  expect(readdirSync(here).sort()).toEqual(['config', 'image.iso', 'made.tar.zst']);
  const flags = ['--config', 'config/image.yaml', '--format', 'pxe-dir', '--output', 'out', '--no-url-check'];
  await build(here, [...flags, '--iso-url', 'http://other.example/liveos.iso', '--kernel-args', 'debug']);
  const [line] = configIn(join(here, 'out')).match(/linux .*/) ?? [];
  expect(line).toContain(' root=live:http://other.example/liveos.iso ');
  expect(line).toContain(' rd.info debug');
  expect(existsSync(join(here, 'out/liveos.iso'))).toBe(true);
});

test('--live-root squashfs fetches the live system alone', async () => {
  const here = workplace();
  const args = ['image.iso', '--output', 'out', '--live-root', 'squashfs', '--base-url', 'http://boot.example'];
  expect(await build(here, [...args, '--no-url-check'])).toMatchObject({ status: 0 });
  expect(configIn(join(here, 'out'))).toContain(' root=live:http://boot.example/liveos/rootfs.img ');
  expect(existsSync(join(here, 'out/liveos/rootfs.img'))).toBe(true);
  expect(existsSync(join(here, 'out/image.iso'))).toBe(false);
});

test('--strict takes a warning for an error', async () => {
  const here = workplace();
  expect(await build(here, ['image.iso', '--strict'])).toMatchObject({
    status: 3,
    errors: expect.stringContaining('(SECURE_BOOT_UNSIGNED)'),
  });
  expect(readdirSync(here)).toEqual(['image.iso']);
});

test('a URL whose server is not there yet is a warning', async () => {
  const here = workplace();
  const { status, errors } = await build(here, ['image.iso', '--base-url', 'http://127.0.0.1:9']);
  expect(status).toBe(0);
  expect(errors).toContain('warning: ');
  expect(errors).toContain('http://127.0.0.1:9/image.iso');
});

test('an image comes through standard input', async () => {
  const here = workplace();
  const { status } = await build(here, ['-', '--name', 'piped', '--max-size', '1G'], (child) => {
    createReadStream(join(here, 'image.iso')).pipe(child.stdin as Writable);
  });
  expect(status).toBe(0);
  expect(existsSync(join(here, 'piped-pxe/piped.iso'))).toBe(true);
});

test.each<[string, string[], RegExp]>([
  ['no image', [], /missing required argument 'image'/],
  ['a format that is none', ['image.iso', '--format', 'zip'], /pxe-dir, pxe-tar/],
  ['both URLs', ['image.iso', '--iso-url', 'http://h/a.iso', '--base-url', 'http://h/'], /cannot be used with/],
  ['a flag that is none', ['image.iso', '--outptu', 'x'], /unknown option.*\n.*--output/],
  ['an image that is not there', ['other.iso'], /FILE_NOT_FOUND/],
  ['a URL that dracut cannot fetch', ['image.iso', '--iso-url', 'ssh://h/a.iso'], /LIVE_URL_SCHEME/],
])('exit 2 for %s, and nothing is made', async (_, args, message) => {
  const here = workplace();
  const { status, errors } = await build(here, args);
  expect(errors).toMatch(message);
  expect(status).toBe(2);
  expect(readdirSync(here)).toEqual(['image.iso']);
});

test('exit 3 for an image that cannot be used, with the reason and what to do about it', async () => {
  const here = workplace({ 'boot/initrd.img': null });
  const { status, errors } = await build(here, ['image.iso']);
  expect(status).toBe(3);
  expect(errors).toContain('loads the initrd /boot/initrd.img, which is not in the image');
  expect(errors).toContain('Put the initrd there');
  expect(errors).toContain('(IMAGE_NO_INITRD)');
  expect(errors).not.toMatch(/\n {4}at /);
  expect(readdirSync(here)).toEqual(['image.iso']);
});

test('exit 4 for an output that is something else', async () => {
  const here = workplace();
  const { status, errors } = await build(here, ['image.iso', '--output', '.']);
  expect(status).toBe(4);
  expect(errors).toContain('(OUTPUT_NOT_OURS)');
  expect(readdirSync(here)).toEqual(['image.iso']);
});

test('--json prints one object a line, and the last one says how it ended', async () => {
  const here = workplace();
  const lines = (output: string) =>
    output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  const good = lines((await build(here, ['image.iso', '--json'])).output);
  expect(good.at(-1)).toMatchObject({ event: 'built', output: 'image-pxe', manifest: { format: 1 } });
  expect(new Set(good.slice(0, -1).map(({ event }) => event))).toEqual(new Set(['progress', 'warning']));
  expect(good).toContainEqual(expect.objectContaining({ event: 'warning', code: 'SECURE_BOOT_UNSIGNED' }));
  const bad = await build(here, ['image.iso', '--json', '--iso-url', 'x']);
  expect(lines(bad.output).at(-1)).toMatchObject({ event: 'failed', error: { code: 'LIVE_URL_INVALID' } });
  expect(bad.errors).toBe('');
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s ends a build with exit 130 and leaves nothing',
  async (signal) => {
    const here = workplace({ 'liveos/rootfs.img': Buffer.alloc(160 * 1024 * 1024, 'x') });
    const staged = () => readdirSync(here).find((name) => name.startsWith('.image-pxe.'));
    const ended = await build(here, ['image.iso'], (child) => {
      const watching = setInterval(() => {
        const folder = staged();
        if (folder === undefined || !existsSync(join(here, folder, 'release/image.iso'))) return;
        // Twice, as it comes by way of npx: once from the terminal, and once handed on.
        clearInterval(watching);
        child.kill(signal);
        setTimeout(() => child.kill(signal), 1);
      }, 2);
      child.on('close', () => clearInterval(watching));
    });
    expect(ended.status).toBe(130);
    expect(ended.errors).toContain('bootwright: stopped; nothing was left behind\n');
    expect(readdirSync(here)).toEqual(['image.iso']);
  },
);

test('an error is said once', async () => {
  const { status, output, errors } = await build(workplace(), ['none.iso']);
  expect(status).toBe(2);
  expect(`${output}${errors}`.match(/there is no file none\.iso/g)).toHaveLength(1);
});

test('the default output is called as the image is, without its folder and packings', async () => {
  const here = workplace();
  const names = ['--name', '../x\u001b[31m.iso.xz'];
  const { status, output } = await build(here, ['image.iso', ...names]);
  expect(status).toBe(0);
  expect(readdirSync(here).sort()).toEqual(['..-x\u001b[31m-pxe', 'image.iso']);
  expect(output).not.toContain('\u001b[31m-pxe');
});
