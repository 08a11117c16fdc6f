/** A kind of firmware, by what it can load and by which protocol. */
export type Firmware =
  | 'bios'
  | 'efi-ia32'
  | 'efi-x64'
  | 'efi-arm32'
  | 'efi-arm64'
  | 'efi-riscv32'
  | 'efi-riscv64'
  | 'http-ia32'
  | 'http-x64'
  | 'http-arm32'
  | 'http-arm64'
  | 'http-riscv32'
  | 'http-riscv64'
  | 'ipxe-bios'
  | 'ipxe-ia32'
  | 'ipxe-x64'
  | 'ipxe-arm64'
  | 'raspberry-pi';

/**
 * How a boot file is named to PXE firmware. None of them works everywhere.
 *
 * - `direct`: option 60, and 43 with 6 = 8, "boot from the file named here".
 * - `plain`: the names alone, neither 60 nor 43, as a DHCP server that knows no PXE.
 * - `binl`: option 60 without 43: the firmware asks again at port 4011.
 * - `menu`: 60, and 43 with a boot menu of one entry (8, 9, 10), which the firmware picks (43.71) at port 4011.
 */
export type Shape = 'direct' | 'plain' | 'binl' | 'menu';

/** What one kind of firmware gets. */
export interface FirmwareRow {
  /** For people. */
  readonly text: string;
  /** Numbers of option 93 and of DHCPv6 option 61. IANA, "Processor Architecture Types". */
  readonly architectures: readonly number[];
  /** Which releases it can boot; `undefined`: there are none for it yet. */
  readonly release: 'x64' | 'arm64' | undefined;
  /** The loader that the release brings, or one that is made here. */
  readonly file: 'release' | `loaders/${string}`;
  /** What it gets where `file` is not there: less good than `file`, and better than nothing. */
  readonly otherwise?: 'release';
  /** `http`: an absolute URL names the file. */
  readonly by: 'tftp' | 'http';
  /** Where we give addresses, in the order of trying. */
  readonly shapes: readonly Shape[];
  /** Beside another DHCP server. Never `plain`: what marks the offer of a proxy is option 60. */
  readonly proxyShapes: readonly Shape[];
}

/** What the configuration changes of a row. `file` may also be an absolute URL. */
export type FirmwareOverrides = {
  readonly [Kind in Firmware]?: {
    readonly file?: string;
    readonly by?: 'tftp' | 'http';
    readonly shapes?: readonly Shape[];
  };
};

const pxe = { by: 'tftp', shapes: ['direct', 'plain', 'binl', 'menu'] } as const;
const bios = { ...pxe, proxyShapes: ['direct', 'binl', 'menu'] } as const;
/** Until 2017 EDK2 threw every offer of a proxy away that had option 43 (PxeBcDhcp4.c; tianocore issue 6944). */
const efi = { ...pxe, proxyShapes: ['binl', 'direct', 'menu'] } as const;
/** UEFI HTTP Boot knows no option 43, and no offer without option 60. EDK2 HttpBootDhcp4.c. */
const httpBoot = { by: 'http', shapes: ['direct'], proxyShapes: ['direct'] } as const;
const ipxe = { shapes: ['direct', 'plain'], proxyShapes: ['direct', 'binl'] } as const;

/** Every kind of firmware, and what it gets: the one place that decides it. docs/reference/firmware.md shows it. */
export const firmwareTable: Readonly<Record<Firmware, FirmwareRow>> = {
  bios: { text: 'BIOS', architectures: [0], release: 'x64', file: 'loaders/grub-bios.0', ...bios },
  'efi-ia32': { text: 'UEFI ia32', architectures: [6], release: 'x64', file: 'loaders/grubia32.efi', ...efi },
  // RFC 4578 §2.1 has 9 for x64 and 7 for EBC, IANA's list has it the other way round; x64 firmware sends either.
  'efi-x64': { text: 'UEFI x64', architectures: [7, 9], release: 'x64', file: 'release', ...efi },
  'efi-arm32': { text: 'UEFI arm32', architectures: [10, 21], release: undefined, file: 'release', ...efi },
  // 22 is U-Boot's own number; its EFI loads what UEFI loads.
  'efi-arm64': { text: 'UEFI arm64', architectures: [11, 22], release: 'arm64', file: 'release', ...efi },
  'efi-riscv32': { text: 'UEFI RISC-V 32', architectures: [25], release: undefined, file: 'release', ...efi },
  'efi-riscv64': { text: 'UEFI RISC-V 64', architectures: [27], release: undefined, file: 'release', ...efi },
  'http-ia32': {
    text: 'UEFI ia32 with HTTP Boot',
    architectures: [15],
    release: 'x64',
    file: 'loaders/grubia32.efi',
    ...httpBoot,
  },
  'http-x64': {
    text: 'UEFI x64 with HTTP Boot',
    architectures: [16],
    release: 'x64',
    file: 'loaders/grubx64.efi',
    otherwise: 'release',
    ...httpBoot,
  },
  'http-arm32': {
    text: 'UEFI arm32 with HTTP Boot',
    architectures: [18, 23],
    release: undefined,
    file: 'release',
    ...httpBoot,
  },
  'http-arm64': {
    text: 'UEFI arm64 with HTTP Boot',
    architectures: [19, 24],
    release: 'arm64',
    file: 'loaders/grubaa64.efi',
    otherwise: 'release',
    ...httpBoot,
  },
  'http-riscv32': {
    text: 'UEFI RISC-V 32 with HTTP Boot',
    architectures: [26],
    release: undefined,
    file: 'release',
    ...httpBoot,
  },
  'http-riscv64': {
    text: 'UEFI RISC-V 64 with HTTP Boot',
    architectures: [28],
    release: undefined,
    file: 'release',
    ...httpBoot,
  },
  // iPXE gets what comes after it, and never iPXE again.
  'ipxe-bios': {
    text: 'iPXE on BIOS',
    architectures: [0],
    release: 'x64',
    file: 'loaders/grub-bios.0',
    by: 'tftp',
    ...ipxe,
  },
  'ipxe-ia32': {
    text: 'iPXE on UEFI ia32',
    architectures: [6, 15],
    release: 'x64',
    file: 'loaders/grubia32.efi',
    by: 'http',
    ...ipxe,
  },
  'ipxe-x64': {
    text: 'iPXE on UEFI x64',
    architectures: [7, 9, 16],
    release: 'x64',
    file: 'loaders/grubx64.efi',
    otherwise: 'release',
    by: 'http',
    ...ipxe,
  },
  'ipxe-arm64': {
    text: 'iPXE on UEFI arm64',
    architectures: [11, 19],
    release: 'arm64',
    file: 'loaders/grubaa64.efi',
    otherwise: 'release',
    by: 'http',
    ...ipxe,
  },
  'raspberry-pi': {
    text: 'Raspberry Pi',
    architectures: [0, 41],
    release: 'arm64',
    file: 'release',
    by: 'tftp',
    shapes: ['menu'],
    proxyShapes: ['menu'],
  },
};
