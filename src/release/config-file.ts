import { dirname } from 'node:path';
import { BootwrightError } from '../errors.ts';
import type { ImageConfig } from '../image-config/config.ts';
import { parseImageConfig } from '../image-config/parse.ts';
import { openFile } from '../platform/files-node.ts';

/** What a configuration of a build asks for, and the folder at which its relative paths start. */
export interface ConfigFile {
  readonly config: ImageConfig;
  readonly folder: string;
  /** Keys that Azure Linux Image Customizer knows and Bootwright does not act upon. */
  readonly ignored: readonly string[];
}

const limitBytes = 4 * 1024 * 1024;

/** Throws FILE_NOT_FOUND, FILE_UNREADABLE, and what `parseImageConfig` throws. */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  const source = await openFile(path);
  try {
    const { sizeBytes } = source;
    if (sizeBytes > limitBytes) throw new BootwrightError('IMAGE_YAML_TOO_LARGE', { path, sizeBytes, limitBytes });
    const bytes = Buffer.alloc(sizeBytes);
    const count = await source.read(bytes, 0);
    return { ...parseImageConfig(bytes.subarray(0, count), path), folder: dirname(path) };
  } finally {
    await source.close();
  }
}
