import { randomFillSync } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that any server may read, and that goes away with the stack. */
export async function inFolder(stack: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bootwright-bench-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  return folder;
}

/** What no disk packs. */
export function randomBytes(sizeBytes: number): Uint8Array {
  return randomFillSync(Buffer.alloc(sizeBytes));
}
