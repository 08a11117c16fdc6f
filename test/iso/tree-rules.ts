import { expect } from 'vitest';
import { BootwrightError } from '../../src/errors.ts';
import type { ImageTree } from '../../src/iso/tree.ts';
import type { ByteSource } from '../../src/platform/files.ts';

/** What holds of every tree that was read, however hostile its image was. */
export async function expectSafeTree(tree: ImageTree, source: ByteSource): Promise<void> {
  const paths = new Set<string>();
  const directories = new Set(['']);
  for (const { path, kind, extents, sizeBytes, mode } of tree.entries) {
    const names = path.split('/');
    for (const name of names) expect(name).not.toMatch(/^\.{0,2}$|\0/);
    expect(directories).toContain(names.slice(0, -1).join('/'));
    expect(paths).not.toContain(path);
    paths.add(path);
    if (kind === 'directory') directories.add(path);
    expect(mode & ~0o7777).toBe(0);
    expect(extents.reduce((sum, extent) => sum + extent.sizeBytes, 0)).toBe(sizeBytes);
    for (const { offsetBytes, sizeBytes: size } of extents)
      expect(offsetBytes + size).toBeLessThanOrEqual(source.sizeBytes);
  }
  for (const entry of tree.entries) {
    const found = tree.find(entry.path);
    if (entry.kind !== 'symlink') expect(found).toBe(entry);
    if (entry.kind !== 'file') continue;
    const piece = new Uint8Array(Math.min(entry.sizeBytes, 100_000));
    expect(await tree.open(entry).read(piece, 0)).toBe(piece.byteLength);
  }
}

/** Awaits what reads hostile bytes: it must end with a result or a BootwrightError, and soon. */
export async function outcomeOf<Result>(reading: Promise<Result>, withinMs = 5000): Promise<Result | BootwrightError> {
  const started = performance.now();
  try {
    return await reading;
  } catch (error) {
    expect(error).toBeInstanceOf(BootwrightError);
    return error as BootwrightError;
  } finally {
    expect(performance.now() - started).toBeLessThan(withinMs);
  }
}
