/** A folder and what is in it, folders and leaves. */
export type Folder<Leaf> = Map<string, Folder<Leaf> | Leaf>;

/** The folders that lead to paths, in the order in which they are named. */
export function foldersOf<Leaf extends object | string>(paths: Iterable<readonly [string, Leaf]>): Folder<Leaf> {
  const root: Folder<Leaf> = new Map();
  for (const [path, leaf] of paths) {
    const names = path.split('/');
    const last = names.pop() as string;
    let folder = root;
    for (const each of names) {
      const next = folder.get(each);
      const inner: Folder<Leaf> = next instanceof Map ? next : new Map();
      folder.set(each, inner);
      folder = inner;
    }
    folder.set(last, leaf);
  }
  return root;
}
