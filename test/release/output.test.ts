import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { OutputFormat } from '../../src/image-config/config.ts';
import { deliver } from '../../src/release/deliver.ts';
import { describeWith } from '../support/programs.ts';
import { tinyLiveOs } from '../support/tiny-liveos.ts';
import type { Parts } from '../support/tiny-tree.ts';
import { contentsOf, requireWhole, sha256, temporaryFolder } from './folder.ts';

function putImage(folder: string, changes: Parts = {}): string {
  const path = join(folder, 'image.iso');
  writeFileSync(path, tinyLiveOs(changes));
  return path;
}

async function build(image: string, output: string, format: OutputFormat = 'pxe-dir', signal?: AbortSignal) {
  return (await deliver({ image, kernelArguments: [], signal }, output, format)).manifest;
}

test('building again changes nothing', async () => {
  const here = temporaryFolder();
  const image = putImage(here);
  const output = join(here, 'out');
  const first = await build(image, output);
  const before = contentsOf(here);
  utimesSync(image, 1, 1);
  expect(await build(image, output)).toEqual(first);
  expect(contentsOf(here)).toEqual(before);
});

test('the folder that came out of an image replaces that of an earlier one, with nothing left of it', async () => {
  const here = temporaryFolder();
  const output = join(here, 'out');
  await build(putImage(here, { 'artifacts/old': 'x' }), output);
  const second = await build(putImage(here, { 'artifacts/new': 'y' }), output);
  expect(requireWhole(output)).toEqual(second);
  expect(existsSync(join(output, 'artifacts/old'))).toBe(false);
  expect(readdirSync(here).sort()).toEqual(['image.iso', 'out']);
});

test('whoever reads the output while it is replaced always finds one', async () => {
  const here = temporaryFolder();
  const output = join(here, 'out');
  const images = ['one', 'two'].map((name) => {
    const folder = join(here, name);
    mkdirSync(folder);
    return putImage(folder, { name });
  });
  await build(images[0] as string, output);
  let done = false;
  let reads = 0;
  const reading = (async () => {
    while (!done) {
      await readFile(join(output, 'name'));
      reads += 1;
    }
  })();
  for (let count = 0; count < 10; count += 1) await build(images[count % 2] as string, output);
  done = true;
  await reading;
  expect(reads).toBeGreaterThan(10);
});

test('an ISO can be built out of the very output that it came into', async () => {
  const here = temporaryFolder();
  const output = join(here, 'out');
  const first = await build(putImage(here), output);
  expect(await build(join(output, 'image.iso'), output)).toEqual(first);
  requireWhole(output);
});

test('an output that is a symbolic link stays one, and what it leads to is replaced', async () => {
  const here = temporaryFolder();
  const image = putImage(here);
  mkdirSync(join(here, 'elsewhere/out'), { recursive: true });
  symlinkSync('elsewhere/out', join(here, 'link'));
  await build(image, join(here, 'link'));
  await build(image, join(here, 'link'));
  expect(realpathSync(join(here, 'link'))).toBe(join(realpathSync(here), 'elsewhere/out'));
  requireWhole(join(here, 'elsewhere/out'));
  expect(readdirSync(join(here, 'elsewhere'))).toEqual(['out']);
});

test('the ISO in the output is a file of its own: writing into the original leaves it alone', async () => {
  const here = temporaryFolder();
  const image = putImage(here);
  await build(image, join(here, 'out'));
  expect(statSync(join(here, 'out/image.iso')).ino).not.toBe(statSync(image).ino);
  writeFileSync(image, 'something else', { flag: 'r+' });
  requireWhole(join(here, 'out'));
});

