import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { describeWith } from '../support/programs.ts';
import { tinyLiveOs } from '../support/tiny-liveos.ts';
import { codeOf, isoBytes, newFolder, pack, withImage } from './opened.ts';

const iso = tinyLiveOs();

function file(bytes: Uint8Array): string {
  const path = join(newFolder(), 'image');
  writeFileSync(path, bytes);
  return path;
}

/** Puts programs, as shell scripts, before all others. */
function putPrograms(scripts: Readonly<Record<string, string>>): void {
  const folder = newFolder();
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describeWith({ programs: ['xz', 'lz4', '7zz'] }, 'without programs', () => {
  const packed = pack(['xz', '-c'], iso);

  test('xz is unpacked all the same', async () => {
    vi.stubEnv('PATH', '/nowhere');
    expect(Buffer.compare(await isoBytes(file(packed)), iso)).toBe(0);
    expect(Buffer.compare(await isoBytes(file(Buffer.concat([packed, Buffer.alloc(8)]))), iso)).toBe(0);
    expect(await codeOf(file(Buffer.concat([packed, Buffer.from('garbage!')])))).toBe('PACKED_DAMAGED');
    expect(await codeOf(file(packed.subarray(0, -20)))).toBe('PACKED_DAMAGED');
  });

  test('also where xz is that of BusyBox', async () => {
    putPrograms({ xz: 'echo "xz: unrecognized option: version" >&2; exit 1' });
    expect(Buffer.compare(await isoBytes(file(packed)), iso)).toBe(0);
  });

  test('the package that has it is named', async () => {
    const lz4 = file(pack(['lz4', '-qc'], iso));
    const zip = file(Buffer.concat([Buffer.from('PK\x05\x06'), Buffer.alloc(18)]));
    vi.stubEnv('PATH', '/nowhere');
    const missing = { code: 'PROGRAM_MISSING', exitStatus: 5 };
    await expect(withImage(lz4, () => {})).rejects.toMatchObject({ ...missing, data: { program: 'lz4' } });
    await expect(withImage(zip, () => {})).rejects.toMatchObject({ ...missing, data: { program: '7zz' } });
  });
});

describe('a program that ends otherwise than it should', () => {
  const packed = file;

  test.each([
    ['is killed', 'kill -9 $$', 'PROGRAM_ENDED'],
    ['says what is wrong', 'echo "lz4: no" >&2; exit 1', 'PACKED_DAMAGED'],
    ['says more than anybody would read', 'yes >&2', 'PACKED_DAMAGED'],
  ])('because it %s', async (_, script, code) => {
    putPrograms({ lz4: `head -c 1000 >&-; ${script}` });
    expect(await codeOf(packed(Buffer.concat([Buffer.from('04224d18', 'hex'), Buffer.alloc(1e6)])))).toBe(code);
  });

  test('is ended where it never does', async () => {
    putPrograms({ lz4: 'exec sleep 1000' });
    const aborting = AbortSignal.timeout(300);
    const opening = withImage(packed(Buffer.concat([Buffer.from('04224d18', 'hex'), Buffer.alloc(1e6)])), () => {}, {
      signal: aborting,
    });
    await expect(opening).rejects.toBe(aborting.reason ?? (await opening.catch((error: unknown) => error)));
    expect(aborting.aborted).toBe(true);
  });
});
