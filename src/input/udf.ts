import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { BootwrightError } from '../errors.ts';
import type { ImageTree } from '../iso/tree.ts';
import { treeOfScan } from './folder-tree.ts';
import type { Layer } from './layer.ts';
import type { Member } from './listing.ts';
import { type Scanned, scanFolder } from './scan.ts';
import { extractMembers, listMembers } from './seven-zip.ts';

/** What a file of an image without permissions may be: read by all, written by none. */
const modes = { file: 0o444, directory: 0o555, symlink: 0o777 } as const;

/** Throws PACKED_DAMAGED unless what came out is what was listed, name by name and byte by byte counted. */
function compare(path: string, listed: readonly Member[], found: readonly Scanned[]): void {
  const damaged = (what: string) => new BootwrightError('PACKED_DAMAGED', { path, what });
  const byPath = new Map(found.map(({ entry }) => [entry.path, entry]));
  const names = new Set<string>();
  for (const { path: name, kind, sizeBytes } of listed) {
    if (names.has(name)) throw damaged(`it lists ${name} twice`);
    names.add(name);
    const entry = byPath.get(name);
    if (entry?.kind !== kind || entry.sizeBytes !== sizeBytes) throw damaged(`${name} came out otherwise than listed`);
  }
  const extra = found.find(({ entry }) => !names.has(entry.path));
  if (extra !== undefined) throw damaged(`${extra.entry.path} came out, and is not listed`);
}

/**
 * The tree of an image that has UDF alone, unpacked by 7-Zip into a new folder of `scratch`. 7-Zip knows no permissions
 * of UDF, and gives symbolic links as empty files. Throws PACKED_DAMAGED, PROGRAM_MISSING, PROGRAM_ENDED,
 * INPUT_TOO_LARGE, INPUT_NO_ROOM or ISO_TREE_TOO_LARGE.
 */
export async function udfTree(layer: Layer, scratch: string): Promise<ImageTree> {
  const { path, room, signal, source, onBytes } = layer;
  const listed = await listMembers(layer, 'udf');
  await room.take(listed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
  const folder = await mkdtemp(join(scratch, 'udf-'));
  await extractMembers(layer, { type: 'udf', folder, watch: () => room.requireReserve() });
  onBytes?.(source.sizeBytes, source.sizeBytes);
  const found = await scanFolder(folder, signal);
  compare(path, listed, found);
  return treeOfScan(found.map((each) => ({ ...each, entry: { ...each.entry, mode: modes[each.entry.kind] } })));
}
