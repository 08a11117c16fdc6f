import { createHash } from 'node:crypto';
import { BootwrightError } from '../errors.ts';
import { piecesOf } from '../iso/input.ts';
import type { ImageEntry, ImageTree } from '../iso/tree.ts';
import type { ByteSource } from '../platform/files.ts';
import { blockAddresses } from './block-addresses.ts';
import { lostBootEquipment } from './boot-equipment.ts';
import type { Plan, Wanted } from './changes.ts';
import { bootCatalogFile, type Disc, openDisc } from './disc.ts';
import { sameBytes } from './same-bytes.ts';

/** What a disc was meant to be. */
export interface Meant {
  readonly label: string;
  readonly plan: Plan;
  /** SHA-256 of each file that was put, in hexadecimal, by its path. */
  readonly sums: ReadonlyMap<string, string>;
  /** Where the bytes of `plan`'s kept files are. */
  readonly tree: ImageTree;
  /** The disc that it was made from, if it was one. */
  readonly from: Disc | undefined;
}

const folderMode = 0o755;

/**
 * Reads the disc at `path` with a reader of our own: label, boot equipment, and of every file its path, mode, size and
 * bytes must be what was meant. Throws DISC_NOT_AS_MEANT.
 */
export async function verifyDisc(path: string, meant: Meant, signal?: AbortSignal): Promise<void> {
  const disc = await openDisc(path).catch((cause: unknown) => {
    if (!(cause instanceof BootwrightError)) throw cause;
    throw new BootwrightError('DISC_NOT_AS_MEANT', { what: cause.message }, { cause });
  });
  try {
    const what =
      (disc.image.label === meant.label ? undefined : `its label is ${disc.image.label}`) ??
      otherTree(disc, meant) ??
      (meant.from === undefined ? undefined : await lostBootEquipment(meant.from, disc, signal)) ??
      (await otherBytes(disc, meant, signal));
    if (what !== undefined) throw new BootwrightError('DISC_NOT_AS_MEANT', { what });
  } finally {
    await disc.close();
  }
}

function otherTree(disc: Disc, { plan, from }: Meant): string | undefined {
  const catalog = bootCatalogFile(disc);
  const oldCatalog = from === undefined ? undefined : bootCatalogFile(from)?.path;
  const found = new Set<string>();
  for (const entry of disc.image.entries) {
    found.add(entry.path);
    const wanted = plan.wanted.get(entry.path);
    // A disc that had its catalog beside the tree gets it into the tree.
    if (wanted === undefined && entry !== catalog) return `it has ${entry.path}`;
    if (wanted === undefined || entry.path === oldCatalog) continue;
    const other = otherEntry(entry, wanted);
    if (other !== undefined) return `${entry.path} ${other}`;
  }
  const missing = [...plan.wanted.keys()].find((path) => !found.has(path));
  return missing === undefined ? undefined : `${missing} is missing`;
}

function otherEntry(entry: ImageEntry, wanted: Wanted): string | undefined {
  const expected = expectedEntry(wanted);
  if (entry.kind !== expected.kind) return `is a ${entry.kind}`;
  if (entry.sizeBytes !== expected.sizeBytes) return `has ${entry.sizeBytes} bytes`;
  if (entry.target !== expected.target) return `leads to ${entry.target}`;
  // Linux gives every symbolic link 0777 and looks at no other; xorriso does the same with some.
  if (entry.kind === 'symlink' || entry.mode === expected.mode) return undefined;
  return `has the mode ${entry.mode.toString(8)}`;
}

function expectedEntry(wanted: Wanted): Pick<ImageEntry, 'kind' | 'sizeBytes' | 'target' | 'mode'> {
  switch (wanted.from) {
    case 'image':
      return wanted.entry;
    case 'put':
      return { kind: 'file', sizeBytes: wanted.file.sizeBytes, mode: wanted.file.mode };
    case 'new folder':
      return { kind: 'directory', sizeBytes: 0, mode: folderMode };
  }
}

async function otherBytes(disc: Disc, meant: Meant, signal?: AbortSignal): Promise<string | undefined> {
  const catalog = bootCatalogFile(disc);
  // In the order of their bytes, so that a disk reads on instead of seeking.
  const files = disc.image.entries.filter((entry) => entry.kind === 'file' && entry !== catalog);
  files.sort((a, b) => startOf(a) - startOf(b));
  for (const entry of files) {
    if (!(await hasItsBytes(entry, disc, meant, signal))) return `${entry.path} has other bytes`;
  }
  return undefined;
}

function startOf({ extents }: ImageEntry): number {
  return extents[0]?.offsetBytes ?? 0;
}

async function hasItsBytes(entry: ImageEntry, disc: Disc, meant: Meant, signal?: AbortSignal): Promise<boolean> {
  const wanted = meant.plan.wanted.get(entry.path);
  const written = disc.image.open(entry);
  if (wanted?.from !== 'image') return (await sha256Of(written, signal)) === meant.sums.get(entry.path);
  const kept = wanted.entry;
  const extent = { offsetBytes: startOf(kept), sizeBytes: kept.sizeBytes };
  const isBooted = meant.from?.image.bootImages.some((image) => image.extent.offsetBytes === extent.offsetBytes);
  const except = isBooted === true && meant.from !== undefined ? await blockAddresses(meant.from.source, extent) : [];
  return sameBytes(meant.tree.open(kept), written, { except, signal });
}

async function sha256Of(source: ByteSource, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of piecesOf(source, 0)) {
    signal?.throwIfAborted();
    hash.update(piece);
  }
  return hash.digest('hex');
}
