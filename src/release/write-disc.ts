import { masterFromTree } from '../disc/master.ts';
import { remaster } from '../disc/remaster.ts';
import { rewriteForDisc } from '../grub/rewrite-disc.ts';
import { grubConfigPath, networkConfigPath } from './layout.ts';
import { readMenu } from './menus.ts';
import type { PutFile, TreeChanges } from './overlay-tree.ts';
import { planRelease } from './plan-release.ts';
import type { Prepared } from './prepare.ts';
import type { BuildRequest } from './request.ts';
import { textFile } from './text-file.ts';
import { takeOver } from './write.ts';

/** What the reference, Azure Linux Image Customizer, calls every volume; ours only those that have no name yet. */
const defaultLabel = 'CDROM';

function labelOf({ base, settings }: Prepared): string {
  return settings.config.volumeLabel ?? (base.iso?.label || defaultLabel);
}

/** The configuration for the disc itself, where there is none yet or something in it has to change. */
async function discMenu(prepared: Prepared): Promise<PutFile | undefined> {
  const { base, tree, settings, live, turn, checked } = prepared;
  const label = labelOf(prepared);
  const menu = await readMenu(tree, 'disc', checked.loaders.architecture);
  const hasOwn = menu.found.from === 'grub.cfg';
  if (hasOwn && !turn && label === base.iso?.label && settings.disc.kernelArguments.length === 0) return undefined;
  const { text } = rewriteForDisc(menu.text, {
    label,
    fullOs: live === undefined,
    kernelArguments: settings.disc.kernelArguments,
    medium: menu.medium,
    environments: menu.environments,
    turn,
  });
  const { path, mode } = menu.found.entry;
  return textFile(hasOwn ? path : grubConfigPath, Buffer.from(text, menu.encoding), mode & 0o777);
}

/** All that is otherwise on the disc than in the image that came in. */
async function discChanges(prepared: Prepared): Promise<TreeChanges> {
  const { changes, configBytes, saved } = prepared;
  const menu = await discMenu(prepared);
  const own = [textFile(networkConfigPath, configBytes), saved, ...(menu === undefined ? [] : [menu])];
  return { put: [...changes.put, ...own], remove: changes.remove };
}

/**
 * Writes an ISO that boots from a disc or a stick as the image did, and is ready for the network: it has its
 * configuration for that, with the URL. An image that is all of that already comes out byte for byte. Throws what
 * `remaster` and `masterFromTree` throw.
 */
export async function writeDisc(
  prepared: Prepared,
  path: string,
  request: BuildRequest,
  phase: 'pack' | 'remaster' = 'pack',
): Promise<void> {
  const { base, tree } = prepared;
  const { signal } = request;
  // What could not be made for the network from it is refused here.
  await planRelease(prepared);
  const changes = await discChanges(prepared);
  const label = labelOf(prepared);
  let doneBytes = 0;
  const totalBytes = base.isoFile?.source.sizeBytes ?? 0;
  const onBytes = (count: number) => {
    doneBytes += count;
    request.onProgress?.({ phase, path, doneBytes, totalBytes });
  };
  if (base.isoFile === undefined || base.iso === undefined) {
    await masterFromTree(tree, { label, put: changes.put, signal, onBytes }, path);
    return;
  }
  const { isoFile } = base;
  // Its own label may be one that nobody could give it now.
  const relabelled = label === base.iso.label ? changes : { ...changes, label };
  const { unchanged } = await remaster(isoFile.path, relabelled, path, { signal, onBytes });
  if (unchanged)
    await takeOver(isoFile.path, isoFile.source, path, { name: isoFile.path, mode: 0o644, signal, onBytes });
}
