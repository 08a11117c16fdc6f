import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { tinyFat } from '../support/tiny-fat.ts';
import { type Machine, tinyFullOs, tinyInitrd, tinyKernel, tinyLoader } from '../support/tiny-programs.ts';
import { type Naming, type Parts, tinyImage } from '../support/tiny-tree.ts';

/** What a file is that can't be read as text: in an image of a few kilobytes, one that only looks like it. */
const binaries = {
  shim: (machine: Machine) => tinyLoader(machine),
  grub: (machine: Machine) => tinyLoader(machine, ['normal', 'linux', 'http', 'tftp', 'efinet']),
  'grub without http': (machine: Machine) => tinyLoader(machine, ['normal', 'linux', 'tftp', 'efinet']),
  kernel: (machine: Machine) => ({ content: tinyKernel(machine, '6.6.57.1-7.azl3'), mode: 0o755 }),
  // Not the same bytes: which kernel was taken must show.
  'older kernel': (machine: Machine) => ({ content: tinyKernel(machine, '6.6.9-1.azl3'), mode: 0o755 }),
  initrd: () => ({ content: tinyInitrd(['base', 'dmsquash-live', 'livenet']), mode: 0o600 }),
  'full-os initrd': () => ({ content: tinyFullOs('6.6.57.1-7.azl3'), mode: 0o600 }),
  'live system': () => Buffer.alloc(16 * 1024, 'hsqs and the rest of a squashfs. '),
} as const;
type Binary = keyof typeof binaries;

interface TreeImage {
  /** The folder beside this file: `image/` has the texts of the image, `expected/` what becomes of it. */
  readonly name: string;
  readonly machine?: Machine;
  readonly label?: string;
  readonly naming?: Naming;
  readonly binaries: Readonly<Record<string, Binary>>;
  /** Target by path. */
  readonly links?: Readonly<Record<string, string>>;
  /** What is in the FAT that UEFI boots from a disc, `boot/grub2/efiboot.img`. */
  readonly inFat?: Readonly<Record<string, Binary>>;
}

const efiImage = 'boot/grub2/efiboot.img';
const lowerCase = { 'efi/boot/bootx64.efi': 'shim', 'efi/boot/grubx64.efi': 'grub' } as const;
const upperCase = { 'EFI/BOOT/BOOTX64.EFI': 'shim', 'EFI/BOOT/GRUBX64.EFI': 'grub' } as const;
const unversioned = { 'boot/vmlinuz': 'kernel', 'boot/initrd.img': 'initrd' } as const;
const rootfs = { 'liveos/rootfs.img': 'live system' } as const;

function versioned(version: string, kernel: Binary, folder = 'boot/'): Record<string, Binary> {
  return { [`${folder}vmlinuz-${version}`]: kernel, [`${folder}initramfs-${version}.img`]: 'initrd' };
}

