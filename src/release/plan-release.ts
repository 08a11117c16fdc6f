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
  const withOwn = overlayTree(tree, { put: [saved, script], remove: [] });
  const redirect = prefixConfig(checked.facts.grub, withOwn, changes.put);
  const put = redirect === undefined ? [] : [redirect];
  const own = [saved, script, ...put];
  // The image's configuration comes to its one place; what leads on to that may be where it was.
  const left = put.some(({ path }) => path === menu.found.entry.path) ? [] : [menu.found.entry.path];
  if (carries && live !== undefined) left.push(live.path);
  // A disc's boot catalog names sectors of it: of no use beside it, and another one where the ISO is written anew.
  const catalog = base.iso?.bootCatalog;
  if (catalog !== undefined && tree.find(catalog) === base.tree.find(catalog)) left.push(catalog);
  const plan = planExtract({
    tree: overlayTree(withOwn, { put, remove: [] }),
    loaders: checked.loaders,
    configBytes,
    booted: new Set([...checked.kernels, ...checked.initrds]),
    left: new Set(left),
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
