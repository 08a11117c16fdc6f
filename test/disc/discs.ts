import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { DiscFile } from '../../src/disc/changes.ts';
import { openDisc } from '../../src/disc/disc.ts';
import { fatImage } from '../../src/disc/fat-image.ts';
import { bytesSource } from '../../src/platform/files.ts';
import { tinyLoader } from '../support/tiny-programs.ts';

/** What these tests need from the machine. */
export const discPrograms = ['xorriso', 'isoinfo', 'bsdtar'];

/** An empty folder for one test. Its name is one that shells and xorriso would stumble over. */
export function discFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "bootwright 'disc': *-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function file(path: string, content: string | Uint8Array = path, mode = 0o644): DiscFile {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return { path, mode, sizeBytes: bytes.byteLength, open: () => bytesSource(bytes) };
}

/** Bytes without a pattern, the same every time. */
export function noise(sizeBytes: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  let state = seed;
  for (let at = 0; at < sizeBytes; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}

/** The EFI boot image of these discs. */
export function efiImage(): Uint8Array {
  return fatImage([{ path: 'EFI/BOOT/BOOTX64.EFI', bytes: tinyLoader('x64') }]);
}

/** A master boot record that xorriso takes for ISOLINUX's: by what it says when it fails. */
function mbrCode(): Buffer {
  const code = noise(432, 4);
  code.write('isolinux.bin missing or corrupt.\r\n', 176, 'latin1');
  return code;
}

/** A loader that says of itself that it is ISOLINUX. */
function biosLoader(): Buffer {
  const loader = noise(30_000, 2);
  loader.write('fbc07870', 64, 'hex');
  return loader;
}

const imageTime = new Date('2025-01-02T03:04:05Z');

/** The files of these discs, on disk. */
function writeTree(folder: string): void {
  const put = (path: string, bytes: string | Uint8Array, mode = 0o644) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes, { mode });
    utimesSync(join(folder, path), imageTime, imageTime);
  };
  put('boot/grub2/grub.cfg', 'search --label DISC\n');
  put('boot/grub2/efiboot.img', efiImage());
  put('boot/vmlinuz', noise(70_000), 0o755);
  put('bios/loader.img', biosLoader());
  put('liveos/rootfs.img', noise(300_000, 3));
  put('artifacts/größe 1.txt', 'eins', 0o600);
  put('artifacts/tools/run.sh', '#!/bin/sh\n', 0o750);
  put('EFI/BOOT/BOOTX64.EFI', tinyLoader('x64'));
  symlinkSync('tools/run.sh', join(folder, 'artifacts/latest'));
}

const efi = ['-e', 'boot/grub2/efiboot.img', '-no-emul-boot'];
const bios = ['-b', 'bios/loader.img', '-c', 'bios/boot.cat', '-no-emul-boot', '-boot-load-size', '4'];
const rockRidge = ['-R', '-J', '-joliet-long'];

/** How the discs of these tests are made, after the habits of those who publish some. */
const recipes = {
  /** Azure Linux: UEFI from El Torito alone, no partitions. */
  disc: [...rockRidge, ...efi],
  /** Debian: BIOS and UEFI, and a GPT and an MBR over both. */
  hybrid: [
    ...[...rockRidge, '-isohybrid-mbr', 'mbr.img', ...bios, '-boot-info-table', '-eltorito-alt-boot'],
    ...[...efi, '-isohybrid-gpt-basdat'],
  ],
  /** Fedora and Ubuntu: the EFI boot image is a partition behind the volume that no file names. */
  appended: [
    ...[...rockRidge, '--grub2-mbr', 'mbr.img', '-partition_offset', '16', '-appended_part_as_gpt'],
    ...['-append_partition', '2', 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B', 'tree/boot/grub2/efiboot.img'],
    ...[...bios, '-boot-info-table', '--grub2-boot-info', '-eltorito-alt-boot'],
    ...['-e', '--interval:appended_partition_2:all::', '-no-emul-boot'],
  ],
  joliet: ['--norock', '-J', ...efi],
  plain: ['--norock', ...efi],
} as const;

export type DiscKind = keyof typeof recipes;
export const discKinds = Object.keys(recipes) as DiscKind[];

/** Makes a disc with the label DISC in `folder`, and gives its path. */
export function makeDisc(folder: string, kind: DiscKind): string {
  writeTree(join(folder, 'tree'));
  writeFileSync(join(folder, 'mbr.img'), mbrCode());
  const output = join(folder, `${kind}.iso`);
  const args = ['-as', 'mkisofs', '-quiet', '-V', 'DISC', '-o', output, ...recipes[kind], 'tree'];
  const SOURCE_DATE_EPOCH = String(imageTime.getTime() / 1000);
  execFileSync('xorriso', args, { cwd: folder, env: { ...process.env, SOURCE_DATE_EPOCH }, stdio: 'pipe' });
  rmSync(join(folder, 'tree'), { recursive: true });
  rmSync(join(folder, 'mbr.img'));
  return output;
}

/** What bsdtar finds on a disc: kind and mode, size and path of everything, sorted by path. */
export function listed(path: string): string[] {
  const text = execFileSync('bsdtar', ['-tvf', path], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } });
  const rows = text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ +/));
  return rows
    .map(([mode = '', , , , size = '', , , , ...name]) => ({ mode, size, name: name.join(' ') }))
    .filter(({ name }) => name !== '.')
    .map(({ mode, size, name }) => `${name} ${mode} ${mode.startsWith('-') ? size : ''}`.trimEnd())
    .sort();
}

/** What bsdtar reads of one file. */
export function contentOf(path: string, name: string): Buffer {
  return execFileSync('bsdtar', ['-xOf', path, name], { env: { ...process.env, LC_ALL: 'C.UTF-8' } });
}

/** xorriso's own reports of what a disc boots from, without the addresses of blocks. */
export function bootReport(path: string): string[] {
  const args = ['-no_rc', '-indev', `stdio:${path}`, '-report_el_torito', 'plain', '-report_system_area', 'plain'];
  const text = execFileSync('xorriso', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const isKept =
    /^(?:El Torito (?:boot img|img path|img opts)|System area (?:options|summary)|GPT (?:disk|type|partition GUID|partition name))/;
  const kept = text.split('\n').filter((line) => isKept.test(line));
  return kept.map((line) => line.replace(/ +/g, ' ').replace(/^(El Torito boot img .*) \d+$/, '$1'));
}

/** The bytes of every boot image, in the order of the catalog. */
export async function bootImagesOf(path: string): Promise<Buffer[]> {
  const { image, close } = await openDisc(path);
  try {
    const bytes = readFileSync(path);
    return image.bootImages.map(({ extent }) =>
      Buffer.from(bytes.subarray(extent.offsetBytes, extent.offsetBytes + extent.sizeBytes)),
    );
  } finally {
    await close();
  }
}
