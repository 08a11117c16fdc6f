import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { prepareRoot, startInside } from '../../src/initramfs/sandbox.ts';
import { describeWith } from '../support/programs.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootwright-sandbox-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** What a script prints that runs with this machine's own system as its root. */
async function inside(script: string): Promise<string> {
  const running = startInside('/', ['/bin/sh', '-c', script], AbortSignal.timeout(20_000));
  running.stdin.end();
  let said = '';
  for await (const piece of running.stdout) said += String(piece);
  await running.exit;
  return said.trim();
}

describeWith({ programs: ['bwrap', 'prlimit'] }, 'a program of an image', () => {
  test('changes nothing but what is in memory and goes with it', async () => {
    expect(await inside(`touch ${folder}/x /x /etc/x /tmp/x 2>/dev/null; ls /tmp`)).toBe('x');
    expect(await readdir(folder)).toEqual([]);
  });

  test('reaches no network and no other process, and has no rights over what is here', async () => {
    expect(await inside('tail -n +3 /proc/net/dev | grep -vc "lo:"; ls -d /proc/[0-9]* | wc -l')).toMatch(/^0\n[1-9]$/);
    expect(await inside('mknod /tmp/sda b 8 0 2>&1 || true')).toContain('not permitted');
    expect(
      await inside('mount -t tmpfs none /mnt 2>&1 && echo mounted; chroot / true && hostname other; true'),
    ).not.toBe('');
    expect(await inside('env | cut -d= -f1 | sort | tr "\\n" " "')).not.toContain('VITEST');
  });

  test('finds no room in memory without end', async () => {
    expect(await inside('df -k --output=size /tmp | tail -1')).toBe(String(1024 * 1024));
  });

  test('cannot have the mounts laid elsewhere by a link', async () => {
    await symlink('/etc', join(folder, 'proc'));
    await expect(prepareRoot(folder)).rejects.toMatchObject({ code: 'SANDBOX_REFUSED' });
    await rm(join(folder, 'proc'));
    await mkdir(join(folder, 'proc'));
    await prepareRoot(folder);
    expect((await readdir(folder)).sort()).toEqual(['dev', 'proc', 'run', 'sys', 'tmp']);
  });
});
