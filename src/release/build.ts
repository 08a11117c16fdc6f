import { mkdir } from 'node:fs/promises';
import { BootwrightError } from '../errors.ts';
import { type OpenedImage, openImage } from '../input/open-image.ts';
import { blameAdditional } from './additional-files.ts';
import type { Manifest } from './manifest.ts';
import { type Prepared, type PrepareOptions, prepare } from './prepare.ts';
import type { BuildRequest } from './request.ts';
import { writeRelease } from './write-release.ts';

async function open(request: BuildRequest, scratch: string): Promise<OpenedImage> {
  let doneBytes = 0;
  request.onProgress?.({ phase: 'read', path: request.image, doneBytes, totalBytes: 0 });
  return openImage(request.image, {
    scratch: async () => scratch,
    signal: request.signal,
    name: request.name,
    limits: { unpackedBytes: request.maxBytes },
    onBytes(count, totalBytes = 0) {
      doneBytes += count;
      request.onProgress?.({ phase: 'read', path: request.image, doneBytes, totalBytes });
    },
  });
}

/**
 * Opens an image, decides what becomes of it, and has that written; `scratch` is a folder that does not exist yet, on
 * the file system of the output, and the caller's to remove. Throws SOURCE_CHANGED where the image changed meanwhile: a
 * release that is half of one image and half of another one would boot, and then fail somewhere.
 */
export async function withPrepared<Result>(
  request: BuildRequest,
  { target, scratch }: PrepareOptions,
  write: (prepared: Prepared) => Promise<Result>,
): Promise<Result> {
  await mkdir(scratch, { mode: 0o700 });
  const opened = await open(request, scratch);
  try {
    const before = await opened.stateOf();
    const result = await write(await prepare(opened, request, { target, scratch }));
    if ((await opened.stateOf()) !== before) throw new BootwrightError('SOURCE_CHANGED', { path: request.image });
    return result;
  } catch (error) {
    const asked = target === 'network' ? request.config?.pxe : request.config?.iso;
    throw blameAdditional(error, asked?.additionalFiles ?? []);
  } finally {
    await opened.close();
  }
}

/**
 * Makes what machines boot from over the network, out of an image, in an empty folder. Throws a BootwrightError, or the
 * file system's error where the folder can't be written to; what is in it then is the caller's to remove.
 */
export async function build(request: BuildRequest, folder: string, scratch: string): Promise<Manifest> {
  return withPrepared(request, { target: 'network', scratch }, async (prepared) => {
    const { manifest } = await writeRelease(prepared, folder, request, { scratch });
    return manifest;
  });
}
