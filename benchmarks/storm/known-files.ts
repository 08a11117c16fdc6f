import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, sha256 } from '../../src/probe/received.ts';
import { manifestName } from '../../src/release/layout.ts';
import { parseManifest } from '../../src/release/manifest.ts';

interface KnownFile {
  readonly bytes: Buffer;
  /** Hexadecimal, as the manifest has it. */
  readonly sha256: string;
}

/**
 * The kernel, the initrd and the live image of a release on this disk, each found to be as the manifest says. A thousand
 * machines compare what comes with these bytes: that sees every difference, and costs a fraction of hashing.
 */
export async function knownFiles(folder: string): Promise<ReadonlyMap<string, KnownFile>> {
  const path = join(folder, manifestName);
  const { kernels, initrds, iso, entries } = parseManifest(await readFile(path, 'utf8'), path);
  const wanted = new Set([...kernels, ...initrds, iso]);
  const known = new Map<string, KnownFile>();
  for (const entry of entries) {
    if (entry.kind !== 'file' || !wanted.has(entry.path)) continue;
    const bytes = await readFile(join(folder, entry.path));
    const digest = sha256();
    digest.update(bytes);
    if (digest.finish() !== entry.sha256) throw new Error(`${entry.path} is not as the manifest says`);
    known.set(entry.path, { bytes, sha256: entry.sha256 });
  }
  return known;
}

/** Its hash is the known one where every byte is, and none is missing. */
export function comparing({ bytes, sha256: hash }: KnownFile): Digest {
  let at = 0;
  let isSame = true;
  return {
    update(piece) {
      const end = at + piece.byteLength;
      isSame &&= end <= bytes.length && bytes.compare(piece, 0, piece.byteLength, at, end) === 0;
      at = end;
    },
    finish: () => (isSame && at === bytes.length ? hash : `other bytes than ${hash}`),
  };
}