/** Every layout of a live image that we know of, as small as can be. */
export const treeImages: readonly TreeImage[] = [
  {
    name: 'azl2',
    binaries: { ...lowerCase, ...unversioned, ...rootfs },
    inFat: upperCase,
    links: { 'artifacts/current.json': 'agent.json' },
  },
  {
    name: 'azl2-variables',
    binaries: {
      ...lowerCase,
      'boot/vmlinuz-5.15.158.2-1.cm2': 'kernel',
      'boot/initrd.img-5.15.158.2-1.cm2': 'initrd',
      ...rootfs,
    },
  },
  { name: 'azl3', binaries: { ...lowerCase, ...versioned('6.6.57.1-7.azl3', 'kernel'), ...rootfs }, inFat: upperCase },
  {
    name: 'azl3-two-kernels',
    binaries: {
      ...lowerCase,
      ...versioned('6.6.9-1.azl3', 'older kernel'),
      ...versioned('6.6.10-1.azl3', 'kernel'),
      ...rootfs,
    },
  },
  {
    name: 'azl4',
    binaries: {
      'EFI/BOOT/BOOTX64.EFI': 'shim',
      'EFI/azurelinux/shimx64.efi': 'shim',
      'EFI/azurelinux/grubx64.efi': 'grub',
      ...versioned('6.6.9-1.azl4.x86_64', 'older kernel'),
      ...versioned('6.6.10-1.azl4.x86_64', 'kernel'),
      ...rootfs,
    },
  },
  {
    // /boot is a file system of its own there, and so its root is the image's.
    name: 'fedora-bls',
    binaries: {
      'EFI/BOOT/BOOTX64.EFI': 'shim',
      'EFI/fedora/grubx64.efi': 'grub',
      ...versioned('6.11.4-301.fc41.x86_64', 'older kernel', ''),
      ...versioned('6.11.10-300.fc41.x86_64', 'kernel', ''),
      'LiveOS/squashfs.img': 'live system',
    },
  },
  {
    name: 'fedora-live',
    label: 'Fedora-WS-Live-41-1-4',
    binaries: {
      'EFI/BOOT/BOOTX64.EFI': 'shim',
      'EFI/BOOT/grubx64.efi': 'grub',
      'EFI/BOOT/mmx64.efi': 'shim',
      'images/pxeboot/vmlinuz': 'kernel',
      'images/pxeboot/initrd.img': 'initrd',
      'LiveOS/squashfs.img': 'live system',
    },
  },
  {
    name: 'fedora-live-joliet',
    label: 'Fedora-WS-Live-41-1-4',
    naming: 'joliet',
    binaries: {
      'EFI/BOOT/BOOTX64.EFI': 'shim',
      'EFI/BOOT/grubx64.efi': 'grub',
      'images/pxeboot/vmlinuz': 'kernel',
      'images/pxeboot/initrd.img': 'initrd',
      'LiveOS/squashfs.img': 'live system',
    },
  },
  { name: 'mkconfig', binaries: { ...upperCase, ...versioned('6.6.57.1-7.azl3', 'kernel'), ...rootfs } },
  {
    name: 'by-hand',
    label: 'My Disk',
    binaries: {
      'Efi/Boot/BootX64.efi': 'shim',
      'Efi/Boot/GrubX64.EFI': 'grub without http',
      'boot/vmlinuz-6.1.0': 'kernel',
      'boot/initrd.img': 'initrd',
      'LiveOS/rootfs.img': 'live system',
    },
  },
  {
    name: 'arm64',
    machine: 'arm64',
    binaries: { 'EFI/BOOT/BOOTAA64.EFI': 'shim', 'EFI/BOOT/grubaa64.efi': 'grub', ...unversioned, ...rootfs },
  },
  {
    name: 'no-prefix',
    binaries: {
      'efi/boot/bootx64.efi': 'shim',
      'efi/boot/grubx64-noprefix.efi': 'grub',
      ...unversioned,
      ...rootfs,
    },
  },
  { name: 'loaders-in-fat', binaries: { ...unversioned, ...rootfs }, inFat: upperCase },
  { name: 'plain-iso9660', naming: 'iso9660', binaries: { ...upperCase, ...unversioned, ...rootfs } },
  { name: 'full-os', binaries: { ...lowerCase, 'boot/vmlinuz': 'kernel', 'boot/initrd.img': 'full-os initrd' } },
];

/** The folder of an image's texts and of what is expected of it. */
export function folderOf({ name }: TreeImage): string {
  return join(import.meta.dirname, name);
}

function textsOf(image: TreeImage): Record<string, Uint8Array> {
  const folder = join(folderOf(image), 'image');
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(paths.map((path) => [relative(folder, path), readFileSync(path)]));
}

/** The files of an image, by their path in it. */
export function partsOf(image: TreeImage): Parts {
  const { machine = 'x64', inFat, links = {} } = image;
  const made = Object.entries(image.binaries).map(([path, binary]) => [path, binaries[binary](machine)] as const);
  const fat = Object.entries(inFat ?? {}).map(([path, binary]) => [path, binaries[binary](machine)] as const);
  return {
    ...textsOf(image),
    ...Object.fromEntries(made),
    ...Object.fromEntries(Object.entries(links).map(([path, link]) => [path, { link }])),
    ...(inFat !== undefined && { [efiImage]: tinyFat(Object.fromEntries(fat) as Record<string, Uint8Array>) }),
  };
}

/** The ISO of one of them, with changes laid over its files. */
export function isoOf(image: TreeImage, changes: Parts = {}): Uint8Array {
  const { label, naming, inFat } = image;
  return tinyImage({
    parts: { ...partsOf(image), ...changes },
    ...(label !== undefined && { label }),
    ...(naming !== undefined && { naming }),
    ...(inFat !== undefined && { bootImage: efiImage }),
  });
}
