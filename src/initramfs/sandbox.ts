import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BootwrightError } from '../errors.ts';
import { type Running, reasonOf, start } from './program.ts';

/** What a program of an image may use. dracut's staging takes 100 to 300 MB. */
const limits = {
  temporaryBytes: 1024 * 1024 * 1024,
  memoryBytes: 4 * 1024 * 1024 * 1024,
} as const;

/** Folders of the system over which the sandbox lays its own. */
const mountPoints = ['proc', 'dev', 'sys', 'tmp', 'run'] as const;

const environment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/tmp',
  TMPDIR: '/tmp',
  LC_ALL: 'C',
  SOURCE_DATE_EPOCH: '0',
} as const;

/** Makes the folders that a sandbox needs. Throws SANDBOX_REFUSED where something else is in their place. */
export async function prepareRoot(root: string): Promise<void> {
  for (const name of mountPoints) {
    const path = join(root, name);
    const found = await lstat(path).catch(() => undefined);
    if (found === undefined) await mkdir(path);
    else if (!found.isDirectory()) throw refused(`/${name} of its system is no folder`);
  }
}

/**
 * Starts a program of an image with the image's system as its root, which it cannot change, as a root of its own that
 * has no right outside: namespaces for users, processes, the network, the host's name and mounts. It can write into
 * /tmp only, which is in memory, bounded, and gone when it ends.
 */
export function startInside(root: string, command: readonly string[], signal: AbortSignal): Running {
  const alone = ['user', 'pid', 'net', 'ipc', 'uts'].map((name) => `--unshare-${name}`);
  const mounts = [
    ...['--ro-bind', root, '/', '--proc', '/proc', '--dev', '/dev', '--tmpfs', '/sys', '--tmpfs', '/run'],
    ...['--size', String(limits.temporaryBytes), '--tmpfs', '/tmp'],
  ];
  const variables = Object.entries(environment).flatMap(([name, value]) => ['--setenv', name, value]);
  return start(
    'bwrap',
    [
      ...alone,
      ...['--unshare-cgroup-try', '--uid', '0', '--gid', '0', '--hostname', 'image'],
      ...['--die-with-parent', '--new-session', '--clearenv', '--chdir', '/'],
      ...variables,
      ...mounts,
      '--',
      ...command,
    ],
    { memoryBytes: limits.memoryBytes, signal },
  );
}

/**
 * Tries the sandbox with nothing to do in it. That it has no shell to try with is left to whoever starts one.
 * Throws SANDBOX_REFUSED or INITRAMFS_PROGRAM_MISSING.
 */
export async function requireSandbox(root: string, signal: AbortSignal): Promise<void> {
  const running = startInside(root, ['/bin/sh', '-c', ':'], signal);
  running.stdin.end();
  running.stdout.resume();
  const exit = await running.exit;
  if (!exit.succeeded && !reasonOf(exit).includes('execvp')) throw refused(reasonOf(exit));
}

function refused(reason: string): BootwrightError {
  return new BootwrightError('SANDBOX_REFUSED', { reason });
}
