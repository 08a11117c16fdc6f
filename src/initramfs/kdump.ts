import { createReadStream } from 'node:fs';
import { piecesOf } from '../iso/input.ts';
import { type FileTree, type Kernel, kdumpVersionIn } from './kernels.ts';
import type { Survey } from './survey.ts';
import { type Content, noContent, type SystemEntry, type SystemSink } from './system.ts';

/** Whether the system itself has, under /boot, what loads its crash kernel. */
export type KdumpBootFiles = 'none' | 'keep';

/** A file for kdump, and where it lies now: in the image beside the system, or in the system. */
interface KdumpFile {
  /** In `boot`, there as here. */
  readonly path: string;
  readonly role: 'kernel' | 'initramfs';
  readonly sizeBytes: number;
  readonly from: 'image' | 'system';
}

/**
 * The files for kdump of an image: each `boot/initramfs-<version>kdump.img`, and its kernel where there is one. What
 * lies beside the system counts before what lies in it.
 */
export function kdumpFiles(tree: FileTree, kernels: readonly Kernel[], survey: Survey): readonly KdumpFile[] {
  const find = (path: string, role: KdumpFile['role']): KdumpFile | undefined => {
    const entry = tree.find(path);
    if (entry?.kind === 'file') return { path, role, sizeBytes: entry.sizeBytes, from: 'image' };
    const inside = survey.boot.get(path);
    return inside === undefined ? undefined : { path, role, sizeBytes: inside.sizeBytes, from: 'system' };
  };
  const paths = new Set([
    ...kernels.flatMap(({ kdump }) => (kdump === undefined ? [] : [kdump.path])),
    ...[...survey.boot.keys()].filter((path) => kdumpVersionIn(path) !== undefined),
  ]);
  return [...paths].sort().flatMap((path) => {
    const kernel = find(`boot/vmlinuz-${kdumpVersionIn(path)}`, 'kernel');
    const initramfs = find(path, 'initramfs');
    return [initramfs, kernel].filter((file) => file !== undefined);
  });
}

/** True where the system has such a file in its own /boot. */
export function keepsKdump(survey: Survey): boolean {
  return [...survey.boot.keys()].some((path) => kdumpVersionIn(path) !== undefined);
}

/** Puts the files into /boot of a system. Modes as the reference has them: nobody but root looks into /boot. */
export async function addKdumpFiles(
  sink: SystemSink,
  files: readonly KdumpFile[],
  { tree, keptAt }: { readonly tree: FileTree; readonly keptAt: (path: string) => string | undefined },
): Promise<void> {
  if (files.length === 0) return;
  const common = { uid: 0, gid: 0, modifiedSeconds: 0 } as const;
  await sink.add({ ...common, path: 'boot', kind: 'directory', mode: 0o700, sizeBytes: 0 }, noContent);
  for (const { path, role, sizeBytes, from } of files) {
    const mode = role === 'kernel' ? 0o755 : 0o600;
    const entry: SystemEntry = { ...common, path, kind: 'file', mode, sizeBytes };
    if (from === 'system') {
      await sink.add(entry, createReadStream(keptAt(path) ?? '') as Content);
      continue;
    }
    const found = tree.find(path);
    if (found === undefined) continue;
    const source = tree.open(found);
    await sink.add(entry, piecesOf(source, 0)).finally(() => source.close());
  }
}
