import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BootwrightError } from '../errors.ts';
import { inspectInitrd } from '../iso/initrd.ts';
import { openFile } from '../platform/files-node.ts';
import { reasonOf, start } from './program.ts';
import { prepareRoot, requireSandbox, startInside } from './sandbox.ts';
import { writeScratch } from './scratch.ts';
import { isEarlyAzureLinux } from './selinux.ts';
import { osReleaseOf, type Survey } from './survey.ts';
import type { Content } from './system.ts';

const minute = 60_000;
const timeoutMs = 15 * minute;
const maxInitrdBytes = 1024 * 1024 * 1024;
const unpackBytes = 1024 * 1024 * 1024;

/** What boots a live system from a disc and from the network; each needs its own package. */
const needed = { 'dmsquash-live': 'dracut-live', livenet: 'dracut-live and dracut-network' } as const;

/** A system that makes initramfs images for its kernels. */
export interface Workshop {
  readonly scratch: string;
  /** Path of the system in the image, for errors. */
  readonly name: string;
  readonly survey: Survey;
  readonly signal?: AbortSignal | undefined;
}

/** Throws DRACUT_MISSING or KERNEL_MODULES_MISSING where a system can make none. */
export function requireDracut({ name, survey }: Pick<Workshop, 'name' | 'survey'>, versions: readonly string[]): void {
  const missing = (what: string, debianPackage: string) =>
    new BootwrightError('DRACUT_MISSING', { path: name, missing: what, package: debianPackage });
  if (!survey.landmarks.has('dracut')) throw missing('dracut', 'dracut');
  for (const module of ['dmsquash-live', 'livenet'] as const) {
    if (!survey.landmarks.has(module)) throw missing(`module ${module} of dracut`, needed[module]);
  }
  for (const kernel of versions) {
    if (survey.moduleVersions.includes(kernel)) continue;
    const known = survey.moduleVersions.join(', ') || 'none';
    throw new BootwrightError('KERNEL_MODULES_MISSING', { path: name, kernel, known });
  }
}

/** Unpacks a squashfs of ours for its own programs: all files belong to whoever does this, and there are no devices. */
export async function unpackWorkshop(squashfs: string, { scratch, signal }: Workshop): Promise<string> {
  const root = join(scratch, 'root');
  await mkdir(root, { mode: 0o700 });
  const args = [
    '--quiet',
    '--chmod',
    '--no-dev',
    '--no-sock',
    '--no-fifo',
    '--unpack-path',
    '/',
    '--unpack-root',
    root,
  ];
  const program = start('rdsquashfs', [...args, squashfs], { memoryBytes: unpackBytes, signal });
  program.stdin.end();
  program.stdout.resume();
  const exit = await program.exit;
  if (!exit.succeeded) {
    throw new BootwrightError('INITRAMFS_NOT_WRITTEN', { program: 'rdsquashfs', path: root, reason: reasonOf(exit) });
  }
  await prepareRoot(root);
  return root;
}

function dracutArguments(version: string, survey: Survey): string[] {
  // Fedora and what comes from it load their policy after the switch to the real root, and must not do it before.
  const withSelinux = isEarlyAzureLinux(osReleaseOf(survey)) && survey.landmarks.has('selinux');
  const modules = ['dmsquash-live', 'livenet', ...(withSelinux ? ['selinux'] : [])];
  // Without it, the keyboard of an emergency shell does not work.
  const locale = survey.landmarks.has('locale') ? ['--include', '/usr/lib/locale', '/usr/lib/locale'] : [];
  return [
    ...['--quiet', '--force', '--no-hostonly', '--no-hostonly-cmdline', '--reproducible', '--tmpdir', '/tmp'],
    ...['--add', modules.join(' '), '--add-drivers', 'overlay', '--filesystems', 'squashfs'],
    ...locale,
    ...['--kver', version],
  ];
}

/** The initramfs comes through standard output, so that nothing here can be written to; what is said, through the other. */
const script = 'dracut "$@" /tmp/initramfs.img >&2 && cat /tmp/initramfs.img';

/**
 * Lets the dracut of a system make the initramfs for one of its kernels, shut in. How many bytes it has.
 * Throws DRACUT_FAILED, SANDBOX_REFUSED or INITRAMFS_PROGRAM_MISSING.
 *
 * @param path a new file
 */
export async function runDracut(
  root: string,
  { version, path }: { readonly version: string; readonly path: string },
  { survey, signal }: Workshop,
): Promise<number> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  try {
    await requireSandbox(root, either);
    const running = startInside(root, ['/bin/sh', '-c', script, 'sh', ...dracutArguments(version, survey)], either);
    running.stdin.end();
    try {
      const sizeBytes = await writeScratch(path, limited(running.stdout, version));
      const exit = await running.exit;
      if (!exit.succeeded) throw failed(version, reasonOf(exit, 5));
      await requireLiveParts(path, version, reasonOf(exit, 5));
      return sizeBytes;
    } finally {
      running.kill();
    }
  } catch (error) {
    if (!timeout.aborted || signal?.aborted === true) throw error;
    throw failed(version, `it was not done after ${timeoutMs / minute} minutes`);
  }
}

async function* limited(pieces: Content, version: string): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const piece of pieces) {
    total += piece.byteLength;
    if (total > maxInitrdBytes) throw failed(version, `what it made has more than ${maxInitrdBytes} bytes`);
    yield piece;
  }
}

/** dracut ends well even where a module could not be put in. */
async function requireLiveParts(path: string, version: string, said: string): Promise<void> {
  const source = await openFile(path);
  const { parts } = await inspectInitrd(source).finally(() => source.close());
  for (const part of ['dmsquash-live', 'livenet'] as const) {
    if (!parts.has(part)) throw failed(version, `what it made has no ${part}: ${said}`);
  }
}

function failed(version: string, reason: string): BootwrightError {
  return new BootwrightError('DRACUT_FAILED', { version, reason });
}
