import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeFolders } from '../support/bootwright.ts';
import { freePort } from '../support/free-port.ts';

const program = join(import.meta.dirname, '../../bin/bootwright.js');

/** A Node of this computer that does not run TypeScript by itself. */
function olderNode(): string | undefined {
  const all = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'node'));
  return all.filter(existsSync).find((node) => {
    const major = Number(/^v(\d+)/.exec(execFileSync(node, ['--version'], { encoding: 'utf8' }))?.[1]);
    return major >= 20 && major < 24;
  });
}

const node = olderNode();

describe.skipIf(node === undefined)('started by an older Node, which starts the pinned one', () => {
  let folders: Awaited<ReturnType<typeof makeFolders>>;
  let args: string[];

  beforeEach(async () => {
    folders = await makeFolders();
    const ports = ['--http-port', `${await freePort()}`, '--tftp-port', `${await freePort()}`];
    args = ['serve', '--address', '127.0.0.1', '--root', 'root', '--log', 'json', ...ports];
  });
  afterEach(() => folders.remove());

  async function serve() {
    const child = execa(node ?? '', [program, ...args], {
      cwd: folders.folder,
      reject: false,
      buffer: false,
      timeout: 20_000,
    });
    let said = '';
    child.stderr.on('data', (text) => {
      said += text;
    });
    await new Promise<void>((resolve) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.includes('nothing to boot yet')) resolve();
      });
      child.then(() => resolve());
    });
    expect(said).toContain('nothing to boot yet');
    // Not the child itself: whoever awaits that waits for its end.
    return { child };
  }

  it.each(['SIGTERM', 'SIGINT'] as const)('%s ends it in order', async (signal) => {
    const { child } = await serve();
    child.kill(signal);
    expect(await child).toMatchObject({ exitCode: 0 });
  });

  it('its exit status is the one of the command', async () => {
    const { exitCode } = await execa(node ?? '', [program, 'releases', '--all'], { reject: false });
    expect(exitCode).toBe(2);
  });

  it('kill -9 leaves no server behind: the next one starts', async () => {
    const { child: first } = await serve();
    const { pid } = JSON.parse(await readFile(join(folders.folder, 'root/.bootwright/server.json'), 'utf8'));
    first.kill('SIGKILL');
    await first;
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), { timeout: 15_000 });
    const { child: second } = await serve();
    second.kill('SIGTERM');
    expect(await second).toMatchObject({ exitCode: 0 });
  });
});
