import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { describeWith } from '../support/programs.ts';
import { tinyLiveOs } from '../support/tiny-liveos.ts';
import { codeOf, newFolder, pack, withImage } from './opened.ts';

const iso = tinyLiveOs();
const large = Buffer.concat([iso, Buffer.alloc(20_000_000)]);

function file(bytes: Uint8Array): string {
  const path = join(newFolder(), 'image');
  writeFileSync(path, bytes);
  return path;
}

describe('what unpacks to more than allowed', () => {
  test('is refused while it grows, with the limit and the setting', async () => {
    const limits = { unpackedBytes: 1_000_000 };
    const scratch = newFolder();
    const opening = withImage(file(zstdCompressSync(large)), () => {}, { limits, scratch });
    await expect(opening).rejects.toMatchObject({
      code: 'INPUT_TOO_LARGE',
      data: { limitBytes: limits.unpackedBytes },
    });
    await expect(opening).rejects.toMatchObject({ remedy: expect.stringContaining('--max-size') });
    expect(readdirSync(scratch)).toEqual([]);
  });

  test('counts all of its layers, but not those that are gone', async () => {
    const twice = file(gzipSync(gzipSync(large)));
    expect(await codeOf(twice, { limits: { unpackedBytes: large.byteLength + 100_000 } })).toBe('none');
    expect(await codeOf(twice, { limits: { unpackedBytes: large.byteLength - 1 } })).toBe('INPUT_TOO_LARGE');
  });

  test('takes no memory by it', async () => {
    // 1 GiB of zeros, 1 MB packed.
    const zeros = gzipSync(Buffer.alloc(16 * 1024 ** 2));
    const bomb = file(Buffer.concat([gzipSync(iso), ...Array(64).fill(zeros)]));
    const before = process.memoryUsage.rss();
    expect(await codeOf(bomb, { limits: { unpackedBytes: 300 * 1024 ** 2 } })).toBe('INPUT_TOO_LARGE');
    expect(process.memoryUsage.rss() - before).toBeLessThan(150 * 1024 ** 2);
  });
});

describeWith({ programs: ['xz'] }, 'an opening that is stopped', () => {
  const packers: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
    gzip: (bytes) => gzipSync(bytes, { level: 1 }),
    zstd: (bytes) => zstdCompressSync(bytes),
    xz: (bytes) => pack(['xz', '-0c'], bytes),
  };

  test.each(Object.keys(packers))('ends at once: %s', async (packing) => {
    const path = file(packers[packing]?.(Buffer.concat([iso, randomBytes(5_000_000)])) ?? iso);
    const abort = new AbortController();
    const scratch = newFolder();
    let count = 0;
    const onBytes = () => {
      if (++count === 10) abort.abort(new Error('enough'));
    };
    const opening = withImage(path, () => {}, { signal: abort.signal, onBytes, scratch });
    await expect(opening).rejects.toThrow('enough');
    expect(readdirSync(scratch)).toEqual([]);
  });

  test('before it began', async () => {
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(withImage(file(iso), () => {}, { signal })).rejects.toThrow('too late');
  });
});

describeWith({ programs: ['unshare', 'mount', 'xz', '7zz', 'zip'], root: true }, 'a disk of 16 MiB', () => {
  /** Opens an image with its scratch folder on a small disk; what came of it, and what is left there. */
  function openOnSmallDisk(path: string): string {
    const disk = newFolder();
    const module = join(import.meta.dirname, '../../src/input/open-image.ts');
    const script = `
      import { mkdirSync, readdirSync, statfsSync } from 'node:fs';
      import { openImage } from ${JSON.stringify(module)};
      mkdirSync('${disk}/scratch');
      const outcome = await openImage(process.argv[1], { scratch: async () => '${disk}/scratch' }).then(
        async (image) => (await image.close(), image.kind),
        (error) => error.code + ' ' + error.exitStatus,
      );
      const { bavail, blocks } = statfsSync('${disk}');
      const files = readdirSync('${disk}', { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
      console.log(outcome, 'files:', files.length, 'free:', bavail > blocks / 25);
    `;
    const command = `mount -t tmpfs -o size=16m none "$0" && exec "$@"`;
    const node = [process.execPath, '--input-type=module', '-e', script, path];
    return execFileSync('unshare', ['-m', 'sh', '-c', command, disk, ...node], { encoding: 'utf8' }).trim();
  }

  test('takes what fits', () => {
    expect(openOnSmallDisk(file(gzipSync(iso)))).toBe('iso files: 1 free: true');
  });

  test.each([
    ['gzip', () => gzipSync(large)],
    ['xz', () => pack(['xz', '-0c'], large)],
    ['7z', () => archive('a.7z', ['7zz', 'a', '-bso0', '-mx1'])],
    ['zip', () => archive('a.zip', ['zip', '-q'])],
  ])('is not filled by what does not: %s', (_, packed) => {
    expect(openOnSmallDisk(file(packed()))).toBe('INPUT_NO_ROOM 4 files: 0 free: true');
  });

  function archive(name: string, [program = '', ...options]: readonly string[]): Buffer {
    const folder = newFolder();
    writeFileSync(join(folder, 'a.iso'), large);
    execFileSync(program, [...options, name, 'a.iso'], { cwd: folder });
    return execFileSync('cat', [name], { cwd: folder });
  }
});
