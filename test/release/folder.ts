import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Manifest, parseManifest } from '../../src/release/manifest.ts';

/** An empty folder for one test, which is removed when the test is over. */
export function temporaryFolder(parent: string = tmpdir()): string {
  const folder = mkdtempSync(join(parent, 'bootwright-release-'));
  onTestFinished(() => {
    // What was unpacked may hold folders that nobody may write to; only root can remove those as they are.
    if (process.getuid?.() !== 0) execFileSync('chmod', ['-R', 'u+rwX', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** All that is below a folder: files with their mode and hash, links with their target. */
export function contentsOf(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  const lookInto = (place: string) => {
    for (const entry of readdirSync(place, { withFileTypes: true })) {
      const path = join(place, entry.name);
      const name = relative(folder, path);
      const mode = () => (statSync(path).mode & 0o7777).toString(8).padStart(4, '0');
      if (entry.isSymbolicLink()) {
        found[name] = `-> ${readlinkSync(path)}`;
      } else if (entry.isDirectory()) {
        found[`${name}/`] = mode();
        lookInto(path);
      } else {
        found[name] = `${mode()} ${sha256(readFileSync(path))}`;
      }
    }
  };
  lookInto(folder);
  return found;
}

/** Throws unless a folder holds exactly what its manifest says, byte for byte. Gives the manifest. */
export function requireWhole(folder: string): Manifest {
  const manifest = parseManifest(readFileSync(join(folder, 'manifest.json'), 'utf8'), folder);
  const { 'manifest.json': _, ...contents } = contentsOf(folder);
  const found = Object.entries(contents).filter(([path]) => !path.endsWith('/'));
  const promised = manifest.entries.map((entry) => [
    entry.path,
    entry.kind === 'file' ? `${entry.mode} ${entry.sha256}` : `-> ${entry.target}`,
  ]);
  const text = (rows: string[][]) => rows.map((row) => row.join(' ')).sort();
  const [has, says] = [text(found), text(promised as string[][])];
  if (JSON.stringify(has) !== JSON.stringify(says)) {
    throw new Error(`${folder} is not what its manifest says:\n${has.join('\n')}\n\n${says.join('\n')}`);
  }
  return manifest;
}
