import { type FileHandle, open } from 'node:fs/promises';
import { both32 } from '../iso/tiny-iso.ts';
import { tinyLiveOs } from './tiny-liveos.ts';
import { namedFile } from './tiny-tree.ts';

const blockBytes = 2048;
const liveBlock = 100_000;
/** The largest that one extent can be, in whole blocks. */
const extentBytes = 4 * 1024 ** 3 - blockBytes;

/**
 * Writes an image with a live filesystem of two extents, beyond where 32 bits count bytes.
 *
 * @param liveBytes more than 4 GiB, in whole blocks
 * @param fill writes the live filesystem from that offset of the file on; without it, it is a hole on the disk
 */
export async function writeLargeImage(
  path: string,
  liveBytes: number,
  fill?: (file: FileHandle, offsetBytes: number) => Promise<void>,
): Promise<void> {
  const identifier = 'ROOTFS.IMG;1';
  const systemUse = namedFile('rootfs.img');
  const rootfs = [
    { identifier, systemUse, flags: 0x80, block: liveBlock, sizeBytes: extentBytes },
    { identifier, systemUse, block: liveBlock + extentBytes / blockBytes, sizeBytes: liveBytes - extentBytes },
  ];
  const liveos = { identifier: 'LIVEOS', systemUse: namedFile('liveos'), children: rootfs };
  const blocks = liveBlock + liveBytes / blockBytes;
  const bytes = tinyLiveOs({ 'liveos/rootfs.img': null }, [liveos]);
  bytes.set(both32(blocks), 16 * blockBytes + 80);
  const file = await open(path, 'wx');
  try {
    await file.write(bytes);
    await fill?.(file, liveBlock * blockBytes);
    await file.truncate(blocks * blockBytes);
  } finally {
    await file.close();
  }
}