test('what another build is making at this moment is not removed', async () => {
  const here = temporaryFolder();
  const image = putImage(here);
  const output = join(here, 'out');
  let stagings: string[] = [];
  const inner: Promise<unknown>[] = [];
  const onProgress = ({ phase }: { phase: string }) => {
    if (phase !== 'check') return;
    inner.push(build(image, output));
    stagings = readdirSync(here).filter((name) => name.startsWith('.out.'));
  };
  await deliver({ image, kernelArguments: [], onProgress }, output, 'pxe-dir');
  await Promise.all(inner);
  expect(stagings).toHaveLength(1);
  requireWhole(output);
  expect(readdirSync(here).sort()).toEqual(['image.iso', 'out']);
});

test('an output that a killed build had set aside comes back, even if the next build fails', async () => {
  const here = temporaryFolder();
  const image = putImage(here);
  const output = join(here, 'out');
  await build(image, output);
  const stale = mkdtempSync(join(here, '.out.bootwright-'));
  execFileSync('mv', [output, join(stale, 'earlier')]);
  writeFileSync(image, 'no image any more');
  await expect(build(image, output)).rejects.toMatchObject({ code: 'ISO_NOT_ISO9660' });
  requireWhole(output);
  expect(readdirSync(here).sort()).toEqual(['image.iso', 'out']);
});

test('folders of the user whose names look like ours stay', async () => {
  const here = temporaryFolder();
  const image = putImage(here);
  const names = ['.out.bootwright-mine', '.out.bootwright-notes-2024', '.out2.bootwright-abcdef'];
  for (const name of names) mkdirSync(join(here, name));
  await build(image, join(here, 'out'));
  expect(readdirSync(here).sort()).toEqual([...names, 'image.iso', 'out'].sort());
});

describeWith({ programs: ['tar'] }, 'as an archive', () => {
  test('it holds what the folder holds, byte for byte, with modes and links', async () => {
    const here = temporaryFolder();
    const long = `artifacts/${'deep/'.repeat(30)}${'x'.repeat(120)}`;
    const image = putImage(here, { [long]: 'far away', 'artifacts/größe': 'ü' });
    await build(image, join(here, 'out'));
    await build(image, join(here, 'out.tar'), 'pxe-tar');
    mkdirSync(join(here, 'unpacked'));
    execFileSync('tar', ['-xpf', join(here, 'out.tar'), '-C', join(here, 'unpacked')]);
    requireWhole(join(here, 'unpacked'));
    const files = (folder: string) =>
      Object.entries(contentsOf(join(here, folder))).filter(([path]) => !path.endsWith('/'));
    expect(files('unpacked')).toEqual(files('out'));
  });

  test('it has the same bytes on every run, and replaces an earlier one', async () => {
    const here = temporaryFolder();
    const output = join(here, 'out.tar');
    await build(putImage(here, { 'artifacts/old': 'x' }), output, 'pxe-tar');
    const image = putImage(here);
    await build(image, output, 'pxe-tar');
    const first = sha256(readFileSync(output));
    await new Promise((resolve) => setTimeout(resolve, 1100));
    utimesSync(image, 1, 1);
    await build(image, output, 'pxe-tar');
    expect(sha256(readFileSync(output))).toBe(first);
    expect(readdirSync(here).sort()).toEqual(['image.iso', 'out.tar']);
  });

  test('an archive of the user is not replaced, even if it begins with some manifest.json', async () => {
    const here = temporaryFolder();
    const image = putImage(here);
    writeFileSync(join(here, 'manifest.json'), '[{"Config":"x","RepoTags":["app:latest"]}]');
    execFileSync('tar', ['-cf', join(here, 'app.tar'), '-C', here, 'manifest.json']);
    const before = contentsOf(here);
    const building = build(image, join(here, 'app.tar'), 'pxe-tar');
    await expect(building).rejects.toMatchObject({ code: 'OUTPUT_NOT_OURS' });
    expect(contentsOf(here)).toEqual(before);
  });

  test('a stop while it is packed leaves nothing', async () => {
    const here = temporaryFolder();
    const image = putImage(here, { 'artifacts/large': Buffer.alloc(32 * 1024 * 1024, 'x') });
    const stop = new AbortController();
    const building = build(image, join(here, 'out.tar'), 'pxe-tar', stop.signal);
    const watching = setInterval(() => {
      const staging = readdirSync(here).find((name) => name.startsWith('.out.tar.'));
      if (staging !== undefined && existsSync(join(here, staging, 'release.tar'))) stop.abort();
    }, 1);
    await expect(building).rejects.toMatchObject({ name: 'AbortError' });
    clearInterval(watching);
    expect(readdirSync(here)).toEqual(['image.iso']);
  });
});

