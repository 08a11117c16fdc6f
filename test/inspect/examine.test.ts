import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { Value } from 'typebox/value';
import { afterAll, describe, expect, test } from 'vitest';
import { BootwrightError } from '../../src/errors.ts';
import { inspect } from '../../src/inspect/inspect.ts';
import { reportSchema } from '../../src/inspect/report.ts';
import { cpioArchive } from '../iso/cpio-archive.ts';
import { mutate, mutations } from '../iso/mutations.ts';
import { tinyPe } from '../iso/tiny-pe.ts';
import { pxeConfig, tinyLiveOs } from '../support/tiny-liveos.ts';
import { tinyLoader } from '../support/tiny-programs.ts';
import type { Parts } from '../support/tiny-tree.ts';

const folder = mkdtempSync(join(tmpdir(), 'bootwright-examine-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function inspectBytes(bytes: Uint8Array) {
  const image = join(folder, 'image.iso');
  writeFileSync(image, bytes);
  return inspect({ image, askUrl: false });
}

async function inspectParts(parts: Parts) {
  const report = await inspectBytes(tinyLiveOs(parts));
  const problems = report.findings.map(({ problem }) => problem);
  return { ...report, problems, codes: report.findings.map(({ code }) => code) };
}

interface InitrdParts {
  readonly system?: string;
  readonly dracut?: string;
  readonly modules?: readonly string[];
  readonly kernel?: string;
  readonly files?: readonly string[];
}

const live = ['livenet', 'dmsquash-live'];
const kernelModules = ['squashfs', 'overlay', 'loop', 'isofs'];

/** An initrd that has all that a live system needs. */
function initrd({
  system = 'azurelinux',
  dracut = '059-4',
  modules = ['network-legacy'],
  kernel = '6.6.1',
  files = [],
}: InitrdParts = {}) {
  return gzipSync(
    cpioArchive([
      { path: `usr/lib/dracut/dracut-${dracut}` },
      { path: 'usr/lib/dracut/modules.txt', content: [...live, ...modules].join('\n') },
      {
        path: 'usr/lib/initrd-release',
        content: `NAME="Azure Linux"\nID=${system}\nVERSION_ID="3.0"\nPRETTY_NAME="Azure Linux 3.0 dracut-102"\n`,
      },
      { path: 'usr/bin/curl' },
      { path: `usr/lib/modules/${kernel}/modules.builtin`, content: 'kernel/drivers/block/loop.ko\n' },
      ...kernelModules
        .filter((name) => name !== 'loop')
        .map((name) => ({ path: `usr/lib/modules/${kernel}/kernel/fs/${name}/${name}.ko.xz` })),
      ...files.map((path) => ({ path })),
    ]),
  );
}

/** A kernel with the header of the x86 boot protocol. */
function kernel(version = '6.6.1', runningBytes = 50_000_000): Uint8Array {
  const bytes = Buffer.alloc(0x400);
  bytes.write('HdrS', 0x202, 'latin1');
  bytes.writeUInt16LE(0x20f, 0x206);
  bytes.writeUInt16LE(0x100, 0x20e);
  bytes.writeUInt32LE(runningBytes, 0x260);
  bytes.write(`${version} (somebody@somewhere) #1 SMP\0`, 0x300, 'latin1');
  return bytes;
}

const fitting = { 'boot/vmlinuz': kernel(), 'boot/initrd.img': initrd() };

function withArguments(words: string): string {
  return pxeConfig.replace('ip=dhcp quiet', words);
}

test('an image whose parts fit together: what it is, and that nobody signed it', async () => {
  const { ok, facts, codes } = await inspectParts(fitting);
  expect(ok).toBe(true);
  expect(facts).toMatchObject({
    image: { name: 'image', kind: 'iso', label: 'CDROM' },
    system: { name: 'Azure Linux', id: 'azurelinux', version: '3.0', from: 'os-release in boot/initrd.img' },
    architecture: 'x64',
    initramfs: 'bootstrap',
    rootFile: 'liveos/rootfs.img',
    menu: { timeoutSeconds: 0, entries: [{ title: 'Tiny LiveOS', isDefault: true }] },
    initrds: [{ dracut: { version: '059-4' }, network: ['network-legacy'], hasCurl: true, kernelVersions: ['6.6.1'] }],
    grub: { http: 'built-in' },
    secureBoot: { verdict: 'refused' },
  });
  expect(facts.programs.map(({ role, version }) => [role, version])).toEqual([
    ['other', null],
    ['grub', null],
    ['kernel', '6.6.1'],
  ]);
  expect(facts.initrds[0]?.kernelModules.toSorted()).toEqual(kernelModules.toSorted());
  expect(codes).toEqual(['SECURE_BOOT_UNSIGNED']);
});

describe('systemd-networkd and dracut before 103, which fetches nothing (dracut-ng issue 719)', () => {
  const modules = ['systemd-networkd', 'network'];
  const azure = { dracut: '102-13.azl3', modules, files: ['usr/sbin/liveos-artifacts-download'] };

  test.each<[string, InitrdParts, string, boolean]>([
    ['is warned of', { dracut: '102-13.azl3', modules }, 'quiet', true],
    ['is warned of where the fetcher of Azure Linux is not told to', azure, 'quiet', true],
    ['is fine where it is told to', azure, 'rd.live.azldownloader=enable', false],
    ['is fine from 103 on', { dracut: '103-1', modules }, 'quiet', false],
    ['is fine with another one beside it', { dracut: '102', modules: [...modules, 'network-legacy'] }, 'quiet', false],
  ])('%s', async (_, parts, words, isWarned) => {
    const config = withArguments(words);
    const { codes } = await inspectParts({
      ...fitting,
      'boot/initrd.img': initrd(parts),
      'boot/grub2/grub-pxe.cfg': config,
    });
    expect(codes.includes('DRACUT_NETWORKD_LIVENET')).toBe(isWarned);
  });
});

test.each<[string, Parts, string]>([
  ['no network', { 'boot/initrd.img': initrd({ modules: ['base'] }) }, 'has nothing that brings the network up'],
  [
    'modules for another kernel',
    { 'boot/vmlinuz': kernel('6.6.2') },
    'has modules for 6.6.1, and the menu loads it with a kernel 6.6.2',
  ],
  [
    'a menu that waits',
    { 'boot/grub2/grub-pxe.cfg': pxeConfig.replace('timeout=0', 'timeout=-1') },
    'the menu of boot/grub2/grub-pxe.cfg waits until somebody chooses',
  ],
  [
    'an overlay question',
    {
      'liveos/rootfs.img': null,
      'LiveOS/squashfs.img': 'a squashfs',
      'boot/grub2/grub-pxe.cfg': withArguments('rd.live.overlay=1'),
    },
    'with rd.live.overlay=1, a machine that finds no place to keep changes in waits for a key',
  ],
  [
    'a command that waits',
    { 'boot/grub2/grub-pxe.cfg': `read name\n${pxeConfig}` },
    'with "read name" in boot/grub2/grub-pxe.cfg, a machine waits for a person',
  ],
  [
    'a kernel that takes a lot of memory',
    { 'boot/vmlinuz': kernel('6.6.1', 4_200_000_000) },
    'a machine needs about 4.2 GiB of memory, more than the 4.0 GiB that many have',
  ],
  [
    'a GRUB without network',
    { 'EFI/BOOT/grubx64.efi': tinyLoader('x64', ['normal', 'linux']) },
    'the GRUB EFI/BOOT/grubx64.efi has neither TFTP nor HTTP built in',
  ],
])('a warning about %s', async (_, parts, problem) => {
  const { ok, problems } = await inspectParts({ ...fitting, ...parts });
  expect(ok).toBe(true);
  expect(problems).toEqual(expect.arrayContaining([expect.stringContaining(problem)]));
});

test.each<[string, string, string, string[]]>([
  ['is none', 'azurelinux', '102', []],
  ['is none from dracut 106 on', 'fedora', '106', []],
  ['is one where dracut is older', 'debian', '059-4', ['PROMPT_OVERLAY_UNANSWERED']],
])('an overlay question that is answered beforehand %s', async (_, system, dracut, expected) => {
  const words = 'rd.live.overlay=1 rd.live.overlay.nouserconfirmprompt';
  const parts = { 'boot/initrd.img': initrd({ system, dracut }), 'boot/grub2/grub-pxe.cfg': withArguments(words) };
  const { codes } = await inspectParts({ ...fitting, ...parts });
  expect(codes.filter((code) => code.startsWith('PROMPT'))).toEqual(expected);
});

test('a kernel for another machine is an error', async () => {
  const { ok, problems } = await inspectParts({ ...fitting, 'boot/vmlinuz': tinyPe([], 0xaa64) });
  expect(ok).toBe(false);
  expect(problems[0]).toBe('the kernel boot/vmlinuz cannot be booted: it is for arm64, and the loaders are for x64');
});

test('all that is wrong is said at once, errors first', async () => {
  const { codes } = await inspectParts({
    'boot/vmlinuz': null,
    'EFI/BOOT/grubx64.efi': tinyLoader('arm64', ['normal']),
    'boot/grub2/grub-pxe.cfg': pxeConfig.replace('timeout=0', 'timeout=-1'),
  });
  expect(codes).toEqual([
    'IMAGE_LOADER_INVALID',
    'IMAGE_NO_KERNEL',
    'GRUB_NO_NETWORK',
    'SECURE_BOOT_UNSIGNED',
    'PROMPT_MENU',
  ]);
});

describe('the memory that a machine needs', () => {
  test('is the sum of parts that are shown', async () => {
    const { facts } = await inspectParts(fitting);
    const parts = facts.memory?.parts ?? [];
    expect(parts.map(({ what }) => what)).toEqual([
      'the kernel',
      'the unpacked initrd',
      'the ISO',
      'the system at work',
    ]);
    expect(parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBe(facts.memory?.neededBytes);
    expect(parts.find(({ what }) => what === 'the ISO')?.sizeBytes).toBe(facts.image.sizeBytes);
  });

  test('is at least twice the initrd where that is the whole system: Linux lets it fill half', async () => {
    const content = 'x'.repeat(400_000_000);
    const whole = gzipSync(
      cpioArchive([
        { path: 'usr/lib/os-release', content: 'NAME=Big\n' },
        { path: 'big', content },
      ]),
      {
        level: 1,
      },
    );
    const config = 'menuentry "Full" {\n linux /boot/vmlinuz\n initrd /boot/initrd.img\n}\nset timeout=1\n';
    const { facts } = await inspectParts({
      ...fitting,
      'boot/initrd.img': whole,
      'boot/grub2/grub-pxe.cfg': config,
      'liveos/rootfs.img': null,
    });
    expect(facts).toMatchObject({ initramfs: 'full-os', system: { name: 'Big', version: null } });
    const unpackedBytes = facts.initrds[0]?.unpackedBytes ?? 0;
    expect(unpackedBytes).toBeGreaterThan(400_000_000);
    expect(facts.memory?.neededBytes).toBe(2 * unpackedBytes);
  });
});

test.each<[string, Parts, object]>([
  ['.treeinfo', { '.treeinfo': '[general]\nfamily = Fedora\nversion = 43\n' }, { name: 'Fedora', version: '43' }],
  [
    '.disk/info',
    { '.disk/info': 'Debian GNU/Linux 13.1.0 "Trixie" - amd64\n' },
    { name: 'Debian GNU/Linux', version: '13.1.0' },
  ],
  ['the volume label', {}, { name: 'CDROM', version: null }],
])('an image whose initrd says nothing of its system is known by %s', async (from, parts, system) => {
  const { facts } = await inspectParts(parts);
  expect(facts.system).toMatchObject({ ...system, from });
});

test('an image that is spoiled anywhere has a report, or an error with a code', async () => {
  const original = tinyLiveOs(fitting);
  let reports = 0;
  const property = fc.asyncProperty(mutations, async (list) => {
    const started = performance.now();
    try {
      const report = await inspectBytes(mutate(original, list));
      expect(Value.Check(reportSchema, report)).toBe(true);
      reports += 1;
    } catch (error) {
      expect(error).toBeInstanceOf(BootwrightError);
    }
    expect(performance.now() - started).toBeLessThan(5000);
  });
  await fc.assert(property, { seed: 96, numRuns: 250 });
  expect(reports).toBeGreaterThan(50);
}, 60_000);
