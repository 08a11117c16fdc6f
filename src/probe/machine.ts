import type { Architecture } from '../release/manifest.ts';

/** What a machine of one architecture says, needs and calls its files. */
interface MachineKind {
  /** Option 93. */
  readonly option93: number;
  /** As a person calls it. */
  readonly title: string;
  readonly loader: Architecture;
  /** shim's second stage, beside it. */
  readonly grubFile: string;
  /** GRUB's name for its platform. */
  readonly grubPlatform: string;
}

export const machineKinds = {
  'efi-x64': {
    option93: 7,
    title: 'UEFI x64',
    loader: 'x64',
    grubFile: 'grubx64.efi',
    grubPlatform: 'x86_64-efi',
  },
  'efi-arm64': {
    option93: 11,
    title: 'UEFI arm64',
    loader: 'arm64',
    grubFile: 'grubaa64.efi',
    grubPlatform: 'arm64-efi',
  },
} as const satisfies Record<string, MachineKind>;

export type MachineArchitecture = keyof typeof machineKinds;
