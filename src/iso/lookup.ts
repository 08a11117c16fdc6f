import type { ImageEntry } from './tree.ts';

interface Folder {
  readonly entry: ImageEntry | undefined;
  readonly parent: Folder | undefined;
  readonly children: Map<string, Folder>;
  /** Names by their lower case, made when first asked for. */
  folded?: Map<string, Folder[]>;
}

/** As many symbolic links as Linux follows for one path (path_resolution(7)). */
const maxLinks = 40;
/** Steps through the tree for one path: many names that differ only in case must not multiply. */
const maxSteps = 2000;

function build(entries: readonly ImageEntry[]): Folder {
  const root: Folder = { entry: undefined, parent: undefined, children: new Map() };
  const open: { readonly folder: Folder; readonly prefix: number }[] = [{ folder: root, prefix: 0 }];
  for (const entry of entries) {
    while (open.length > 1 && !isInside(entry.path, open.at(-1)?.folder.entry?.path ?? '')) open.pop();
    const { folder, prefix } = open.at(-1) ?? { folder: root, prefix: 0 };
    const node: Folder = { entry, parent: folder, children: new Map() };
    folder.children.set(entry.path.slice(prefix), node);
    if (entry.kind === 'directory') open.push({ folder: node, prefix: entry.path.length + 1 });
  }
  return root;
}

function isInside(path: string, folder: string): boolean {
  return path[folder.length] === '/' && path.startsWith(folder);
}

function namesLike(folder: Folder, name: string): Folder[] {
  if (folder.folded === undefined) {
    folder.folded = new Map();
    for (const [key, child] of folder.children) {
      const lower = key.toLowerCase();
      const same = folder.folded.get(lower);
      if (same === undefined) folder.folded.set(lower, [child]);
      else same.push(child);
    }
  }
  const exact = folder.children.get(name);
  const alike = folder.folded.get(name.toLowerCase()) ?? [];
  return exact === undefined ? alike : [exact, ...alike.filter((child) => child !== exact)];
}

/** Makes `find` of an `ImageTree` from its entries, which must come depth first. */
export function lookup(entries: readonly ImageEntry[]): (path: string) => ImageEntry | undefined {
  let root: Folder | undefined;
  return (path) => {
    root ??= build(entries);
    return resolve(root, path)?.entry;
  };
}

function resolve(root: Folder, path: string): Folder | undefined {
  let steps = 0;

  function step(from: Folder, names: readonly string[], links: number): Folder | undefined {
    if (++steps > maxSteps) return undefined;
    const [name, ...rest] = names;
    if (name === undefined) return from;
    if (from.entry !== undefined && from.entry.kind !== 'directory') return undefined;
    if (name === '' || name === '.') return step(from, rest, links);
    if (name === '..') return step(from.parent ?? root, rest, links);
    for (const child of namesLike(from, name)) {
      const found = enter(child, from, rest, links);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  function enter(child: Folder, from: Folder, rest: readonly string[], links: number): Folder | undefined {
    const target = child.entry?.target;
    if (target === undefined) return step(child, rest, links);
    if (links >= maxLinks || target.length > 4096) return undefined;
    return step(target.startsWith('/') ? root : from, [...target.split('/'), ...rest], links + 1);
  }

  return path.length > 4096 ? undefined : step(root, path.split('/'), 0);
}
