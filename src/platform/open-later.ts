import type { ByteSource } from './files.ts';
import { openFile } from './files-node.ts';

/** A file that is opened when it is first read, so that many can be named without holding a descriptor of each. */
export function openLater(path: string, sizeBytes: number): ByteSource {
  let opened: Promise<ByteSource> | undefined;
  return {
    sizeBytes,
    async read(into, positionBytes) {
      opened ??= openFile(path);
      return (await opened).read(into, positionBytes);
    },
    async close() {
      await (await opened?.catch(() => undefined))?.close();
      opened = undefined;
    },
  };
}
