import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Asker } from '../../src/boot/files.ts';
import { hasCode } from '../../src/errors.ts';
import { grubImages, neededModules } from '../../src/loaders/grub-images.ts';
import { type Loaders, makeLoaders } from '../../src/loaders/loaders.ts';

const asker: Asker = { protocol: 'http', address: '10.0.0.9', local: '10.0.0.1' };
/** Writes what it was told; fails where a file `broken` lies beside it, and hangs where one is `hanging`. */
const fakeMkimage = `#!/bin/sh
here=$(dirname "$0")
echo run >>"$here/runs"
[ "$1" = --version ] && [ -e "$here/hanging" ] && exec sleep 60
[ "$1" = --version ] && exit 0
[ -e "$here/broken" ] && { echo "mkimage: no space" >&2; exit 1; }
while [ $# -gt 0 ]; do
  case $1 in
    --output) output=$2; shift ;;
    --memdisk) disk=$2; shift ;;
  esac
  shift
done
cat "$disk" >"$output"
`;

let folder: string;
let own: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootwright-loaders-'));
  own = join(folder, 'own');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

function make(mkimage = join(folder, 'mkimage')): Promise<Loaders> {
  const installed = {
    mkimage: [join(folder, 'none'), mkimage],
    grub: join(folder, 'grub'),
    ipxe: [join(folder, 'ipxe')],
  };
  return makeLoaders({ httpPort: 8080, folder: own, installed });
}

async function write(path: string, content: string): Promise<void> {
  await mkdir(join(folder, path, '..'), { recursive: true });
  await writeFile(join(folder, path), content);
}

async function install(...platforms: readonly string[]): Promise<void> {
  await write('mkimage', fakeMkimage);
  await chmod(join(folder, 'mkimage'), 0o755);
  for (const platform of platforms) {
    for (const name of ['kernel.img', ...neededModules.map((module) => `${module}.mod`), 'command.lst']) {
      await write(`grub/${platform}/${name}`, `${name} of ${platform}`);
    }
  }
}

async function textOf(loaders: Loaders, path: string, local = asker.local): Promise<string | undefined> {
  const file = await loaders.open(path, { ...asker, local });
  if (file === undefined) return undefined;
  expect(file.path).toBe(path);
  const source = await file.open();
  const bytes = Buffer.alloc(file.sizeBytes);
  await source.read(bytes, 0);
  await source.close();
  return bytes.toString();
}

describe('where nothing is installed', () => {
  it('the server starts all the same, and each loader says what to install', async () => {
    const loaders = await make();
    expect(loaders.missing().map(({ path }) => path)).toEqual(grubImages.map(({ file }) => `loaders/${file}`));
    expect(loaders.has('loaders/grub-bios.0')).toBe(false);
    expect(loaders.why('loaders/grub-bios.0')).toContain('apt install grub-common');
    expect(loaders.why('loaders/ipxe.efi')).toContain('apt install ipxe');
    expect(loaders.why('loaders/mine.efi')).toBe(`there is no file mine.efi in ${own}`);
    expect(await loaders.open('loaders/grub-bios.0', asker)).toBeUndefined();
  });

  it('without the modules of one platform, that one says so', async () => {
    await install('x86_64-efi');
    const loaders = await make();
    expect(loaders.has('loaders/grubx64.efi')).toBe(true);
    expect(loaders.why('loaders/grub-bios.0')).toMatch(/no modules of GRUB for BIOS; apt install grub-pc-bin:amd64/);
    await rm(join(folder, 'grub/x86_64-efi/http.mod'));
    expect((await make()).why('loaders/grubx64.efi')).toContain('x86_64-efi has no http.mod');
  });

  it('where the program fails, its own words are told', async () => {
    await install('i386-pc');
    await write('broken', '');
    const loaders = await make();
    expect(loaders.has('loaders/grub-bios.0')).toBe(false);
    expect(loaders.why('loaders/grub-bios.0')).toBe('mkimage: no space');
  });

  it('a program that hangs does not keep the server from its start', async () => {
    await install('i386-pc');
    await write('hanging', '');
    expect((await make()).why('loaders/grub-bios.0')).toContain('there is no grub-mkimage that runs');
  });
});

