import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What `runInGrub` needs; grub-emu wants a terminal, and `script` gives it one. */
export const grubPrograms = ['grub-emu', 'script'];

/** Runs a script in GRUB itself, as a program under Linux, and returns what it prints. The script must end with `exit`, or GRUB waits. */
export function runInGrub(script: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'grub-'));
  try {
    writeFileSync(join(folder, 'grub.cfg'), script, 'latin1');
    return execFileSync('script', ['-qec', `grub-emu -d ${folder}`, '/dev/null'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 20_000,
    }).toString('latin1');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
