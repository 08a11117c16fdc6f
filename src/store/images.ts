import type { BuiltImage, BuiltImages } from '../release/watch.ts';
import type { Store } from './database.ts';

/** What was built of images/, in the store. */
export function storedImages(store: Store): BuiltImages {
  return {
    async find(path) {
      const row = await store.selectFrom('images').selectAll().where('path', '=', path).executeTakeFirst();
      return (
        row && {
          path,
          sizeBytes: Number(row.size_bytes),
          modifiedMs: Number(row.modified_ms),
          recipe: row.recipe,
          releaseId: row.release_id,
        }
      );
    },

    async save({ path, sizeBytes, modifiedMs, recipe, releaseId }: BuiltImage) {
      const row = { size_bytes: sizeBytes, modified_ms: modifiedMs, recipe, release_id: releaseId };
      await store
        .insertInto('images')
        .values({ path, ...row })
        .onConflict((conflict) => conflict.column('path').doUpdateSet(row))
        .execute();
    },
  };
}