describe('a GRUB of ours', () => {
  it('names the address under which the machine reached us, and the HTTP port', async () => {
    await install('i386-pc');
    const loaders = await make();
    expect(await textOf(loaders, 'loaders/grub-bios.0')).toContain('(http,10.0.0.1:8080)');
    const other = await textOf(loaders, 'loaders/grub-bios.0', 'fd00::1');
    expect(other).toContain('(http,[fd00::1]:8080)');
    expect(other).not.toContain('10.0.0.1');
  });

  it('is made once for all who ask at the same time', async () => {
    await install('i386-pc');
    const loaders = await make();
    const before = await readFile(join(folder, 'runs'), 'utf8');
    const files = await Promise.all(Array.from({ length: 20 }, () => loaders.open('loaders/grub-bios.0', asker)));
    expect(new Set(files).size).toBe(1);
    expect((await readFile(join(folder, 'runs'), 'utf8')).slice(before.length)).toBe('run\n');
  });

  it('that could not be made is made again for the next one who asks', async () => {
    await install('i386-pc');
    const loaders = await make();
    await write('broken', '');
    await expect(loaders.open('loaders/grub-bios.0', asker)).rejects.toSatisfy((error) =>
      hasCode(error, 'LOADER_NOT_MADE'),
    );
    await rm(join(folder, 'broken'));
    expect(await textOf(loaders, 'loaders/grub-bios.0')).toContain('10.0.0.1');
  });

  it('that no temporary file can be written for says so', async () => {
    await install('i386-pc');
    const loaders = await make();
    vi.stubEnv('TMPDIR', join(folder, 'full'));
    const reason = expect.stringContaining('ENOENT');
    await expect(loaders.open('loaders/grub-bios.0', asker)).rejects.toMatchObject({
      code: 'LOADER_NOT_MADE',
      data: { file: 'grub-bios.0', reason },
    });
    expect((await make()).why('loaders/grub-bios.0')).toMatch(/^ENOENT: no such file or directory, mkdtemp/);
  });

  it('leaves no temporary file behind', async () => {
    await install('i386-pc');
    const temporary = join(folder, 'temporary');
    await mkdir(temporary);
    vi.stubEnv('TMPDIR', temporary);
    const loaders = await make();
    await loaders.open('loaders/grub-bios.0', asker);
    await write('broken', '');
    await loaders.open('loaders/grub-bios.0', { ...asker, local: '10.0.0.2' }).catch(() => {});
    expect(await readdir(temporary)).toEqual([]);
  });

  it('finds the modules it was made of, and nothing else of the system', async () => {
    await install('i386-pc');
    await write('grub/i386-pc/secret.txt', 'a secret');
    const loaders = await make();
    expect(await textOf(loaders, 'loaders/grub/i386-pc/http.mod')).toBe('http.mod of i386-pc');
    expect(await textOf(loaders, 'loaders/grub/i386-pc/command.lst')).toBe('command.lst of i386-pc');
    for (const path of ['i386-pc/none.mod', 'i386-pc/secret.txt', 'x86_64-efi/http.mod', 'i386-pc', '../mkimage']) {
      expect(await loaders.open(`loaders/grub/${path}`, asker)).toBeUndefined();
    }
  });
});

it('iPXE is served as it is installed, also under the name that Fedora gives it, and where Debian leads to', async () => {
  await write('ipxe/undionly.kpxe', 'for BIOS');
  await write('boot/ipxe.efi', 'for UEFI');
  await symlink('../boot/ipxe.efi', join(folder, 'ipxe/ipxe-x86_64.efi'));
  const loaders = await make();
  expect(await textOf(loaders, 'loaders/undionly.kpxe')).toBe('for BIOS');
  expect(await textOf(loaders, 'loaders/ipxe.efi')).toBe('for UEFI');
});

describe("the administrator's folder", () => {
  it('goes before what is ours, and may have anything', async () => {
    await install('i386-pc');
    const loaders = await make();
    await write('own/grub-bios.0', 'mine');
    await write('own/raspberry-pi/12ab34cd/start4.elf', 'firmware');
    expect(await textOf(loaders, 'loaders/grub-bios.0')).toBe('mine');
    expect(await textOf(loaders, 'loaders/raspberry-pi/12ab34cd/start4.elf')).toBe('firmware');
    expect(loaders.has('loaders/raspberry-pi/12ab34cd/start4.elf')).toBe(true);
    expect(loaders.has('loaders/raspberry-pi')).toBe(false);
  });

  it('is served as it is now: a file that changes has another hash', async () => {
    const loaders = await make();
    await write('own/mine.efi', 'one');
    const first = await loaders.open('loaders/mine.efi', asker);
    expect((await loaders.open('loaders/mine.efi', asker))?.sha256).toBe(first?.sha256);
    await write('own/mine.efi', 'two');
    await utimes(join(own, 'mine.efi'), 1, 1);
    expect(await textOf(loaders, 'loaders/mine.efi')).toBe('two');
    expect((await loaders.open('loaders/mine.efi', asker))?.sha256).not.toBe(first?.sha256);
    await rm(join(own, 'mine.efi'));
    expect(await loaders.open('loaders/mine.efi', asker)).toBeUndefined();
  });

  it('is left by no link', async () => {
    await write('secret', 'a secret');
    await write('own-too/secret', 'a secret');
    await write('own/inside', 'inside');
    await symlink('../secret', join(own, 'out'));
    await symlink('..', join(own, 'up'));
    await symlink('inside', join(own, 'in'));
    const loaders = await make();
    for (const path of ['out', 'up/secret', 'up/own-too/secret', '../secret', 'none/../../secret', '', 'nul\0']) {
      expect(await loaders.open(`loaders/${path}`, asker)).toBeUndefined();
      expect(loaders.has(`loaders/${path}`)).toBe(false);
    }
    expect(await textOf(loaders, 'loaders/in')).toBe('inside');
  });
});
