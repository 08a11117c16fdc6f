import { readFile, writeFile } from 'node:fs/promises';

const folder = '/proc/sys/net/ipv4/neigh/default';
const wanted = { gc_thresh2: '8192', gc_thresh3: '16384' };

/**
 * Linux keeps 1,024 neighbours (arp(7), gc_thresh3), for all namespaces together. With more machines than that, answers
 * to all of them get lost, whoever serves. Makes room for more until `[Symbol.asyncDispose]`, where it may.
 */
export async function roomForNeighbours(): Promise<AsyncDisposable> {
  const undo: (() => Promise<void>)[] = [];
  for (const [name, value] of Object.entries(wanted)) {
    const path = `${folder}/${name}`;
    try {
      const before = await readFile(path, 'utf8');
      if (Number(before) >= Number(value)) continue;
      await writeFile(path, value);
      undo.push(() => writeFile(path, before));
    } catch {
      // In a container it may be read-only.
    }
  }
  return {
    async [Symbol.asyncDispose]() {
      for (const each of undo) await each();
    },
  };
}
