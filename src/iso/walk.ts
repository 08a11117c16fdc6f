import { BootwrightError } from '../errors.ts';
import type { ByteSource } from '../platform/files.ts';
import { Budget } from './budget.ts';
import { readDirectory } from './directory.ts';
import type { DirectoryRecord } from './directory-record.ts';
import { requireInside } from './extents.ts';
import { decodeIdentifier, type Naming, requireSafeName } from './names.ts';
import { decodeRockRidge, type RockRidge } from './rock-ridge.ts';
import { SystemUse } from './system-use.ts';
import type { Extent, ImageEntry } from './tree.ts';

/** Which tree to read, and how. */
export interface TreePlan {
  readonly source: ByteSource;
  readonly blockBytes: number;
  readonly naming: Naming;
  /** Bytes before the first SUSP field of a record. */
  readonly systemUseSkip: number;
  readonly root: Extent;
}

/** An entry of a directory before it has a path; `directory` is where its own entries are. */
interface Child {
  readonly name: string;
  readonly entry: Omit<ImageEntry, 'path'>;
  readonly directory?: Extent;
}

const kindMask = 0o170000;
const kinds = { directory: 0o040000, file: 0o100000, symlink: 0o120000 } as const;
/** What a file without Rock Ridge may be: read by all, written by none. */
const defaults = { file: 0o444, directory: 0o555 } as const;

/** Reads a whole tree. Throws ISO_DAMAGED, ISO_TRUNCATED, ISO_NAME_UNSAFE, ISO_TREE_TOO_LARGE or ISO_UNSUPPORTED. */
export function readTree(plan: TreePlan): Promise<ImageEntry[]> {
  return new Walk(plan).run();
}

class Walk {
  readonly #plan: TreePlan;
  readonly #budget = new Budget();
  readonly #systemUse: SystemUse;
  readonly #entries: ImageEntry[] = [];
  /** Where directories were read: one that comes again is a loop, or a tree that multiplies. */
  readonly #seen = new Set<number>();

  constructor(plan: TreePlan) {
    this.#plan = plan;
    this.#systemUse = new SystemUse(plan.source, plan.blockBytes, this.#budget);
  }

  async run(): Promise<ImageEntry[]> {
    await this.#directory(this.#plan.root, '', 1);
    return this.#entries;
  }

  async #directory(extent: Extent, path: string, level: number): Promise<void> {
    this.#budget.checkLevel(level);
    for (const { name, entry, directory } of await this.#children(extent, path)) {
      const childPath = path === '' ? name : `${path}/${name}`;
      this.#budget.spend('pathCharacters', childPath.length);
      const place = this.#entries.push({ path: childPath, ...entry }) - 1;
      if (directory === undefined) continue;
      const before = this.#relocated;
      await this.#directory(directory, childPath, level + 1);
      // Where deep directories were moved to is no part of the tree that was written, once they are back.
      const isEmpty = this.#entries.length === place + 1;
      if (level === 1 && isEmpty && this.#relocated > before && /^\.?rr_moved$/i.test(name)) this.#entries.pop();
    }
  }

  #relocated = 0;

