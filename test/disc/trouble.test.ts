import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { DiscChanges } from '../../src/disc/changes.ts';
import { remaster } from '../../src/disc/remaster.ts';
import { BootwrightError } from '../../src/errors.ts';
import { mutate, mutations } from '../iso/mutations.ts';
import { describeWith } from '../support/programs.ts';
import { discFolder, discPrograms, file, makeDisc, noise } from './discs.ts';

/** Lets a shell script be called xorriso, or nothing at all, until the test is over. */
function insteadOfXorriso(script?: string): void {
  const programs = mkdtempSync(join(tmpdir(), 'bootwright-programs-'));
  if (script !== undefined) writeFileSync(join(programs, 'xorriso'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const before = process.env['PATH'] ?? '';
  process.env['PATH'] = programs;
  onTestFinished(() => {
    process.env['PATH'] = before;
    rmSync(programs, { recursive: true });
  });
}

const one: DiscChanges = { put: [file('new', 'new')], remove: [] };

describeWith({ programs: discPrograms }, 'an ISO that cannot be written anew', () => {
  /** A disc and where the new one should have come; nothing but the disc may be left. */
  async function refused(changes: DiscChanges, code: string, data: object = {}, script?: string | null) {
    const folder = discFolder();
    const input = makeDisc(folder, 'hybrid');
    const place = join(folder, 'place');
    mkdirSync(place);
    if (script !== undefined) insteadOfXorriso(script ?? undefined);
    const output = join(place, 'out.iso');
    await expect(remaster(input, changes, output)).rejects.toMatchObject({ code, data });
    expect(readdirSync(place)).toEqual([]);
  }

  for (const [title, label] of [
    ['empty', ''],
    ['longer than 32 characters', 'x'.repeat(33)],
    ['two words', 'MY DISC'],
    ['a path', 'a/b'],
    ['something for GRUB to run', '$(x);y'],
    ['not ASCII', 'größe'],
  ] as const) {
    test(`says so of a label that is ${title}`, () => refused({ ...one, label }, 'DISC_LABEL_INVALID', { label }));
  }

  for (const path of ['', '/a', 'a/', 'a//b', '../a', 'a/./b', 'a\0b', 'x'.repeat(256), 'a/'.repeat(600), '\ud800']) {
    const title = path.length > 40 ? `${path.slice(0, 10)}… (${path.length} characters)` : JSON.stringify(path);
    test(`says so of the path ${title}`, () =>
      refused({ put: [file(path)], remove: [] }, 'DISC_PATH_INVALID', { path }));
  }

  test('says so of a file in a file, in a link, and in place of a folder', async () => {
    for (const path of ['boot/vmlinuz/x', 'artifacts/latest/x', 'boot']) {
      await refused({ put: [file(path)], remove: [] }, 'DISC_PATH_INVALID', { path });
    }
    await refused({ put: [file('a'), file('a/b')], remove: [] }, 'DISC_PATH_INVALID', { path: 'a/b' });
  });

  test('keeps what machines boot from', async () => {
    const path = 'boot/grub2/efiboot.img';
    await refused({ put: [], remove: ['boot'] }, 'DISC_PATH_INVALID', { path });
  });

  test('says what to install without xorriso', () => refused(one, 'XORRISO_MISSING', {}, null));

  test('names a file that is not as long as it was said', () => {
    const short = { ...file('short', 'short'), sizeBytes: 6 };
    return refused({ put: [short], remove: [] }, 'SOURCE_CHANGED', { path: 'short' });
  });

  test('names what ended xorriso', () =>
    refused(one, 'DISC_NOT_WRITTEN', { reason: 'it was ended by SIGKILL' }, 'kill -9 $$'));

  test('says what xorriso says, and no more than a line of it', () =>
    refused(
      one,
      'DISC_NOT_WRITTEN',
      { reason: 'Cannot read; Image lost' },
      'echo "xorriso : FAILURE : Cannot read" >&2; echo "xorriso : NOTE : x" >&2; echo "libburn : FATAL : Image lost" >&2; exit 5',
    ));

  test('takes the word of xorriso for a failure, whatever its status', () =>
    refused(one, 'DISC_NOT_WRITTEN', { reason: 'Lost a file' }, 'echo "xorriso : SORRY : Lost a file" >&2; exit 0'));

  test('listens to xorriso without end in a bounded memory', () =>
    refused(
      one,
      'DISC_NOT_WRITTEN',
      { reason: 'it ended with status 3' },
      '/usr/bin/head -c 20000000 /dev/zero >&2; /usr/bin/head -c 9000000 /dev/zero; exit 3',
    ));

  test('does not believe in a disc that was not written', () => refused(one, 'DISC_NOT_AS_MEANT', {}, 'exit 0'));

  test('compares what was written with what was meant', () =>
    refused(one, 'DISC_NOT_AS_MEANT', { what: 'new is missing' }, '/bin/cp input.iso output.iso'));

  test('names a full disk that xorriso met', () =>
    refused(one, 'OUTPUT_FULL', {}, 'echo "libburn : FATAL : Write error: No space left on device" >&2; exit 5'));

  test('ends xorriso at an abort, and leaves nothing', async () => {
    const folder = discFolder();
    const input = makeDisc(folder, 'disc');
    insteadOfXorriso(`echo $$ > '${folder.replaceAll("'", "'\\''")}/pid'; exec /bin/sleep 60`);
    const stop = new AbortController();
    const writing = remaster(input, one, join(folder, 'out.iso'), { signal: stop.signal });
    const watching = setInterval(() => {
      if (existsSync(join(folder, 'pid')) && readFileSync(join(folder, 'pid'), 'utf8').endsWith('\n')) stop.abort();
    }, 10);
    await expect(writing).rejects.toMatchObject({ name: 'AbortError' });
    clearInterval(watching);
    expect(readdirSync(folder).sort()).toEqual(['disc.iso', 'pid']);
    expect(existsSync(`/proc/${readFileSync(join(folder, 'pid'), 'utf8').trim()}`)).toBe(false);
  });

  test('ends with a code, or in a disc that is as it was meant, whatever is wrong with the image', async () => {
    const folder = discFolder();
    const bytes = readFileSync(makeDisc(folder, 'appended'));
    const input = join(folder, 'mutated.iso');
    let count = 0;
    let written = 0;
    // Descriptors, path tables, directories and the boot catalog: content alone would tell nothing.
    const offsets = Array.from({ length: 90 * 2048 }, (_, at) => at).filter((at) => bytes[at] !== 0);
    await fc.assert(
      fc.asyncProperty(mutations, async (list) => {
        writeFileSync(input, mutate(bytes, list, offsets));
        const output = join(folder, `out-${count++}.iso`);
        const error: unknown = await remaster(input, one, output).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (error === undefined) written += 1;
        else expect(error).toBeInstanceOf(BootwrightError);
        expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
        expect(existsSync(output)).toBe(error === undefined);
      }),
      { numRuns: 25, seed: 7 },
    );
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThan(count);
  });

  test('names a folder that is not there', async () => {
    const folder = discFolder();
    const input = makeDisc(folder, 'disc');
    const output = join(folder, 'absent/out.iso');
    await expect(remaster(input, one, output)).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
  });

  test('notices in a disc that was written whatever byte is another', async () => {
    const folder = discFolder();
    const input = makeDisc(folder, 'appended');
    const right = join(folder, 'right.iso');
    await remaster(input, one, right);
    const bytes = readFileSync(right);
    const spoiled = join(folder, 'spoiled.iso');
    const places = [
      100,
      noise(70_000),
      noise(300_000, 3),
      noise(30_000, 2).subarray(100),
      Buffer.from('#!/bin/sh\n'),
      Buffer.from('EFI PART'),
    ].map((part) => (typeof part === 'number' ? part : bytes.indexOf(part.subarray(0, 1000))));
    insteadOfXorriso('/bin/cp ../spoiled.iso output.iso');
    for (const place of places) {
      const copy = Buffer.from(bytes);
      copy[place] = (copy[place] ?? 0) ^ 1;
      writeFileSync(spoiled, copy);
      await expect(remaster(input, one, join(folder, 'out.iso'))).rejects.toMatchObject({ code: 'DISC_NOT_AS_MEANT' });
    }
    copyFileSync(right, spoiled);
    await remaster(input, one, join(folder, 'out.iso'));
  });
});

describeWith({ programs: [...discPrograms, 'unshare', 'mount'], root: true }, 'on a disk of its own', () => {
  test('a full one is named, and has as much room afterwards as before', () => {
    const folder = discFolder();
    const input = makeDisc(folder, 'disc');
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    const module = join(import.meta.dirname, '../../src/disc/remaster.ts');
    const code = `
      const { remaster } = await import(${JSON.stringify(module)});
      const source = (sizeBytes) => ({ sizeBytes, close: async () => {}, read: async (into, at) => Math.min(into.length, Math.max(0, sizeBytes - at)) });
      for (const sizeBytes of [10, 1_200_000, 900_000]) {
        const put = [{ path: 'x', mode: 0o644, sizeBytes, open: () => source(sizeBytes) }];
        await remaster(process.argv[1], { put, remove: [] }, process.argv[2]).catch((error) => console.log(error.code, error.data.path));
      }`;
    const script =
      'mount -t tmpfs -o size=1m tmpfs "$1" || exit 99; "$2" --input-type=module -e "$3" "$4" "$1/out.iso"; ls -A "$1"';
    const args = ['-m', 'sh', '-c', script, 'sh', disk, process.execPath, code, input];
    const text = execFileSync('unshare', args, { encoding: 'utf8' });
    expect(text).toBe(`OUTPUT_FULL ${join(disk, 'out.iso')}\n`.repeat(3));
  });
});

test('a signal that came before keeps everything as it is', async () => {
  const folder = discFolder();
  if (spawnSync('xorriso', ['-version']).status !== 0) return;
  const input = makeDisc(folder, 'disc');
  const signal = AbortSignal.abort();
  await expect(remaster(input, one, join(folder, 'out.iso'), { signal })).rejects.toMatchObject({ name: 'AbortError' });
  expect(readdirSync(folder)).toEqual(['disc.iso']);
});
