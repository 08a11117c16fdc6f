import type { ManifestEntry } from '../release/manifest.ts';

export type FileEntry = Extract<ManifestEntry, { kind: 'file' }>;

/** As many as Linux follows in one path (include/linux/namei.h, MAXSYMLINKS). */
const linkLimit = 40;

/**
 * The file at a path of a release, symbolic links followed inside it, those of folders too. Only what the manifest lists
 * can be found: the disk is not asked, and a link that leaves the release leads nowhere.
 */
export function findEntry(entries: ReadonlyMap<string, ManifestEntry>, path: string): FileEntry | undefined {
  const ahead = path.split('/').reverse();
  const walked: string[] = [];
  let links = 0;
  for (let part = ahead.pop(); part !== undefined; part = ahead.pop()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (walked.pop() === undefined) return undefined;
      continue;
    }
    walked.push(part);
    const entry = entries.get(walked.join('/'));
    if (entry?.kind === 'file') return ahead.length === 0 ? entry : undefined;
    if (entry === undefined) continue;
    links += 1;
    if (links > linkLimit || entry.target.startsWith('/')) return undefined;
    walked.pop();
    ahead.push(...entry.target.split('/').reverse());
  }
  return undefined;
}
