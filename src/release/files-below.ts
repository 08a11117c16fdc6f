import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The paths of all that is below a folder and is no folder. Links are named, not followed: `readdir` of Node follows
 * them where it is told to go into folders.
 */
export async function* filesBelow(folder: string): AsyncGenerator<string> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}
