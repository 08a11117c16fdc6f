import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { BootwrightError } from '../../src/errors.ts';
import { mutate, mutations } from '../iso/mutations.ts';
import { outcomeOf } from '../iso/tree-rules.ts';
import { describeWith } from '../support/programs.ts';
import { tinyLiveOs } from '../support/tiny-liveos.ts';
import { codeOf, isoBytes, newFolder, withImage } from './opened.ts';

const iso = tinyLiveOs();

type Members = Readonly<Record<string, string | Uint8Array>>;

const packers = {
  '7z': (archive: string, options: readonly string[]) => [
    '7zz',
    'a',
    '-bso0',
    '-t7z',
    ...options,
    '-spd',
    archive,
    './',
  ],
  zip: (archive: string, options: readonly string[]) => ['zip', '-qry', ...options, archive, '.'],
} as const;

/** An archive of these files, made by the real packer. */
function archiveOf(type: keyof typeof packers, members: Members, ...options: readonly string[]): string {
  const folder = newFolder();
  for (const [name, content] of Object.entries(members)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const archive = join(newFolder(), `liveos.${type}`);
  const [program = '', ...rest] = packers[type](archive, options);
  execFileSync(program, rest, { cwd: folder });
  return archive;
}

afterEach(() => {
  vi.unstubAllEnvs();
});

for (const type of ['7z', 'zip'] as const) {
  describeWith({ programs: ['7zz', 'zip'] }, `an ISO in a ${type} archive`, () => {
    test('comes out as it was, from whatever folder, and is called as the archive', async () => {
      const archive = archiveOf(type, { 'a/b/live.ISO': iso, 'README.txt': 'read me' });
      expect(Buffer.compare(await isoBytes(archive), iso)).toBe(0);
      expect(await withImage(archive, ({ name, kind }) => `${kind} ${name}`)).toBe('iso liveos');
    });

    test.each(['-x.iso', '@x.iso', '-i!x.iso', '*.iso', 'ü ñ.iso', ' x.iso', '--', 'a\\b.iso', '$(id).iso', '-so.iso'])(
      'under a name like %s',
      async (name) => {
        expect(Buffer.compare(await isoBytes(archiveOf(type, { [name]: iso })), iso)).toBe(0);
      },
    );

    test('may be there under any name, if it is alone', async () => {
      expect(Buffer.compare(await isoBytes(archiveOf(type, { 'disk.bin': iso })), iso)).toBe(0);
    });

    test('must be there, and only one', async () => {
      const none = withImage(archiveOf(type, { 'a.txt': 'a', 'b/c.txt': 'c' }), () => {});
      await expect(none).rejects.toMatchObject({ code: 'ARCHIVE_NO_ISO' });
      await expect(none).rejects.toThrow(/a\.txt, b\/c\.txt|b\/c\.txt, a\.txt/);
      const two = withImage(archiveOf(type, { 'a.iso': iso, 'b/c.iso': 'c' }), () => {});
      await expect(two).rejects.toMatchObject({ code: 'ARCHIVE_SEVERAL_ISOS' });
      await expect(two).rejects.toThrow(/a\.iso, b\/c\.iso|b\/c\.iso, a\.iso/);
    });

    test('is not taken for one that is a link', async () => {
      const folder = newFolder();
      writeFileSync(join(folder, 'a.txt'), 'a');
      writeFileSync(join(folder, 'b.txt'), 'b');
      symlinkSync('/etc/passwd', join(folder, 'x.iso'));
      const archive = join(folder, `liveos.${type}`);
      const command = type === 'zip' ? ['zip', '-qry'] : ['7zz', 'a', '-bso0', '-snl'];
      execFileSync(command[0] as string, [...command.slice(1), archive, 'a.txt', 'b.txt', 'x.iso'], { cwd: folder });
      expect(await codeOf(archive)).toBe('ARCHIVE_NO_ISO');
    });

    test('is refused at once where it is encrypted', async () => {
      const option = type === 'zip' ? ['-P', 'secret'] : ['-psecret'];
      expect(await codeOf(archiveOf(type, { 'a.iso': iso }, ...option))).toBe('ARCHIVE_ENCRYPTED');
      if (type === '7z') {
        expect(await codeOf(archiveOf(type, { 'a.iso': iso }, ...option, '-mhe=on'))).toBe('ARCHIVE_ENCRYPTED');
      }
    });

    test('is refused where the archive is cut off, or something follows it', async () => {
      const archive = archiveOf(type, { 'a.iso': iso });
      const bytes = readFileSync(archive);
      writeFileSync(archive, bytes.subarray(0, bytes.byteLength / 2));
      expect(await codeOf(archive)).toBe('PACKED_DAMAGED');
      writeFileSync(archive, Buffer.concat([bytes, Buffer.from('garbage')]));
      expect(await codeOf(archive)).toBe('PACKED_DAMAGED');
    });

    test('comes out as it was from a damaged archive, or not at all', async () => {
      const archive = archiveOf(type, { 'a.iso': iso });
      const bytes = readFileSync(archive);
      await fc.assert(
        fc.asyncProperty(mutations, async (list) => {
          writeFileSync(archive, mutate(bytes, list));
          const outcome = await outcomeOf(isoBytes(archive));
          if (!(outcome instanceof BootwrightError)) expect(Buffer.compare(outcome, iso)).toBe(0);
        }),
        { seed: 77, numRuns: 25 },
      );
    });

    test('is refused where it is larger than allowed', async () => {
      const archive = archiveOf(type, { 'a.iso': iso });
      const limits = { unpackedBytes: iso.byteLength - 1 };
      const opening = withImage(archive, () => {}, { limits });
      await expect(opening).rejects.toMatchObject({
        code: 'INPUT_TOO_LARGE',
        data: { limitBytes: iso.byteLength - 1 },
      });
      await expect(opening).rejects.toMatchObject({ remedy: expect.stringContaining('--max-size') });
      expect(await codeOf(archive, { limits: { unpackedBytes: iso.byteLength } })).toBe('none');
    });
  });
}

describeWith({ programs: ['7zz', 'zip'] }, '7-Zip', () => {
  /** Puts a 7-Zip before the real one, that does something else when it is to extract. */
  function extractsBy(script: string): void {
    const folder = newFolder();
    const real = execFileSync('sh', ['-c', 'command -v 7zz'], { encoding: 'utf8' }).trim();
    writeFileSync(join(folder, '7zz'), `#!/bin/sh\n[ "$1" = e ] || exec ${real} "$@"\n${script}\n`);
    chmodSync(join(folder, '7zz'), 0o755);
    vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
  }

  test('that is killed is no success', async () => {
    const archive = archiveOf('7z', { 'a.iso': iso });
    extractsBy('kill -9 $$');
    await expect(withImage(archive, () => {})).rejects.toMatchObject({
      code: 'PROGRAM_ENDED',
      data: { signal: 'SIGKILL' },
    });
  });

  test('that writes nothing and says nothing is no success', async () => {
    const archive = archiveOf('7z', { 'a.iso': iso });
    extractsBy('exit 0');
    expect(await codeOf(archive)).toBe('PACKED_DAMAGED');
  });

  test('that hangs is ended with its reader', async () => {
    const archive = archiveOf('7z', { 'a.iso': iso });
    extractsBy('exec sleep 1000');
    const signal = AbortSignal.timeout(500);
    await expect(withImage(archive, () => {}, { signal })).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('is not misled by a comment that looks like its list', async () => {
    const archive = archiveOf('zip', { 'a.iso': iso });
    const comment = '----------\nfoo = bar\n\nPath = b.txt\nSize = 3\n----------\n';
    execFileSync('zip', ['-qz', archive], { input: comment });
    expect(Buffer.compare(await isoBytes(archive), iso)).toBe(0);
  });

  test('is not asked for an archive that lies about a size', async () => {
    const archive = archiveOf('zip', { 'a.iso': iso });
    const bytes = readFileSync(archive);
    const size = Buffer.alloc(4);
    size.writeUInt32LE(iso.byteLength);
    for (let at = bytes.indexOf(size); at >= 0; at = bytes.indexOf(size)) bytes.writeUInt32LE(40_000, at);
    writeFileSync(archive, bytes);
    expect(await codeOf(archive)).toBe('PACKED_DAMAGED');
  });
});
