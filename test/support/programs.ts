import { accessSync, constants } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import { describe } from 'vitest';

function onPath(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(resolve(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** What a group of tests needs from the machine: programs by name, and `root` for network namespaces. */
interface Needs {
  readonly programs?: readonly string[];
  readonly root?: boolean;
}

function missing({ programs = [], root = false }: Needs): string[] {
  const absent = programs.filter((program) => !onPath(program));
  if (root && process.getuid?.() !== 0) absent.push('root');
  return absent;
}

/**
 * `describe` for tests that need real peers. Where something is missing they are skipped, and the title says what it
 * was; in CI, which installs everything, that is a failure.
 */
export function describeWith(needs: Needs, title: string, tests: () => void): void {
  const absent = missing(needs);
  if (absent.length === 0) {
    describe(title, tests);
  } else if (process.env['CI'] !== undefined) {
    throw new Error(`"${title}" needs ${absent.join(', ')}, and in CI nothing may be skipped`);
  } else {
    describe.skip(`${title} (needs ${absent.join(', ')})`, tests);
  }
}
