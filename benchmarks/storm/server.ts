import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { rootLayout } from '../../src/release/layout.ts';
import type { Netns } from '../../test/support/netns.ts';

const program = join(import.meta.dirname, '../../bin/bootwright.js');

export interface StormServer {
  readonly pid: number;
  /** The folder of the release that machines boot. */
  readonly release: string;
  stop(): Promise<void>;
}

/**
 * `bootwright serve` in a namespace, with the image published, as a user runs it: every setting that is not named here
 * is the default, and its log is a file.
 */
export async function startServer(
  folder: string,
  image: Uint8Array,
  where: Netns,
  settings: readonly string[],
): Promise<StormServer> {
  await mkdir(join(folder, 'images'));
  await writeFile(join(folder, 'images', 'storm.iso'), image);
  const log = join(folder, 'log');
  const words = [process.execPath, program, 'serve', '--interface', where.interface, '--log', 'json', ...settings];
  const child = execa('ip', ['netns', 'exec', where.name, ...words], {
    cwd: folder,
    reject: false,
    stdin: 'ignore',
    stdout: { file: log },
    stderr: { file: log },
  });
  let isOver = false;
  child.then(() => {
    isOver = true;
  });
  const deadline = Date.now() + 60_000;
  for (;;) {
    const text = await readFile(log, 'utf8').catch(() => '');
    const releaseId = /"step":"published".*"releaseId":"([^"]+)"/.exec(text)?.[1];
    if (releaseId !== undefined) {
      return {
        pid: child.pid ?? 0,
        release: join(rootLayout(join(folder, 'pxe-root')).releases, releaseId),
        async stop() {
          child.kill('SIGTERM');
          await child;
        },
      };
    }
    if (isOver || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`it does not serve: ${text}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
