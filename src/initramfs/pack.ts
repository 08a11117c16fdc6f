import { openLater } from '../platform/open-later.ts';
import type { PutFile, TreeChanges } from '../release/overlay-tree.ts';
import type { Conversion } from './conversion.ts';
import { addKdumpFiles, kdumpFiles, keepsKdump } from './kdump.ts';
import { LiveRoot, scratchNames } from './live-root.ts';
import type { SystemEntry, SystemSink } from './system.ts';

/** A file in the scratch folder as one of an image. */
export function putScratch(path: string, at: string, sizeBytes: number): PutFile {
  return { path, mode: 0o644, sizeBytes, open: () => openLater(at, sizeBytes) };
}

/**
 * How the system of a conversion is shown to what packs it: without what a live system goes without, with kdump's files
 * as asked, and what else changes with those in the image.
 */
export function liveSystem(conversion: Conversion): {
  fill(sink: SystemSink, leaves?: (entry: SystemEntry) => boolean): Promise<void>;
  readonly changes: TreeChanges;
} {
  const { tree, kernels, survey, system, scratch, signal, onBytes } = conversion;
  const files = kdumpFiles(tree, kernels, survey);
  const inSystem = files.filter(({ from }) => from === 'system').map(({ path }) => path);
  const keptAt = scratchNames(scratch, new Set([...inSystem, ...survey.linkedFromOutside]));
  const isKept = (conversion.kdumpBootFiles ?? (keepsKdump(survey) ? 'keep' : 'none')) === 'keep';
  const initramfs = files.filter(({ role }) => role === 'initramfs');

  return {
    async fill(sink, leaves = () => false) {
      const counting: SystemSink = {
        async add(entry, content) {
          signal?.throwIfAborted();
          if (leaves(entry)) return;
          await sink.add(entry, content);
          onBytes?.(entry.sizeBytes);
        },
      };
      await system.walk(new LiveRoot(counting, keptAt));
      if (isKept) await addKdumpFiles(counting, files, { tree, keptAt });
    },
    changes: isKept
      ? { put: [], remove: initramfs.filter(({ from }) => from === 'image').map(({ path }) => path) }
      : {
          put: files
            .filter(({ from }) => from === 'system')
            .map(({ path, sizeBytes }) => putScratch(path, keptAt(path) ?? '', sizeBytes)),
          remove: [],
        },
  };
}
