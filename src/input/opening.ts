import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BootwrightError } from '../errors.ts';
import { asMounted } from '../iso/as-mounted.ts';
import { piecesOf } from '../iso/input.ts';
import type { ImageTree } from '../iso/tree.ts';
import { type IsoImage, openIso } from '../iso/volume.ts';
import { type ByteSource, bytesSource } from '../platform/files.ts';
import { openFile } from '../platform/files-node.ts';
import { manifestName } from '../release/layout.ts';
import type { Manifest } from '../release/manifest.ts';
import { takeFromArchive } from './archive.ts';
import { treeOfScan } from './folder-tree.ts';
import { type Format, formatBytes, formatOf, type Packing } from './format.ts';
import { countedSource, type Layer } from './layer.ts';
import { peek } from './peek.ts';
import { findManifest, type ReleasePlace, verifyRelease } from './release.ts';
import type { Room } from './room.ts';
import { scanFolder } from './scan.ts';
import { type Watched, writePieces } from './spool.ts';
import { unpackTar } from './tar.ts';
import { udfTree } from './udf.ts';
import { unpack } from './unpack.ts';

/** An image file that is open. */
interface ImageFile {
  readonly path: string;
  readonly source: ByteSource;
}

/** What an input turned out to be. The source of `isoFile` is the caller's to close. */
export interface Found {
  readonly kind: 'iso' | 'tree' | 'release';
  readonly tree: ImageTree;
  readonly iso?: IsoImage;
  readonly isoFile?: ImageFile;
  readonly manifest?: Manifest;
}

export interface Opening extends Watched {
  /** The input as the user named it, for errors. */
  readonly path: string;
  readonly room: Room;
  scratch(): Promise<string>;
}

/** Nobody packs an image in more layers than these, such as an ISO in a zip in a 7z. */
const maxLayers = 3;

async function inNewFolder(opening: Opening, name: string): Promise<string> {
  return mkdtemp(join(await opening.scratch(), `${name}-`));
}

async function openIsoFile(file: string, source: ByteSource): Promise<Found> {
  const iso = asMounted(await openIso(source));
  return { kind: 'iso', tree: iso, iso, isoFile: { path: file, source } };
}

async function openUdf(opening: Opening, layer: Layer): Promise<Found> {
  const tree = await udfTree(layer, await opening.scratch());
  return { kind: 'tree', tree, isoFile: { path: layer.file, source: layer.source } };
}

async function openRelease(manifest: Manifest, folder: string, place: ReleasePlace): Promise<Found> {
  const { tree } = await verifyRelease(manifest, place);
  if (manifest.iso === null) return { kind: 'release', tree, manifest };
  // A link would be followed, wherever it leads.
  if (tree.entries.find(({ path }) => path === manifest.iso)?.kind !== 'file') {
    throw new BootwrightError('RELEASE_ALTERED', { path: place.path, file: manifest.iso, what: 'is no file of it' });
  }
  const path = join(folder, manifest.iso);
  const source = await openFile(path);
  try {
    const iso = asMounted(await openIso(source));
    return { kind: 'release', tree, manifest, iso, isoFile: { path, source } };
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function openTar(opening: Opening, pieces: AsyncIterable<Uint8Array>): Promise<Found> {
  const { path, room, signal } = opening;
  const folder = await inNewFolder(opening, 'tar');
  const digests = await unpackTar(pieces, { folder, path, room, signal });
  const place = { path, found: await scanFolder(folder, signal), digests, signal };
  const manifest = await findManifest(place);
  if (manifest === undefined) throw new BootwrightError('RELEASE_NO_MANIFEST', { path, manifest: manifestName });
  return openRelease(manifest, folder, place);
}

/** Unpacks one file: its path in the scratch folder, or what is found where it holds a release. */
async function openPacked(opening: Opening, layer: Layer, packing: Packing): Promise<string | Found> {
  const packed = unpack(layer, packing);
  try {
    const { start, pieces } = await peek(packed, formatBytes);
    const { kind } = formatOf(start);
    if (kind === 'tar') return await openTar(opening, pieces);
    // Before all of it is written: this says what it is instead.
    if (kind === 'other') await openIso(bytesSource(start));
    const file = join(await inNewFolder(opening, 'unpacked'), 'image');
    await writePieces(pieces, file, layer.room, layer.signal);
    return file;
  } finally {
    await packed.return();
  }
}

/** What is in a layer: another file, or what is found. */
async function openLayer(opening: Opening, layer: Layer, format: Format): Promise<string | Found> {
  const { path } = opening;
  switch (format.kind) {
    case 'iso':
    case 'other':
      return openIsoFile(layer.file, layer.source);
    case 'udf':
      return openUdf(opening, layer);
    case 'tar':
      return openTar(opening, piecesOf(countedSource(layer), 0));
    case 'packed':
      return openPacked(opening, layer, format.packing);
    case 'archive':
      return takeFromArchive(layer, format.type, await opening.scratch());
    case 'unsupported':
      throw new BootwrightError('PACKED_UNSUPPORTED', { path, packing: format.packing });
    default:
      return format satisfies never;
  }
}

async function formatOfSource(source: ByteSource): Promise<Format> {
  const start = new Uint8Array(Math.min(formatBytes, source.sizeBytes));
  return formatOf(start.subarray(0, await source.read(start, 0)));
}

/** Opens a file, layer by layer. What was unpacked for one layer is removed once the next one is there. */
export async function openFrom(file: string, opening: Opening, isTemporary = false, layers = 0): Promise<Found> {
  const { path, signal } = opening;
  signal?.throwIfAborted();
  const source = await openFile(file);
  let inner: string | Found | undefined;
  try {
    const format = await formatOfSource(source);
    const isLayer = format.kind === 'packed' || format.kind === 'archive';
    if (isLayer && layers === maxLayers) throw new BootwrightError('PACKED_TOO_OFTEN', { path, limit: maxLayers });
    inner = await openLayer(opening, { ...opening, file, source }, format);
  } finally {
    const isKept = inner !== undefined && typeof inner !== 'string' && inner.isoFile?.source === source;
    if (!isKept) {
      await source.close();
      if (isTemporary) {
        await rm(file, { force: true });
        opening.room.giveBack(source.sizeBytes);
      }
    }
  }
  return typeof inner === 'string' ? openFrom(inner, opening, true, layers + 1) : inner;
}

/** Opens a folder: a release, or files as they are. */
export async function openFolder(folder: string, opening: Opening): Promise<Found> {
  const { path, signal, onBytes } = opening;
  const found = await scanFolder(folder, signal);
  if (found.length === 0) throw new BootwrightError('INPUT_FOLDER_EMPTY', { path });
  const place = { path, found, signal, onBytes };
  const manifest = await findManifest(place);
  if (manifest === undefined) return { kind: 'tree', tree: treeOfScan(found) };
  return openRelease(manifest, folder, place);
}
