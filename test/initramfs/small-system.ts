import { chmod, link, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

/** Files of a system by path; their text. */
type Files = Readonly<Record<string, string>>;

const systemFiles: Files = {
  'boot/config-6.6.9': 'CONFIG_RD_ZSTD=y\n',
  'boot/vmlinuz-6.6.9': 'a kernel',
  'etc/fstab': '/dev/sda1 / ext4 defaults 0 1\n',
  'etc/hostname': 'liveos\n',
  'etc/os-release': 'ID=azurelinux\nVERSION_ID="3.0"\n',
  'usr/bin/sudo': '#!/bin/sh\n',
  'usr/lib/systemd/systemd': 'systemd, in a manner of speaking',
  [`usr/share/${'long'.repeat(50)}/${'name'.repeat(50)}`]: 'a path that no tar header holds',
  'var/empty': '',
};

/** Writes files of text into a folder. */
export async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

/**
 * A system in a folder with one of everything that a file system has: owners, modes, devices, pipes, sockets, symbolic
 * and hard links, names that are no UTF-8, attributes. Needs root.
 */
export async function smallSystem(folder: string, files: Files = {}): Promise<void> {
  await writeFiles(folder, { ...systemFiles, ...files });
  const at = (path: string) => join(folder, path);
  await symlink('usr/lib', at('lib'));
  await symlink(`/${'far/'.repeat(60)}away`, at('etc/long-link'));
  await link(at('etc/hostname'), at('usr/lib/hostname'));
  await link(at('etc/hostname'), at('var/hostname'));
  // The kernel outside of /boot is the same file.
  await link(at('boot/vmlinuz-6.6.9'), at('usr/lib/vmlinuz'));
  await link(at('boot/vmlinuz-6.6.9'), at('usr/lib/vmlinuz-too'));
  await mkdir(at('dev'));
  await mkdir(at('tmp'));
  await writeFile(Buffer.concat([Buffer.from(`${folder}/var/`), Buffer.from('e9206e6f207574662d38', 'hex')]), 'latin1');
  const script = `
    cd "$1"
    mknod dev/console c 5 1
    mknod dev/loop300 b 7 300
    mkfifo var/pipe
    chown 3:4 etc/hostname
    chown -h 70000:300000000 etc/long-link
    touch -h -d @1000000000 etc/long-link usr var/empty
    chmod 4755 usr/bin/sudo
    python3 -c 'import os; os.setxattr("usr/bin/sudo", "user.kind", bytes.fromhex("ff00fe"))'`;
  await execa('sh', ['-euc', script, 'sh', folder]);
  await chmod(at('tmp'), 0o1777);
  await chmod(folder, 0o700);
}

/** Packs a folder as a squashfs. */
export async function packFolder(folder: string, image: string, ...options: readonly string[]): Promise<void> {
  await mkdir(dirname(image), { recursive: true });
  await execa('mksquashfs', [folder, image, '-quiet', '-no-progress', ...options]);
}

/** What `find` says of each file of a folder: kind, mode, owners, links, size, device, time, target, sum. */
export async function listing(folder: string, without: readonly string[] = []): Promise<string[]> {
  const format = '%P|%y|%m|%U|%G|%n|%T@|%l\\n';
  const { stdout } = await execa('find', [folder, '-mindepth', '1', '-printf', format], { encoding: 'latin1' });
  const sums = await execa(
    'sh',
    [
      '-c',
      'cd "$1" && find . -type f -exec sha256sum {} + && find . -type c -o -type b | xargs stat -c "%n %t %T"',
      'sh',
      folder,
    ],
    { encoding: 'latin1' },
  );
  const lines = [...stdout.split('\n'), ...sums.stdout.split('\n')];
  return lines
    .map((line) => {
      const [path, kind, mode, uid, gid, links, time, target] = line.split('|');
      if (kind === undefined) return line;
      // A folder counts what is in it, and its time is when that changed; cpio sets no times of symbolic links.
      const rest = kind === 'd' ? [] : kind === 'l' ? [target] : [links, Math.trunc(Number(time))];
      return [path, kind, mode, uid, gid, ...rest].join('|');
    })
    .filter((line) => !without.some((path) => new RegExp(`(^|\\./|  )${path}(\\||$)`).test(line)))
    .toSorted();
}
