import type { KdumpBootFiles } from './kdump.ts';
import type { FileTree, Kernel } from './kernels.ts';
import type { Squashfs } from './squashfs.ts';
import type { Survey } from './survey.ts';
import type { System } from './system.ts';

export interface ConvertOptions {
  /** Unless told, kdump's files stay where they are: in the system's own /boot or beside it. */
  readonly kdumpBootFiles?: KdumpBootFiles | undefined;
  /** Of every kernel of the menu: they decide whether SELinux is on. */
  readonly kernelArguments?: readonly string[];
  /** An empty folder that nobody else can look into, on a file system with room for the system; the caller removes it. */
  readonly scratch: string;
  readonly signal?: AbortSignal | undefined;
  /** Hears how many more bytes of the system's files were packed. */
  readonly onBytes?: ((count: number) => void) | undefined;
}

/** A system that was looked through, and what is to become of it. */
export interface Conversion extends ConvertOptions {
  readonly tree: FileTree;
  readonly kernels: readonly Kernel[];
  readonly system: System;
  /** The file that holds the system. */
  readonly path: string;
  /** Present where that is a squashfs. */
  readonly squashfs: Squashfs | undefined;
  readonly survey: Survey;
}
