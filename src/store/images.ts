import type { Store } from './database.ts';

/** What became of one ISO in images/. */
export interface KnownImage {
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Absent where it could not be used; `error` says why. */
  readonly releaseId?: string;
  readonly error?: string;
}

export async function findImage(store: Store, path: string): Promise<KnownImage | undefined> {
  const row = await store.selectFrom('images').selectAll().where('path', '=', path).executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    path,
    sizeBytes: Number(row.size_bytes),
    modifiedMs: Number(row.modified_ms),
    ...(row.release_id === null ? {} : { releaseId: row.release_id }),
    ...(row.error === null ? {} : { error: row.error }),
  };
}

export async function saveImage(store: Store, image: KnownImage): Promise<void> {
  const row = {
    size_bytes: image.sizeBytes,
    modified_ms: image.modifiedMs,
    release_id: image.releaseId ?? null,
    error: image.error ?? null,
  };
  await store
    .insertInto('images')
    .values({ path: image.path, ...row })
    .onConflict((conflict) => conflict.column('path').doUpdateSet(row))
    .execute();
}
