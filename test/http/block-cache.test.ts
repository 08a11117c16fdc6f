import { expect, it } from 'vitest';
import { BlockCache, blockBytes, type OpenFile } from '../../src/http/block-cache.ts';
import { type ByteSource, bytesSource } from '../../src/platform/files.ts';

/** Counts what is read of it, and can break. */
class CountingDisk implements ByteSource {
  readonly #source: ByteSource;
  readonly reads: number[] = [];
  isBroken = false;

  constructor(bytes: Uint8Array) {
    this.#source = bytesSource(bytes);
  }

  get sizeBytes(): number {
    return this.#source.sizeBytes;
  }

  async read(into: Uint8Array, positionBytes: number): Promise<number> {
    this.reads.push(positionBytes / blockBytes);
    await new Promise((resolve) => setImmediate(resolve));
    if (this.isBroken) throw new Error('the disk is broken');
    return this.#source.read(into, positionBytes);
  }

  close(): Promise<void> {
    return this.#source.close();
  }
}

function open(sha256: string, source: ByteSource): OpenFile {
  return { sha256, sizeBytes: source.sizeBytes, source };
}

function fileOf(blocks: number): CountingDisk {
  const bytes = new Uint8Array(blocks * blockBytes);
  for (let index = 0; index < blocks; index++) bytes.fill(index + 1, index * blockBytes);
  return new CountingDisk(bytes);
}

/** Reads a block, and gives it back at once. */
async function read(cache: BlockCache, file: OpenFile, index: number): Promise<Buffer> {
  const loan = cache.lend(file, index);
  if (loan === undefined) throw new Error('every block is in use');
  loan.giveBack();
  return loan.bytes;
}

it('many who read one block at once cost one read', async () => {
  const cache = new BlockCache(4 * blockBytes);
  const disk = fileOf(2);
  const blocks = await Promise.all(Array.from({ length: 100 }, () => read(cache, open('a', disk), 1)));
  expect(disk.reads).toEqual([1]);
  expect(new Set(blocks).size).toBe(1);
  expect(blocks[0]?.every((byte) => byte === 2)).toBe(true);
});

it('keeps no more than it may, and what was used last', async () => {
  const cache = new BlockCache(2 * blockBytes);
  const disk = fileOf(3);
  for (const index of [0, 1, 0, 2, 0, 1]) await read(cache, open('a', disk), index);
  expect(disk.reads).toEqual([0, 1, 2, 1]);
});

it('what is in use is counted, and stays while others come and go', async () => {
  const cache = new BlockCache(2 * blockBytes);
  const disk = fileOf(4);
  const held = cache.lend(open('a', disk), 0);
  for (const index of [1, 2, 0, 1]) await read(cache, open('a', disk), index);
  expect(disk.reads).toEqual([0, 1, 2, 1]);
  const other = cache.lend(open('a', disk), 3);
  expect(cache.lend(open('a', disk), 1)).toBeUndefined();
  expect(cache.lend(open('a', disk), 0)?.bytes).toBe(held?.bytes);
  await other?.bytes;
  other?.giveBack();
  expect((await read(cache, open('a', disk), 1))[0]).toBe(2);
});

it('what is being read is in use, also where nobody waits for it any more', async () => {
  const cache = new BlockCache(blockBytes);
  const disk = fileOf(2);
  const given = cache.lend(open('a', disk), 0);
  given?.giveBack();
  expect(cache.lend(open('a', disk), 1)).toBeUndefined();
  expect((await given?.bytes)?.[0]).toBe(1);
  expect((await read(cache, open('a', disk), 1))[0]).toBe(2);
});

it('the memory of what is forgotten is used again, and only when it was given back', async () => {
  const cache = new BlockCache(2 * blockBytes);
  const disk = fileOf(4);
  const held = cache.lend(open('a', disk), 0);
  const [first, second] = [await held?.bytes, await read(cache, open('a', disk), 1)];
  const third = await read(cache, open('a', disk), 2);
  expect(third.buffer).toBe(second.buffer);
  expect(first?.every((byte) => byte === 1)).toBe(true);
  held?.giveBack();
  expect((await read(cache, open('a', disk), 3)).buffer).toBe(first?.buffer);
});

it('bytes are counted, not files: a thousand menus do not drive an ISO out', async () => {
  const cache = new BlockCache(2 * blockBytes);
  const disk = fileOf(1);
  await read(cache, open('iso', disk), 0);
  for (let index = 0; index < 1000; index += 1) {
    await read(cache, open(`menu-${index}`, bytesSource(new Uint8Array(1000).fill(7))), 0);
  }
  await read(cache, open('iso', disk), 0);
  expect(disk.reads).toEqual([0]);
});

it('reads ahead where that takes nothing away from others who read', async () => {
  const cache = new BlockCache(4 * blockBytes);
  const disk = fileOf(4);
  await cache.prepare(open('a', disk), 1, 2);
  const held = cache.lend(open('a', disk), 0);
  await held?.bytes;
  await cache.prepare(open('a', disk), 2, 2);
  const other = cache.lend(open('b', fileOf(1)), 0);
  await other?.bytes;
  await cache.prepare(open('a', disk), 3, 2);
  expect(disk.reads).toEqual([1, 0, 2]);
});

it('a block that could not be read ahead is no error until somebody wants it', async () => {
  const cache = new BlockCache(4 * blockBytes);
  const disk = fileOf(1);
  disk.isBroken = true;
  await cache.prepare(open('a', disk), 0, 1);
  disk.isBroken = false;
  expect((await read(cache, open('a', disk), 0))[0]).toBe(1);
});

it('tells files apart by their hashes', async () => {
  const cache = new BlockCache(4 * blockBytes);
  const [one, other] = [fileOf(1), new CountingDisk(new Uint8Array(10).fill(9))];
  expect((await read(cache, open('a', one), 0))[0]).toBe(1);
  expect(await read(cache, open('b', other), 0)).toEqual(Buffer.alloc(10, 9));
});

it('a read that failed is tried again by the next one', async () => {
  const cache = new BlockCache(4 * blockBytes);
  const disk = fileOf(1);
  disk.isBroken = true;
  await expect(read(cache, open('a', disk), 0)).rejects.toThrow('broken');
  disk.isBroken = false;
  expect((await read(cache, open('a', disk), 0))[0]).toBe(1);
});

it('a file that is shorter than it was said to be is an error, not a shorter block', async () => {
  const cut: OpenFile = { ...open('a', bytesSource(new Uint8Array(5))), sizeBytes: 10 };
  await expect(read(new BlockCache(blockBytes), cut, 0)).rejects.toThrow('ended at byte 5');
});
