import { createHash } from 'node:crypto';
import type { ImageEntry, ImageTree } from '../iso/tree.ts';
import { type DiscFile, planChanges } from './changes.ts';
import { fileCommands, folderCommands, linkCommands } from './commands.ts';
import { efiEquipment } from './efi-image.ts';
import { implantChecksum } from './implant.ts';
import { requireLabel } from './label.ts';
import { type DiscOptions, guidCommand } from './remaster.ts';
import { makeDiscStaging, stagedNames } from './staging.ts';
import { verifyDisc } from './verify.ts';
import { volumeDate } from './volume-facts.ts';
import { runXorriso } from './xorriso.ts';

interface NewDiscOptions extends DiscOptions {
  readonly label: string;
  /** Files that the tree lacks, or that replace its own. */
  readonly put?: readonly DiscFile[];
}

/** 1980-01-01: a tree has no date of its own, and copies of the same files have many. */
const epochSeconds = 315_532_800;

/**
 * Writes an ISO of any tree, for UEFI machines: Rock Ridge and Joliet, El Torito and an EFI system partition with the
 * tree's own `boot/grub2/efiboot.img`, or with one that is made of the loaders in EFI/BOOT (or in the root folder), and
 * an implanted checksum. The same files, modes and links give the same bytes; dates of files are not kept. Every file
 * is copied once beside the output on the way.
 *
 * Throws DISC_NO_LOADER, DISC_LOADERS_TOO_LARGE, and what `remaster` throws for an output.
 */
export async function masterFromTree(tree: ImageTree, options: NewDiscOptions, outPath: string): Promise<void> {
  const { label, put = [], signal } = options;
  requireLabel(label);
  const equipment = await efiEquipment(tree, label);
  const plan = planChanges(tree.entries, { put: [...equipment.put, ...put], remove: [] });
  const staging = await makeDiscStaging(outPath);
  try {
    const sums = new Map<string, string>();
    const commands: string[] = [];
    const identity = createHash('sha256').update(label);
    let order = 0;
    const addFile = async (file: DiscFile) => {
      order += 1;
      const { name, sha256 } = await staging.spool(file, order, signal);
      sums.set(file.path, sha256);
      identity.update(`${file.path}\0${sha256}\0`);
      commands.push(...fileCommands(name, file.path, { mode: file.mode, epochSeconds, order }));
    };
    const addEntry = async (entry: ImageEntry) => {
      const { path, mode, target } = entry;
      if (entry.kind === 'directory') commands.push(...folderCommands(path, mode, epochSeconds));
      else if (target !== undefined) commands.push(...linkCommands(path, target, epochSeconds));
      else await addFile({ path, mode, sizeBytes: entry.sizeBytes, open: () => tree.open(entry) });
    };
    // A map keeps its order: folders of the tree come before what is in them, and so do new ones.
    for (const [path, wanted] of plan.wanted) {
      if (wanted.from === 'image') await addEntry(wanted.entry);
      else if (wanted.from === 'put') await addFile(wanted.file);
      else commands.push(...folderCommands(path, 0o755, epochSeconds));
    }
    await staging.writeCommands(commands);
    await runXorriso({
      folder: staging.folder,
      commandFile: stagedNames.commands,
      before: newDiscCommands(label, equipment.imagePath, identity.digest('hex').slice(0, 32)),
      epochSeconds,
      path: staging.outPath,
      ...options,
    });
    await verifyDisc(staging.output, { label, plan, sums, tree, from: undefined }, signal);
    await implantChecksum(staging.output, { signal });
    await staging.finish();
  } finally {
    await staging.remove();
  }
}

function newDiscCommands(label: string, efiImage: string, diskGuid: string): string[] {
  return [
    ...['-joliet', 'on', '-outdev', `stdio:${stagedNames.output}`, '-volid', label],
    ...['-chmod', '0755', '/', '--', '-chown', '0', '/', '--', '-chgrp', '0', '/', '--'],
    ...['-volume_date', 'uuid', volumeDate(epochSeconds).digits],
    ...['-boot_image', 'any', 'cat_hidden=on', '-boot_image', 'any', `efi_path=/${efiImage}`],
    ...['-boot_image', 'any', 'efi_boot_part=--efi-boot-image', ...guidCommand(diskGuid)],
  ];
}
