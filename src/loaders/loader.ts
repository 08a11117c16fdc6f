import type { Asker, BootFile } from '../boot/files.ts';

/** One loader that is no part of a release. */
export interface Loader {
  /** Its name below `loaders/`. */
  readonly file: string;
  /** Why it is not there, and what to install; continues "could not be made: …". `undefined`: it is there. */
  readonly why: string | undefined;
  /** Only where it is there. Throws LOADER_NOT_MADE, FILE_UNREADABLE. */
  open(asker: Asker): Promise<BootFile | undefined>;
}
