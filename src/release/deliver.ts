import { mkdir, rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { BootwrightError } from '../errors.ts';
import { describeWriteFailure, syncFolder } from '../platform/durable.ts';
import { exchangePaths } from '../platform/libc.ts';
import { type BuildRequest, build } from './build.ts';
import { type Compression, compressionOf } from './compression.ts';
import type { Manifest } from './manifest.ts';
import { lookAtOutput, type Occupied, type OutputFormat, resolveOutput } from './occupied.ts';
import { makeStaging, setAsideName } from './staging.ts';
import { packTar } from './tar.ts';

/** Puts a folder in its place; the earlier one is in the staging folder then. */
async function putFolder(made: string, output: string, occupied: Occupied): Promise<void> {
  if (occupied === 'free') {
    await rename(made, output);
    return;
  }
  try {
    exchangePaths(made, output);
  } catch {
    // A file system that can't swap two names: for a moment there is none, and the next build would put it back.
    const aside = join(dirname(made), setAsideName);
    await rename(output, aside);
    try {
      await rename(made, output);
    } catch (error) {
      await rename(aside, output);
      throw error;
    }
  }
}

/** Makes the output in the staging folder; its path there. */
async function make(
  request: BuildRequest,
  staging: string,
  compression: Compression | undefined,
): Promise<[Manifest, string]> {
  const folder = join(staging, 'release');
  await mkdir(folder);
  const manifest = await build(request, folder);
  if (compression === undefined) return [manifest, folder];
  const archive = join(staging, 'release.tar');
  await packTar(folder, manifest, archive, { compression, signal: request.signal });
  return [manifest, archive];
}

async function deliverTo(path: string, request: BuildRequest, compression?: Compression): Promise<Manifest> {
  const format: OutputFormat = compression === undefined ? 'pxe-dir' : 'pxe-tar';
  await lookAtOutput(path, format);
  const staging = await makeStaging(path);
  try {
    const [manifest, made] = await make(request, staging.folder, compression);
    request.signal?.throwIfAborted();
    // Again: a build takes its time, in which somebody may have put something there.
    const occupied = await lookAtOutput(path, format);
    if (format === 'pxe-dir') await putFolder(made, path, occupied);
    else await rename(made, path);
    await syncFolder(dirname(path));
    return manifest;
  } finally {
    await staging.remove();
  }
}

/**
 * Builds into a folder or a tar file of the user's. What is at `output` is replaced in one step at the end, and only if
 * Bootwright made it; a build that fails leaves nothing. Throws OUTPUT_NAME_UNKNOWN, OUTPUT_NOT_OURS, OUTPUT_FULL, OUTPUT_UNWRITABLE and
 * what the build throws.
 */
export async function deliver(request: BuildRequest, output: string, format: OutputFormat): Promise<Manifest> {
  const path = resolve(output);
  try {
    const compression = format === 'pxe-tar' ? compressionOf(path) : undefined;
    return await deliverTo(await resolveOutput(path), request, compression);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBUSY') {
      const reason = 'something is mounted there; a folder inside it could be replaced';
      throw new BootwrightError('OUTPUT_UNWRITABLE', { path, reason }, { cause: error });
    }
    throw describeWriteFailure(error, path);
  }
}