  async #children(extent: Extent, path: string): Promise<Child[]> {
    if (extent.sizeBytes > 0) {
      if (this.#seen.has(extent.offsetBytes)) throw damaged(`/${path} is in the image twice`, extent.offsetBytes);
      this.#seen.add(extent.offsetBytes);
    }
    const children = new Map<string, Child>();
    const { source, blockBytes } = this.#plan;
    let parts: DirectoryRecord[] = [];
    let index = 0;
    for await (const record of readDirectory(source, extent, blockBytes, this.#budget)) {
      // The first two are the directory itself and its parent.
      if (index++ < 2 && isSelfOrParent(record)) continue;
      this.#budget.spend('entries', 1);
      if (record.isAssociated) continue;
      parts.push(record);
      if (record.continues) continue;
      const child = await this.#child(parts, path);
      parts = [];
      // Of several versions the newest comes first, and that is what a mounted image shows.
      if (child !== undefined && !children.has(child.name)) children.set(child.name, child);
    }
    if (parts[0] !== undefined) throw damaged('a file whose last part is missing', parts[0].offsetBytes);
    return [...children.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** One entry from its records: several where a file has several extents. `undefined` for what is left out. */
  async #child(parts: readonly DirectoryRecord[], path: string): Promise<Child | undefined> {
    const record = parts.at(-1);
    const first = parts[0];
    if (record === undefined || first === undefined) return undefined;
    const rock = await this.#rockRidge(first);
    if (rock?.isRelocated === true) {
      this.#relocated += 1;
      return undefined;
    }
    const name = rock?.name ?? decodeIdentifier(first.identifier, this.#plan.naming);
    requireSafeName(name, path);
    if (rock?.childBlock !== undefined) return this.#relocatedDirectory(name, rock.childBlock);
    const modifiedMs = rock?.modifiedMs ?? first.modifiedMs;
    if (first.isDirectory) {
      const mode = permissions(rock?.mode ?? defaults.directory);
      return {
        name,
        entry: { kind: 'directory', sizeBytes: 0, mode, modifiedMs, extents: [] },
        directory: first.extent,
      };
    }
    const kind = (rock?.mode ?? kinds.file) & kindMask;
    const mode = permissions(rock?.mode ?? defaults.file);
    if (kind === kinds.symlink || (rock?.mode === undefined && rock?.target !== undefined)) {
      const target = rock?.target;
      if (target === undefined || target.includes('\0')) {
        throw damaged(`the symbolic link ${name} leads nowhere`, first.offsetBytes);
      }
      return { name, entry: { kind: 'symlink', sizeBytes: 0, mode, modifiedMs, target, extents: [] } };
    }
    if (kind !== kinds.file) return undefined;
    return { name, entry: { kind: 'file', ...this.#content(parts, rock, `${path}/${name}`), mode, modifiedMs } };
  }

  #content(parts: readonly DirectoryRecord[], rock: RockRidge | undefined, path: string) {
    let sizeBytes = 0;
    const extents: Extent[] = [];
    const [first] = parts;
    for (const part of parts) {
      if (first !== undefined && Buffer.compare(part.identifier, first.identifier) !== 0) {
        throw damaged(`${path} goes on under another name`, part.offsetBytes);
      }
      const what = part.isInterleaved ? 'interleaved with other files' : rock?.encoding;
      if (what !== undefined) throw new BootwrightError('ISO_UNSUPPORTED', { path, what });
      if (part.extent.sizeBytes === 0) continue;
      requireInside(this.#plan.source, part.extent);
      extents.push(part.extent);
      sizeBytes += part.extent.sizeBytes;
    }
    return { sizeBytes, extents };
  }

  async #rockRidge(record: DirectoryRecord): Promise<RockRidge | undefined> {
    if (this.#plan.naming !== 'rock-ridge') return undefined;
    const area = record.systemUse.subarray(this.#plan.systemUseSkip);
    return decodeRockRidge(await this.#systemUse.fields(area, record.offsetBytes), record.offsetBytes);
  }

  /** A directory that was moved for its depth: what it is like stands in its own first record (P1282 §4.1.5.1). */
  async #relocatedDirectory(name: string, block: number): Promise<Child> {
    const { source, blockBytes } = this.#plan;
    const start = { offsetBytes: block * blockBytes, sizeBytes: blockBytes };
    for await (const record of readDirectory(source, start, blockBytes, this.#budget)) {
      if (!isSelfOrParent(record) || record.extent.offsetBytes !== start.offsetBytes) break;
      const area = record.systemUse.subarray(this.#plan.systemUseSkip);
      const rock = decodeRockRidge(await this.#systemUse.fields(area, record.offsetBytes), record.offsetBytes);
      const mode = permissions(rock.mode ?? defaults.directory);
      const modifiedMs = rock.modifiedMs ?? record.modifiedMs;
      return {
        name,
        entry: { kind: 'directory', sizeBytes: 0, mode, modifiedMs, extents: [] },
        directory: record.extent,
      };
    }
    throw damaged(`the directory ${name} was moved to where there is none`, start.offsetBytes);
  }
}

function permissions(mode: number): number {
  return mode & 0o7777;
}

function isSelfOrParent({ identifier }: DirectoryRecord): boolean {
  return identifier.byteLength === 1 && (identifier[0] === 0 || identifier[0] === 1);
}

function damaged(what: string, offsetBytes: number): BootwrightError {
  return new BootwrightError('ISO_DAMAGED', { what, offsetBytes });
}
