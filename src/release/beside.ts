import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { imageName } from '../input/image-name.ts';
import { type ConfigFile, readConfigFile } from './config-file.ts';

/** The configuration that lies beside an image: `liveos.yaml` for `liveos.iso` or `liveos.iso.xz`. */
function besidePath(image: string): string {
  return join(dirname(image), `${imageName(image)}.yaml`);
}

/** Changes when the configuration beside an image does. */
export async function stateBeside(image: string): Promise<string> {
  const found = await stat(besidePath(image)).catch(() => undefined);
  return found === undefined ? '' : `${found.mtimeMs} ${found.size}`;
}

/** Throws what `readConfigFile` throws; `undefined` where there is none. */
export async function configBeside(image: string): Promise<ConfigFile | undefined> {
  const path = besidePath(image);
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? undefined : readConfigFile(path);
}
