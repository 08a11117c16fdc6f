/** A GRUB that is made here, out of what a distribution installs. */
export interface GrubImage {
  /** Its name below `loaders/`. */
  readonly file: string;
  /** Which firmware it is for, as people say it. */
  readonly text: string;
  /** What `grub-mkimage -O` is told. */
  readonly format: string;
  /** The folder of its modules, in `/usr/lib/grub`, and below the prefix that it looks for more in. */
  readonly platform: string;
  /** By distribution, what brings the modules. Debian has them only among the packages of their own processor. */
  readonly packages: { readonly debian: string; readonly fedora: string };
}

export const grubImages: readonly GrubImage[] = [
  {
    file: 'grub-bios.0',
    text: 'BIOS',
    format: 'i386-pc-pxe',
    platform: 'i386-pc',
    packages: { debian: 'grub-pc-bin:amd64', fedora: 'grub2-pc-modules' },
  },
  {
    file: 'grubx64.efi',
    text: 'UEFI x64',
    format: 'x86_64-efi',
    platform: 'x86_64-efi',
    packages: { debian: 'grub-efi-amd64-bin:amd64', fedora: 'grub2-efi-x64-modules' },
  },
  {
    file: 'grubia32.efi',
    text: 'UEFI ia32',
    format: 'i386-efi',
    platform: 'i386-efi',
    packages: { debian: 'grub-efi-ia32-bin:amd64', fedora: 'grub2-efi-ia32-modules' },
  },
  {
    file: 'grubaa64.efi',
    text: 'UEFI arm64',
    format: 'arm64-efi',
    platform: 'arm64-efi',
    packages: { debian: 'grub-efi-arm64-bin:arm64', fedora: 'grub2-efi-aa64-modules' },
  },
];

/** What no image can be without: a script's words, files by network, and Linux. */
export const neededModules = [
  ...['normal', 'configfile', 'echo', 'test', 'sleep', 'memdisk', 'tar'],
  ...['net', 'http', 'tftp', 'linux', 'boot'],
] as const;

/**
 * What menus mostly use besides, where the platform has it: a request less for each. The rest comes from the server
 * when a menu asks for it.
 */
export const usefulModules = [
  ...['pxe', 'efinet', 'linux16', 'linuxefi', 'chain', 'all_video', 'gfxterm', 'font', 'png', 'terminal', 'serial'],
  ...['loadenv', 'minicmd', 'ls', 'cat', 'true', 'regexp', 'search', 'gzio', 'halt', 'reboot', 'smbios', 'cpuid'],
] as const;
