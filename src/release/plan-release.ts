import { BootwrightError } from '../errors.ts';
import { type ExtractPlan, planExtract } from './extract.ts';
import { fetchScriptPath, readFetchScript } from './fetch-script.ts';
import { manifestName } from './layout.ts';
import { overlayTree } from './overlay-tree.ts';
import { prefixConfig } from './prefix-config.ts';
import type { Prepared } from './prepare.ts';
import { textFile } from './text-file.ts';

/** Files may share their bytes in an image, as hard links do. One that is many times its own size fills disks. */
const maxUnfold = 4;

/** Machines fetch the ISO, and take the live system out of it. */
export function carriesIso({ live, settings }: Pick<Prepared, 'live' | 'settings'>): boolean {
  return live !== undefined && settings.liveRoot === 'iso';
}

/**
 * What will be where for machines that boot over the network, but for the ISO and the manifest. Throws
 * ISO_TREE_TOO_LARGE and what `planExtract` throws.
 */
export async function planRelease(prepared: Prepared): Promise<{ plan: ExtractPlan; extractBytes: number }> {
  const { tree, live, place, checked, menu, configBytes, saved, base, changes } = prepared;
  const carries = carriesIso(prepared);
  const script = textFile(fetchScriptPath, await readFetchScript(), 0o755);
  const redirect = prefixConfig(checked.facts.grub);
  const own = [saved, script, ...(redirect === undefined ? [] : [redirect])];
  const plan = planExtract({
    tree: overlayTree(tree, { put: own, remove: [] }),
    loaders: checked.loaders,
    config: menu.found,
    configBytes,
    booted: new Set([...checked.kernels, ...checked.initrds]),
    left: new Set(carries && live !== undefined ? [live.path] : []),
    taken: carries ? [manifestName, place.isoFile] : [manifestName],
  });
  const extractBytes = plan.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (base.iso !== undefined && base.isoFile !== undefined) {
    const ours = [...changes.put, ...own].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const limit = maxUnfold * base.isoFile.source.sizeBytes + ours;
    if (extractBytes > limit) throw new BootwrightError('ISO_TREE_TOO_LARGE', { limit, what: 'bytes of files' });
  }
  return { plan, extractBytes };
}
