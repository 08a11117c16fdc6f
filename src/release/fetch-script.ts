import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Its place in every release: the script with which the system that was booted fetches what else it wants. */
export const fetchScriptPath = 'fetch-artifacts.sh';

/** The script, which is the same in every release. It is served to be run, so its mode is 0755. */
export function readFetchScript(): Promise<Buffer> {
  return readFile(join(import.meta.dirname, fetchScriptPath));
}
