import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { convert } from '../../src/initramfs/convert.ts';
import { cpioArchive } from '../iso/cpio-archive.ts';
import { describeWith } from '../support/programs.ts';
import { imageFolder } from './image-folder.ts';
import { writeFiles } from './small-system.ts';

let folder: string;
let image: string;
let system: string;
let rounds = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootwright-dracut-'));
  [image, system] = [join(folder, 'image'), join(folder, 'system')];
  await writeFiles(image, { 'boot/vmlinuz-6.6.9': 'old', 'boot/vmlinuz-6.6.10': 'new', 'boot/vmlinuz-0-rescue-1': '' });
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** An initramfs as dracut leaves it, with a list of its modules. */
function initramfsWith(modules: readonly string[]): Uint8Array {
  return gzipSync(cpioArchive([{ path: 'usr/lib/dracut/modules.txt', content: `${modules.join('\n')}\n` }]));
}

/** A system that has a shell of this machine, and instead of dracut a script. */
async function systemWith(
  script: string,
  made: Uint8Array = initramfsWith(['dmsquash-live', 'livenet']),
): Promise<void> {
  await rm(system, { recursive: true, force: true });
  await writeFiles(system, {
    'usr/bin/dracut': `#!/bin/sh\nfor last; do :; done\n${script}\n`,
    'usr/lib/dracut/modules.d/90dmsquash-live/module-setup.sh': '',
    'usr/lib/dracut/modules.d/90livenet/module-setup.sh': '',
    'usr/lib/modules/6.6.9/modules.dep': '',
    'usr/lib/modules/6.6.10/modules.dep': '',
  });
  await chmod(join(system, 'usr/bin/dracut'), 0o755);
  await writeFile(join(system, 'made.img'), made);
  await symlink('/lib/systemd/systemd', join(system, 'init'));
  for (const program of ['/bin/sh', '/bin/cat']) {
    const { stdout } = await execa('ldd', [program]);
    for (const path of [program, ...(stdout.match(/\/\S+/g) ?? [])]) {
      await mkdir(dirname(join(system, path)), { recursive: true });
      await copyFile(path, join(system, path));
    }
  }
  const pack = 'cd "$1" && find . | LC_ALL=C sort | cpio --quiet -o -H newc';
  const packed = await execa('sh', ['-c', pack, 'sh', system], { encoding: 'buffer', maxBuffer: 2 ** 30 });
  await writeFile(join(image, 'boot/initrd.img'), gzipSync(packed.stdout));
}

async function toBootstrap() {
  const scratch = join(folder, `scratch-${rounds++}`);
  await mkdir(scratch);
  return { scratch, changes: await convert(await imageFolder(image), 'bootstrap', { scratch }) };
}

const programs = ['bwrap', 'prlimit', 'tar2sqfs', 'rdsquashfs', 'cpio', 'ldd', 'unsquashfs'];

describeWith({ programs }, "a full-os image's own dracut", () => {
  test('makes an initramfs for each kernel, and the system becomes a squashfs', async () => {
    await systemWith('cat /made.img > "$last"; echo "$@" >> "$last"');
    const { scratch, changes } = await toBootstrap();
    expect(changes.remove).toEqual(['boot/initrd.img']);
    expect(changes.put.map(({ path }) => path).toSorted()).toEqual([
      'boot/initramfs-6.6.10.img',
      'boot/initramfs-6.6.9.img',
      'liveos/rootfs.img',
    ]);
    const made = await readFile(join(scratch, 'initramfs-0'), 'latin1');
    expect(made).toMatch(/--no-hostonly .*--reproducible .*--add dmsquash-live livenet --add-drivers overlay/);
    expect(made).toMatch(/--filesystems squashfs --kver 6.6.10 \/tmp\/initramfs.img\n$/);
    const { stdout } = await execa('unsquashfs', ['-lln', join(scratch, 'rootfs.img')]);
    expect(stdout).toContain('squashfs-root/usr/bin/dracut');
    expect(stdout).not.toContain('squashfs-root/init ');
    const again = await toBootstrap();
    const [one, other] = await Promise.all([scratch, again.scratch].map((each) => readFile(join(each, 'rootfs.img'))));
    expect(one?.equals(other as Buffer)).toBe(true);
  });

  test.each([
    ['fails', 'echo "module livenet depends on network" >&2; exit 1', 'module livenet depends on network'],
    ['leaves livenet out', 'cat /proc/self/cmdline > "$last"; cat /made.img > "$last"', 'has no livenet'],
    ['writes without end', 'cat /dev/zero > "$last"', 'No space left'],
  ])('that %s is told with its reason', async (_, script, reason) => {
    await systemWith(script, initramfsWith(['dmsquash-live']));
    await expect(toBootstrap()).rejects.toMatchObject({
      code: 'DRACUT_FAILED',
      data: { version: '6.6.10', reason: expect.stringContaining(reason) },
    });
  });
});
