import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ImageTree } from '../../src/iso/tree.ts';
import { bytesSource } from '../../src/platform/files.ts';
import { noChanges, overlayTree, type PutFile, together } from '../../src/release/overlay-tree.ts';

function put(path: string, text = 'new'): PutFile {
  const source = bytesSource(Buffer.from(text));
  return { path, mode: 0o644, sizeBytes: source.sizeBytes, open: () => source };
}

const empty: ImageTree = {
  entries: [],
  find: () => undefined,
  open: () => bytesSource(new Uint8Array(0)),
};

function treeOf(...paths: string[]): ImageTree {
  return overlayTree(empty, { put: paths.map((path) => put(path, `old ${path}`)), remove: [] });
}

async function textOf(tree: ImageTree, path: string): Promise<string | undefined> {
  const entry = tree.find(path);
  if (entry === undefined) return undefined;
  const bytes = Buffer.alloc(entry.sizeBytes);
  await tree.open(entry).read(bytes, 0);
  return bytes.toString();
}

const pathsOf = (tree: ImageTree) => tree.entries.map(({ path }) => path);

test('a file that is put is found with its bytes, and the folders that lead to it', async () => {
  const tree = overlayTree(treeOf('boot/vmlinuz'), { put: [put('boot/grub2/grub.cfg')], remove: [] });
  expect(pathsOf(tree)).toEqual(['boot', 'boot/grub2', 'boot/grub2/grub.cfg', 'boot/vmlinuz']);
  expect(await textOf(tree, '/boot/grub2/grub.cfg')).toBe('new');
  expect(await textOf(tree, 'boot/vmlinuz')).toBe('old boot/vmlinuz');
});

test('a file that is put takes the place of the one that is there', async () => {
  const tree = overlayTree(treeOf('boot/vmlinuz'), { put: [put('boot/vmlinuz')], remove: [] });
  expect(await textOf(tree, 'boot/vmlinuz')).toBe('new');
});

test('a folder goes with its last file', () => {
  const tree = overlayTree(treeOf('liveos/deep/rootfs.img', 'boot/vmlinuz'), {
    put: [],
    remove: ['liveos/deep/rootfs.img'],
  });
  expect(pathsOf(tree)).toEqual(['boot', 'boot/vmlinuz']);
});

test('a file cannot be put where a folder is, nor below a file', () => {
  const tree = treeOf('boot/vmlinuz');
  expect(() => overlayTree(tree, { put: [put('boot')], remove: [] })).toThrow('two files would both become boot');
  expect(() => overlayTree(tree, { put: [put('boot/vmlinuz/x')], remove: [] })).toThrow('become boot/vmlinuz');
});

test('of several changes, the later one counts', () => {
  const changes = together({ put: [put('a', '1')], remove: ['b'] }, { put: [put('b', '2')], remove: ['a'] });
  expect(changes.put.map(({ path }) => path)).toEqual(['b']);
  expect(changes.remove).toEqual(['a']);
  expect(together(noChanges, noChanges)).toEqual(noChanges);
});

test('folders always come before what is in them, sorted by name, whatever is put and removed', () => {
  const name = fc.constantFrom('a', 'a-b', 'a.b', 'b', 'B');
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
  fc.assert(
    fc.property(fc.array(path, { maxLength: 8 }), fc.array(path, { maxLength: 8 }), (before, removed) => {
      let tree = empty;
      for (const each of before) {
        try {
          tree = overlayTree(tree, { put: [put(each)], remove: [] });
        } catch {
          // A file where a folder is.
        }
      }
      const files = tree.entries.filter(({ kind }) => kind === 'file').map(({ path: found }) => found);
      tree = overlayTree(tree, { put: [], remove: removed.filter((each) => files.includes(each)) });
      const left = files.filter((each) => !removed.includes(each));
      for (const each of left) expect(tree.find(each)?.kind).toBe('file');
      const folders = new Set(left.flatMap((each) => each.split('/').map((_, at, all) => all.slice(0, at).join('/'))));
      expect(pathsOf(tree).toSorted()).toEqual(
        [...new Set([...left, ...folders])].filter((each) => each !== '').toSorted(),
      );
    }),
    { numRuns: 300, seed: 7 },
  );
});
