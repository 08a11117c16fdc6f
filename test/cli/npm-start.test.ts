import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it, vi } from 'vitest';
import { makeFolders } from '../support/bootwright.ts';
import { freePort } from '../support/free-port.ts';
import { describeWith } from '../support/programs.ts';

const checkout = join(import.meta.dirname, '../..');

describeWith({ programs: ['npm'] }, 'npm start', () => {
  // A shell between npm and the server would end in its place, and leave it behind.
  it.each(['SIGTERM', 'SIGINT'] as const)('%s to npm ends the server, in order', async (signal) => {
    const { folder, root, remove } = await makeFolders();
    const ports = ['--http-port', `${await freePort()}`, '--tftp-port', `${await freePort()}`];
    const args = ['--address', '127.0.0.1', '--root', root, '--images', join(folder, 'images'), '--log', 'json'];
    const npm = execa('npm', ['start', '--', ...args, ...ports], { cwd: checkout, reject: false, timeout: 20_000 });
    let pid = 0;
    try {
      pid = await vi.waitFor(() => pidOf(root), { timeout: 15_000 });
      npm.kill(signal);
      expect((await npm).stdout).toContain('"msg":"stopped"');
      expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    } finally {
      npm.kill('SIGKILL');
      if (pid !== 0 && existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL');
      await remove();
    }
  });
});

/** The process that serves a root; throws until it does. */
async function pidOf(root: string): Promise<number> {
  const { pid, httpPort } = JSON.parse(await readFile(join(root, '.bootwright/server.json'), 'utf8'));
  expect(httpPort).toBeGreaterThan(0);
  return pid;
}