describeWith({ programs: ['unshare', 'mount'], root: true }, 'on a disk of its own', () => {
  const main = join(import.meta.dirname, '../../src/cli/main.ts');

  /** Runs a build with its output on a small disk, which only this build can see. */
  function onDisk(image: string, sizeBytes: number, before: string, output: string) {
    const disk = temporaryFolder();
    const script = `
      mount -t tmpfs -o size=${sizeBytes} tmpfs ${disk} || exit 99
      ${before.replaceAll('DISK', disk)}
      ${process.execPath} ${main} build ${image} --output ${disk}/${output} >/dev/null
      echo "exit $?"
      ls -A ${disk}`;
    const report = join(temporaryFolder(), 'errors');
    const text = execFileSync('unshare', ['-m', 'sh', '-c', `(${script}) 2>${report}`], { encoding: 'utf8' });
    return { lines: text.trim().split('\n'), errors: readFileSync(report, 'utf8'), disk };
  }

  test('a full one is named, and has as much room afterwards as before', () => {
    const image = putImage(temporaryFolder(), { 'liveos/rootfs.img': Buffer.alloc(2 * 1024 * 1024, 'x') });
    const { lines, errors, disk } = onDisk(image, 1024 * 1024, '', 'out');
    expect(lines).toEqual(['exit 4']);
    expect(errors).toContain('OUTPUT_FULL');
    expect(errors).toContain(`no space left for ${disk}/out`);
  });

  test('a full one keeps the earlier output', () => {
    const here = temporaryFolder();
    const image = putImage(here);
    const large = join(here, 'large');
    mkdirSync(large);
    const largeImage = putImage(large, { 'liveos/rootfs.img': Buffer.alloc(2 * 1024 * 1024, 'x') });
    const first = `${process.execPath} ${main} build ${image} --output DISK/out >/dev/null; sha256sum DISK/out/image.iso | cut -c1-64`;
    const { lines } = onDisk(largeImage, 1024 * 1024, first, 'out');
    expect(lines).toEqual([sha256(readFileSync(image)), 'exit 4', 'out']);
  });

  test('one that is read-only is named', () => {
    const image = putImage(temporaryFolder());
    const { lines, errors } = onDisk(image, 1024 * 1024, 'mount -o remount,ro DISK', 'out');
    expect(lines).toEqual(['exit 4']);
    expect(errors).toContain('OUTPUT_UNWRITABLE');
    expect(errors).toContain('read-only');
  });

  test('an output that is the disk itself is refused with the reason, since it cannot be replaced', () => {
    const image = putImage(temporaryFolder());
    const { lines, errors } = onDisk(image, 1024 * 1024, '', '');
    expect(lines).toEqual(['exit 4']);
    expect(errors).toContain('OUTPUT_UNWRITABLE');
    expect(errors).toContain('mounted');
  });
});

test('parents that were made for the output go with a build that fails, but not those that were there', async () => {
  const here = temporaryFolder();
  mkdirSync(join(here, 'there'));
  writeFileSync(join(here, 'image.iso'), 'no image');
  await build(join(here, 'image.iso'), join(here, 'there/new/newer/out')).catch(() => {});
  expect(readdirSync(here).sort()).toEqual(['image.iso', 'there']);
  expect(readdirSync(join(here, 'there'))).toEqual([]);
  rmSync(join(here, 'there'), { recursive: true });
});
