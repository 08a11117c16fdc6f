import { BootwrightError } from '../errors.ts';
import { describeWriteFailure } from '../platform/durable.ts';
import { openFile } from '../platform/files-node.ts';
import { takeOver } from '../release/write.ts';
import { type DiscChanges, type Plan, planChanges } from './changes.ts';
import { checksumHolds } from './checksum.ts';
import { fileCommands, folderCommands, modesWithoutRockRidge, removeCommands } from './commands.ts';
import { type Disc, openDisc } from './disc.ts';
import { implantChecksum, overwrite } from './implant.ts';
import { requireLabel } from './label.ts';
import { inCaseOf } from './letter-case.ts';
import { diskSignatureOffset } from './partitions.ts';
import { sameBytes } from './same-bytes.ts';
import { type DiscStaging, makeDiscStaging, stagedNames } from './staging.ts';
import { verifyDisc } from './verify.ts';
import { runXorriso } from './xorriso.ts';

export interface DiscOptions {
  readonly signal?: AbortSignal | undefined;
  /** Hears of the bytes of the output as they are written. */
  readonly onBytes?: ((count: number) => void) | undefined;
}

/**
 * Writes an ISO anew with some files put, replaced or removed. It boots from a disc and from a stick as the one at
 * `isoPath` does, has Rock Ridge (and Joliet if that one has it), and an implanted checksum. The same image and
 * changes give the same bytes, whoever writes them, when and where (with the same xorriso): all dates are that of the
 * volume, which stays, as do its label and the GUID and the signature of its disk.
 *
 * Where all of that is true of the image already, nothing is written: `{ unchanged: true }`. Where only the checksum
 * is missing, `outPath` is a copy but for that. Nothing may be at `outPath`; all that is made for it meanwhile is in
 * one folder beside it, which goes away.
 *
 * Throws DISC_LABEL_INVALID or DISC_PATH_INVALID before anything is written, what `openIso` throws, XORRISO_MISSING,
 * OUTPUT_FULL, OUTPUT_UNWRITABLE, DISC_NOT_WRITTEN, DISC_NOT_AS_MEANT, SOURCE_CHANGED, or the signal's reason.
 */
export async function remaster(
  isoPath: string,
  changes: DiscChanges,
  outPath: string,
  options: DiscOptions = {},
): Promise<{ readonly unchanged: boolean }> {
  if (changes.label !== undefined) requireLabel(changes.label);
  const disc = await openDisc(isoPath);
  try {
    const { entries } = disc.image;
    const plan = planChanges(entries, inCaseOf(entries, changes));
    requireBootImages(disc, plan);
    const label = changes.label ?? disc.image.label;
    const isTrue = label === disc.image.label && (await isAlreadySo(disc, plan, options.signal));
    if (isTrue && (await checksumHolds(disc.source, { signal: options.signal }))) return { unchanged: true };
    const staging = await makeDiscStaging(outPath);
    try {
      if (isTrue) await copy(isoPath, staging, options);
      else await write(isoPath, disc, plan, label, staging, options);
      await implantChecksum(staging.output, { signal: options.signal });
      await staging.finish();
    } finally {
      await staging.remove();
    }
    return { unchanged: false };
  } finally {
    await disc.close();
  }
}

/** Machines boot from these: they can be replaced, not taken away. */
function requireBootImages({ image, fileAt }: Disc, { wanted }: Plan): void {
  for (const { extent } of image.bootImages) {
    const path = fileAt(extent.offsetBytes)?.path;
    if (path === undefined || wanted.has(path)) continue;
    throw new BootwrightError('DISC_PATH_INVALID', { path, reason: 'machines boot from it, so it cannot be removed' });
  }
}

async function isAlreadySo({ image }: Disc, plan: Plan, signal?: AbortSignal): Promise<boolean> {
  if (plan.folders.length > 0) return false;
  const there = new Map(image.entries.map((entry) => [entry.path, entry]));
  const put = new Set(plan.put.map(({ path }) => path));
  if (plan.removed.some((path) => !put.has(path))) return false;
  for (const file of plan.put) {
    const entry = there.get(file.path);
    if (entry?.kind !== 'file' || entry.mode !== file.mode || entry.sizeBytes !== file.sizeBytes) return false;
    const source = file.open();
    try {
      if (!(await sameBytes(source, image.open(entry), { signal }))) return false;
    } finally {
      await source.close();
    }
  }
  return true;
}

async function copy(isoPath: string, staging: DiscStaging, options: DiscOptions): Promise<void> {
  const source = await openFile(isoPath);
  try {
    await takeOver(isoPath, source, staging.output, { name: isoPath, mode: 0o600, ...options });
  } catch (error) {
    throw describeWriteFailure(error, staging.outPath);
  } finally {
    await source.close();
  }
}

async function write(
  isoPath: string,
  disc: Disc,
  plan: Plan,
  label: string,
  staging: DiscStaging,
  options: DiscOptions,
): Promise<void> {
  const { facts, image } = disc;
  const { epochSeconds, digits } = facts.date;
  const commands = image.naming === 'rock-ridge' ? [] : modesWithoutRockRidge();
  commands.push(...plan.removed.flatMap(removeCommands));
  for (const folder of plan.folders) commands.push(...folderCommands(folder, 0o755, epochSeconds));
  const sums = new Map<string, string>();
  for (const [index, file] of plan.put.entries()) {
    const { name, sha256 } = await staging.spool(file, index, options.signal);
    sums.set(file.path, sha256);
    commands.push(...fileCommands(name, file.path, { mode: file.mode, epochSeconds, order: index + 1 }));
  }
  await staging.linkInput(isoPath);
  await staging.writeCommands(commands);
  await runXorriso({
    folder: staging.folder,
    commandFile: stagedNames.commands,
    before: [
      ...['-joliet', facts.hasJoliet ? 'on' : 'off', '-ecma119_map', 'lowercase'],
      ...['-indev', `stdio:${stagedNames.input}`, '-outdev', `stdio:${stagedNames.output}`],
      ...['-boot_image', 'any', 'replay', '-volume_date', 'uuid', digits],
      ...guidCommand(facts.partitions?.diskGuid),
      ...(label === image.label ? [] : ['-volid', label]),
    ],
    epochSeconds,
    path: staging.outPath,
    ...options,
  });
  await verifyDisc(staging.output, { label, plan, sums, tree: image, from: disc }, options.signal);
  await keepDiskSignature(disc, staging.output);
}

export function guidCommand(diskGuid: string | undefined): string[] {
  return diskGuid === undefined ? [] : ['-boot_image', 'any', `gpt_disk_guid=${diskGuid}`];
}

/** xorriso makes a new one of the date; PARTUUIDs of the old one may be in somebody's configuration. */
async function keepDiskSignature({ facts }: Disc, path: string): Promise<void> {
  if (facts.partitions !== undefined) await overwrite(path, facts.partitions.diskSignature, diskSignatureOffset);
}
