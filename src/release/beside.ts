import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { imageName } from '../input/image-name.ts';
import { type ConfigFile, readConfigFile } from './config-file.ts';

/** The configuration that lies beside an image: `liveos.yaml` for `liveos.iso` or `liveos.iso.xz`. */
function besidePath(image: string): string {
  return join(dirname(image), `${imageName(image)}.yaml`);
}

/** Throws what `readConfigFile` throws; `undefined` where there is none. */
export async function configBeside(image: string): Promise<ConfigFile | undefined> {
  const path = besidePath(image);
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? undefined : readConfigFile(path);
}

async function stateOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? 'none' : `${found.mtimeMs} ${found.size}`;
}

/** The files that a configuration adds to an image. */
function sourcesOf({ config, folder }: ConfigFile): string[] {
  const files = [...(config.pxe?.additionalFiles ?? []), ...(config.iso?.additionalFiles ?? [])];
  return files.flatMap(({ source }) => (source === undefined ? [] : [resolve(folder, source)]));
}

/** Changes when the configuration beside an image does, or a file that it adds; empty where there is none. */
export async function stateBeside(image: string): Promise<string> {
  const own = await stateOf(besidePath(image));
  if (own === 'none') return '';
  // One that can't be read is told when it is built with.
  const file = await configBeside(image).catch(() => undefined);
  const sources = file === undefined ? [] : await Promise.all(sourcesOf(file).map(stateOf));
  return [own, ...sources].join();
}
