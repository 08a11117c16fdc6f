import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checksumHolds } from '../../src/disc/checksum.ts';
import { implantChecksum } from '../../src/disc/implant.ts';
import { bytesSource } from '../../src/platform/files.ts';
import { describeWith } from '../support/programs.ts';
import { tinyLiveOs } from '../support/tiny-liveos.ts';
import { discFolder, noise } from './discs.ts';

/** An image of so many sectors by its own word, and of `extraBytes` more. */
function imageOf(sectors: number, extraBytes = 0): Buffer {
  const small = tinyLiveOs();
  const image = Buffer.concat([small, noise(Math.max(0, sectors * 2048 + extraBytes - small.byteLength))]);
  image.writeUInt32LE(sectors, 16 * 2048 + 80);
  image.writeUInt32BE(sectors, 16 * 2048 + 84);
  return image;
}

function holds(bytes: Uint8Array): Promise<boolean> {
  return checksumHolds(bytesSource(bytes), {});
}

const smallest = Math.ceil(tinyLiveOs().byteLength / 2048);
const sizes = [
  ['of a round size', 1024, 0],
  ['whose fragments end within a read', 1111, 0],
  // isomd5sum itself takes such a small one for broken.
  ['so small that reads skip fragments', smallest, 0],
  ['with more bytes than its volume', 700, 5000],
  ['that ends within a sector', 700, 777],
  ['of some megabytes', 5003, 0],
] as const;

describeWith({ programs: ['implantisomd5', 'checkisomd5'] }, 'beside isomd5sum', () => {
  for (const [title, sectors, extraBytes] of sizes) {
    test(`the checksum of an image ${title} is byte for byte the same, and is found right`, async () => {
      const folder = discFolder();
      const [theirs, ours] = [join(folder, 'theirs.iso'), join(folder, 'ours.iso')];
      writeFileSync(theirs, imageOf(sectors, extraBytes));
      copyFileSync(theirs, ours);
      execFileSync('implantisomd5', ['--force', theirs]);
      await implantChecksum(ours);
      expect(readFileSync(ours).equals(readFileSync(theirs))).toBe(true);
      expect(spawnSync('checkisomd5', [ours]).status).toBe(sectors === smallest ? 1 : 0);
      expect(await holds(readFileSync(ours))).toBe(true);
      await implantChecksum(ours);
      expect(readFileSync(ours).equals(readFileSync(theirs))).toBe(true);
    });
  }

  test('an image that a vendor supports has a right checksum, too', async () => {
    const path = join(discFolder(), 'image.iso');
    writeFileSync(path, imageOf(1000));
    execFileSync('implantisomd5', ['--force', '--supported-iso', path]);
    expect(await holds(readFileSync(path))).toBe(true);
  });

  test('one bit that changed is noticed by both', async () => {
    const path = join(discFolder(), 'image.iso');
    writeFileSync(path, imageOf(1000));
    await implantChecksum(path);
    const bytes = readFileSync(path);
    bytes[500 * 2048] = (bytes[500 * 2048] ?? 0) ^ 4;
    writeFileSync(path, bytes);
    expect(await holds(bytes)).toBe(false);
    expect(spawnSync('checkisomd5', [path]).status).toBe(1);
  });
});

test('an image without a checksum has none that holds', async () => {
  expect(await holds(imageOf(1000))).toBe(false);
  expect(await holds(Buffer.alloc(100))).toBe(false);
});

test('what is no ISO is named, and left as it is', async () => {
  const path = join(discFolder(), 'image.iso');
  for (const bytes of [noise(100_000), Buffer.alloc(0), noise(34_000)]) {
    writeFileSync(path, bytes);
    await expect(implantChecksum(path)).rejects.toMatchObject({ code: 'ISO_NOT_ISO9660' });
    expect(readFileSync(path).equals(bytes)).toBe(true);
  }
  await expect(implantChecksum(`${path}.absent`)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
});

test('an image that says it is larger than it is gets the sum of what is there, and does not hang', async () => {
  const path = join(discFolder(), 'image.iso');
  writeFileSync(path, imageOf(1000));
  truncateSync(path, 900 * 2048);
  await implantChecksum(path);
  expect(await holds(readFileSync(path))).toBe(true);
});

test('an abort ends it', async () => {
  const path = join(discFolder(), 'image.iso');
  writeFileSync(path, imageOf(1000));
  await expect(implantChecksum(path, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
});
