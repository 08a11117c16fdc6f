import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bootwright } from '../support/bootwright.ts';
import { tinyLiveOs } from '../support/tiny-liveos.ts';

let folder: string;
let image: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bootwright-inspect-cli-'));
  image = join(folder, 'liveos.iso');
  writeFileSync(image, tinyLiveOs());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('what is in an image, and what a machine would stumble over, on one page', async () => {
  const { exitCode, stdout, stderr } = await bootwright(['inspect', image]);
  expect([exitCode, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^Image +liveos, ISO, [\d.]+ KiB, label CDROM$/m);
  expect(stdout).toMatch(/^Boots +Tiny LiveOS/m);
  expect(stdout.replace(/\s+/g, ' ')).toContain(
    ' Secure Boot A machine with Secure Boot refuses it: EFI/BOOT/BOOTX64.EFI is not signed. ',
  );
  expect(stdout).toContain('(SECURE_BOOT_UNSIGNED)');
  expect(stdout).toMatch(/A machine should boot this; \d warnings?\.$/);
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(readdirSync(folder)).toEqual(['liveos.iso']);
});

test('warnings fail with --strict', async () => {
  const { exitCode } = await bootwright(['inspect', '--strict', image]);
  expect(exitCode).toBe(3);
});

test('an image that no machine would boot', async () => {
  const broken = join(folder, 'broken.iso');
  writeFileSync(broken, tinyLiveOs({ 'boot/vmlinuz': null }));
  const { exitCode, stdout } = await bootwright(['inspect', '--json', broken]);
  const { ok, findings } = JSON.parse(stdout);
  expect([exitCode, ok, findings[0]]).toMatchObject([3, false, { severity: 'error', code: 'IMAGE_NO_KERNEL' }]);
  rmSync(broken);
});

test('a release, by its folder and by its id', async () => {
  const root = join(folder, 'root');
  const output = join(root, 'releases', 'new');
  const built = await bootwright(['build', image, '--output', output, '--json']);
  const { id } = JSON.parse(built.stdout.trim().split('\n').at(-1) ?? '');
  const byFolder = await bootwright(['inspect', output, '--json', '--no-url-check']);
  expect(JSON.parse(byFolder.stdout)).toMatchObject({
    ok: true,
    facts: { image: { kind: 'release' }, initramfs: 'bootstrap', config: 'boot/grub2/grub.cfg', architecture: 'x64' },
  });
  renameSync(output, join(root, 'releases', id));
  const byId = await bootwright(['inspect', id, '--root', root, '--json']);
  expect(JSON.parse(byId.stdout)).toEqual(JSON.parse(byFolder.stdout));
});

test('what is no image, and what is not there', async () => {
  const text = join(folder, 'text.iso');
  writeFileSync(text, 'hello\n'.repeat(10_000));
  expect(await bootwright(['inspect', text])).toMatchObject({ exitCode: 3 });
  expect(await bootwright(['inspect', join(folder, 'none.iso')])).toMatchObject({ exitCode: 2 });
});

test('the settings that an image brings from the build that made it count, as they do in a build', async () => {
  const inspected = async (settings: string) => {
    const path = join(folder, 'settled.iso');
    writeFileSync(path, tinyLiveOs({ 'bootwright/image.yaml': settings }));
    const { stdout } = await bootwright(['inspect', '--json', '--no-url-check', path]);
    rmSync(path);
    const { facts, findings } = JSON.parse(stdout);
    const codes = findings.map(({ code }: { code: string }) => code);
    return { codes, held: facts.memory.parts.map(({ what }: { what: string }) => what) };
  };
  const ofUrl = await inspected('pxe: { isoImageFileUrl: "https://boot.example/a.iso" }\n');
  expect(ofUrl.codes).toContain('INITRD_NO_TLS_ROOTS');
  expect(ofUrl.held).toContain('the ISO');
  expect((await inspected('liveRoot: squashfs\n')).held).toContain('the squashfs');
  expect((await inspected('pxe: [\n')).codes).toContain('SAVED_SETTINGS_INVALID');
});
