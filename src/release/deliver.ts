import { mkdir, rename, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { BootwrightError } from '../errors.ts';
import type { OutputFormat } from '../image-config/config.ts';
import { describeWriteFailure, syncFolder } from '../platform/durable.ts';
import { exchangePaths } from '../platform/libc.ts';
import { withPrepared } from './build.ts';
import { type Compression, compressionOf } from './compression.ts';
import type { Manifest } from './manifest.ts';
import { lookAtOutput, type Occupied, requireOutside, resolveOutput } from './occupied.ts';
import type { BuildRequest } from './request.ts';
import { makeStaging, setAsideName } from './staging.ts';
import { packTar } from './tar.ts';
import { writeDisc } from './write-disc.ts';
import { writeRelease } from './write-release.ts';

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

/** What was built, and from what. */
export interface Delivered {
  readonly name: string;
  /** Of what machines boot over the network; an ISO has none. */
  readonly manifest: Manifest | undefined;
  readonly sizeBytes: number;
}

interface Made extends Delivered {
  /** Its path in the staging folder. */
  readonly path: string;
}

function sizeOf({ entries }: Manifest): number {
  return entries.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.sizeBytes : 0), 0);
}

async function makeRelease(request: BuildRequest, staging: string, compression?: Compression): Promise<Made> {
  const folder = join(staging, 'release');
  const scratch = join(staging, 'scratch');
  await mkdir(folder);
  const isoElsewhere = compression !== undefined;
  return withPrepared(request, { target: 'network', scratch }, async (prepared) => {
    const { manifest, elsewhere } = await writeRelease(prepared, folder, request, { scratch, isoElsewhere });
    const made = { name: prepared.name, manifest, sizeBytes: sizeOf(manifest) };
    if (compression === undefined) return { ...made, path: folder };
    const path = join(staging, 'release.tar');
    let doneBytes = 0;
    await packTar(folder, manifest, path, {
      compression,
      elsewhere,
      signal: request.signal,
      onBytes(count, file) {
        doneBytes += count;
        request.onProgress?.({ phase: 'pack', path: file, doneBytes, totalBytes: made.sizeBytes });
      },
    });
    return { ...made, sizeBytes: (await stat(path)).size, path };
  });
}

/** The ISO is called what its file is: under that name machines fetch it. */
function makeDisc(request: BuildRequest, staging: string, output: string): Promise<Made> {
  const named = { ...request, name: basename(output).replace(/\.iso$/i, '') };
  return withPrepared(named, { target: 'disc', scratch: join(staging, 'scratch') }, async (prepared) => {
    const path = join(staging, 'release.iso');
    await writeDisc(prepared, path, request);
    return { name: prepared.name, manifest: undefined, sizeBytes: (await stat(path)).size, path };
  });
}

/** Makes the output in the staging folder. */
function make(request: BuildRequest, staging: string, format: OutputFormat, output: string): Promise<Made> {
  if (format === 'iso') return makeDisc(request, staging, output);
  return makeRelease(request, staging, format === 'pxe-tar' ? compressionOf(output) : undefined);
}

/** As many other builds as may put their output there at the same moment. */
const maxAttempts = 100;

/** Looks again at what is there, since a build takes its time, in which somebody may have put something there. */
async function put(made: string, path: string, format: OutputFormat): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const occupied = await lookAtOutput(path, format);
    try {
      return await (format === 'pxe-dir' ? putFolder(made, path, occupied) : rename(made, path));
    } catch (error) {
      // Between the look and the step another build was faster.
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY' || attempt === maxAttempts) throw error;
    }
  }
}

async function deliverTo(path: string, request: BuildRequest, format: OutputFormat, name: string): Promise<Delivered> {
  await requireOutside(path, request.image);
  await lookAtOutput(path, format);
  if (format === 'pxe-tar') compressionOf(name);
  const staging = await makeStaging(path);
  try {
    const { path: made, ...delivered } = await make(request, staging.folder, format, name);
    request.signal?.throwIfAborted();
    await put(made, path, format);
    await syncFolder(dirname(path));
    return delivered;
  } finally {
    await staging.remove();
  }
}

/**
 * Builds into a folder, a tar file or an ISO of the user's. What is at `output` is replaced in one step at the end, and
 * only if Bootwright made it; a build that fails leaves nothing. Throws OUTPUT_NOT_OURS, OUTPUT_IN_IMAGE,
 * OUTPUT_NAME_UNKNOWN, OUTPUT_FULL, OUTPUT_UNWRITABLE and what the build throws.
 */
export async function deliver(request: BuildRequest, output: string, format: OutputFormat): Promise<Delivered> {
  const path = resolve(output);
  try {
    return await deliverTo(await resolveOutput(path), request, format, output);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBUSY') {
      const reason = 'something is mounted there; a folder inside it could be replaced';
      throw new BootwrightError('OUTPUT_UNWRITABLE', { path, reason }, { cause: error });
    }
    throw describeWriteFailure(error, path);
  }
}
