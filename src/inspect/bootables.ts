import type { BootEntry, BootMenu } from '../grub/entries.ts';
import type { ImageEntry, ImageTree } from '../iso/tree.ts';
import { type Finding, finding } from './finding.ts';

/** One entry of the menu, and the files in the image that it loads. */
export interface Bootable {
  readonly entry: BootEntry;
  readonly kernel: ImageEntry;
  readonly initrds: readonly ImageEntry[];
}

/**
 * What of the menu starts the system of the image, the entry that boots by itself first. Tools beside it (memtest,
 * FreeDOS, firmware setup) don't count.
 */
export function findBootables(
  tree: ImageTree,
  menu: BootMenu,
  { live, config }: { readonly live: boolean; readonly config: string },
  findings: Finding[],
): readonly Bootable[] {
  const wanted = menu.entries.filter(
    ({ initrds, liveRoot }) => initrds.length > 0 && (liveRoot !== undefined || !live),
  );
  const bootables: Bootable[] = [];
  for (const entry of wanted) {
    const { kernel: kernelPath, initrds: paths, title } = entry;
    const kernel = tree.find(kernelPath);
    const initrds = paths.map((path) => tree.find(path));
    const absent = paths.find((_, index) => initrds[index]?.kind !== 'file');
    if (kernel?.kind !== 'file') findings.push(finding('IMAGE_NO_KERNEL', { path: kernelPath, title }));
    else if (absent !== undefined) findings.push(finding('IMAGE_NO_INITRD', { path: absent, title }));
    else bootables.push({ entry, kernel, initrds: initrds.filter((each) => each !== undefined) });
  }
  if (wanted.length === 0) {
    const bootsSomething = menu.entries.some(({ initrds }) => initrds.length > 0);
    findings.push(finding(bootsSomething ? 'IMAGE_NOTHING_LIVE' : 'IMAGE_NOTHING_TO_BOOT', { path: config }));
  }
  return bootables;
}
