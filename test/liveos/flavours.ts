import type { Part } from './tree.ts';

/** How a live image is laid out: which part of the tree lies where. */
export interface Layout {
  /** Its configurations: the folder of that name in `iso/`. */
  readonly configs: string;
  /** The UEFI loaders, which also come into the image's EFI file system. */
  readonly loaders: Readonly<Record<string, Part>>;
  readonly files: Readonly<Record<string, Part>>;
}

const inCapitals = { 'EFI/BOOT/BOOTX64.EFI': 'shim-signed.efi' } as const;

function plain(grub: Part): Layout {
  return {
    configs: 'plain',
    loaders: { 'efi/boot/bootx64.efi': 'shim-signed.efi', 'efi/boot/grubx64.efi': grub },
    files: { 'boot/vmlinuz': 'vmlinuz', 'boot/initrd.img': 'initrd.img', 'liveos/rootfs.img': 'rootfs.img' },
  };
}

/** Two kernels that are one under two names: which of them was booted is told by its name. */
function twoKernels(distribution: string): Layout['files'] {
  const versions = ['6.6.9', '6.6.10'].map((version) => `${version}-1.${distribution}`);
  return Object.fromEntries(
    versions.flatMap((version): [string, Part][] => [
      [`boot/vmlinuz-${version}`, 'vmlinuz'],
      [`boot/initramfs-${version}.img`, 'initrd.img'],
    ]),
  );
}

export const layouts = {
  /** Shim and GRUB as Debian signed them, for Secure Boot; this GRUB knows TFTP and no HTTP. Boots no disc. */
  signed: plain('grub-signed.efi'),
  /** The same, but a GRUB that nobody signed and that knows HTTP, and discs. */
  http: plain('grub.efi'),
  /** Kernels with versions, and a menu as grub2-mkconfig makes it, for the disc alone: Azure Linux 3. */
  versioned: {
    configs: 'versioned',
    loaders: { ...inCapitals, 'EFI/BOOT/grubx64.efi': 'grub.efi' },
    files: { ...twoKernels('azl3'), 'liveos/rootfs.img': 'rootfs.img' },
  },
  /** GRUB in a vendor's folder, and entries of the Boot Loader Specification: Azure Linux 4 and Fedora. */
  bls: {
    configs: 'bls',
    loaders: { ...inCapitals, 'EFI/azurelinux/grubx64.efi': 'grub-vendor.efi' },
    files: { ...twoKernels('azl4.x86_64'), 'liveos/rootfs.img': 'rootfs.img' },
  },
  /** The whole system in the initrd, and no live file system. */
  'full-os': {
    configs: 'full-os',
    loaders: { 'efi/boot/bootx64.efi': 'shim-signed.efi', 'efi/boot/grubx64.efi': 'grub.efi' },
    files: { 'boot/vmlinuz': 'vmlinuz', 'boot/initrd.img': 'initrd-full-os.img' },
  },
} as const satisfies Readonly<Record<string, Layout>>;

export type Flavour = keyof typeof layouts;
export const flavours = Object.keys(layouts) as Flavour[];
