import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { activate } from '../../src/release/activate.ts';
import { ReleaseCatalog } from '../../src/release/catalog.ts';
import { rootLayout } from '../../src/release/layout.ts';
import { writeRelease } from '../support/small-release.ts';
import { temporaryFolder } from './folder.ts';

it('what becomes active, or is removed, is noticed by who asks next, however much was asked before', async () => {
  const root = join(temporaryFolder(), 'root');
  const [first, second] = [await writeRelease(root, 'first'), await writeRelease(root, 'second')];
  const layout = rootLayout(root);
  const catalog = new ReleaseCatalog(layout);
  expect(catalog.activeId).toBeUndefined();
  for (const { id, folder } of [first, second]) {
    await activate(layout, id);
    expect([catalog.activeId, catalog.activeId]).toEqual([id, id]);
    expect(catalog.get(id)).toBe(catalog.get(id));
    await rm(folder, { recursive: true });
    expect(catalog.get(id)).toBeUndefined();
  }
});
