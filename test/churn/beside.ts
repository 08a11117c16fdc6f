import { fileURLToPath } from 'node:url';
import type { Netns } from '../support/netns.ts';

/** A program of this folder that runs at the other end of the cable until it is told to end, and reports then. */
interface Beside<Report> {
  /** It has said that it is ready. */
  readonly ready: Promise<void>;
  /** Ends it. */
  report(): Promise<Report>;
}

export function startBeside<Report>(where: Netns, name: string, args: readonly string[]): Beside<Report> {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const child = where.run(process.execPath, [script, ...args], {
    stdin: 'pipe',
    reject: false,
    // The one who started it says when it ends.
    timeout: 0,
    cleanup: true,
    maxBuffer: 2 ** 28,
  });
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  child.stdout?.once('data', () => resolve());
  child.then(() => resolve());
  return {
    ready,
    async report() {
      child.stdin?.end();
      const { stdout, stderr, exitCode } = await child;
      const last = String(stdout).split('\n').at(-1) ?? '';
      if (exitCode !== 0 || !last.startsWith('{')) throw new Error(`${name} ended with ${exitCode}: ${stderr}`);
      return JSON.parse(last) as Report;
    },
  };
}
