import type { ByteSource } from '../platform/files.ts';
import type { Room } from './room.ts';
import type { Watched } from './spool.ts';

/** Something packed, and what is needed to unpack it. */
export interface Layer extends Watched {
  /** The file as the user named it, for errors. */
  readonly path: string;
  /** Where its bytes are. */
  readonly file: string;
  readonly source: ByteSource;
  readonly room: Room;
}

/** A source that tells how far it was read; what is read again does not count. */
export function countedSource({ source, onBytes }: Layer): ByteSource {
  let seen = 0;
  return {
    sizeBytes: source.sizeBytes,
    async read(into, positionBytes) {
      const count = await source.read(into, positionBytes);
      const more = positionBytes + count - seen;
      if (more > 0) {
        seen += more;
        onBytes?.(more, source.sizeBytes);
      }
      return count;
    },
    close: async () => {},
  };
}
