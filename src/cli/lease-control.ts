import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Control } from '../control/control.ts';
import { BootwrightError, hasCode } from '../errors.ts';
import type { RootLayout } from '../release/layout.ts';
import type { HeldRoot } from '../release/root.ts';
import { configFile, type RootFlags, whichRoot } from './which-root.ts';

/** A server that has just been started holds its root, and looks for others on the network before it answers us. */
const patienceMs = 8000;
const againMs = 200;

/**
 * Lets `use` ask the server of a root, or where none runs, work on what one has left there; no server can start in the
 * meantime. Throws SERVER_NOT_RUNNING where there is neither, and CONTROL_FORBIDDEN or CONTROL_NO_ANSWER.
 */
export async function withControl<Value>(
  flags: RootFlags,
  use: (control: Control, isRunning: boolean) => Promise<Value>,
): Promise<Value> {
  const root = await whichRoot(flags);
  const [{ rootLayout }, { isServerThere, controlOfServer }] = await Promise.all([
    import('../release/layout.ts'),
    import('../control/client.ts'),
  ]);
  const layout = rootLayout(resolve(root));
  const where = { root, path: layout.control };
  for (let waitedMs = 0; ; waitedMs += againMs) {
    if (await isServerThere(where)) return use(controlOfServer(where), true);
    if (!existsSync(layout.state)) throw new BootwrightError('SERVER_NOT_RUNNING', { root });
    const held = await hold(layout, waitedMs + againMs >= patienceMs);
    if (held !== undefined) {
      try {
        const { withState } = await import('./lease-state.ts');
        return await withState(layout.state, configFile(flags.config), (control) => use(control, false));
      } finally {
        await held.release();
      }
    }
    await sleep(againMs);
  }
}

/** `undefined`: somebody else holds it. */
async function hold({ root, own }: RootLayout, isLastTry: boolean): Promise<HeldRoot | undefined> {
  const { holdRoot } = await import('../release/root.ts');
  try {
    return await holdRoot(root);
  } catch (error) {
    if (hasCode(error, 'OUTPUT_UNWRITABLE')) {
      throw new BootwrightError('CONTROL_FORBIDDEN', { root, path: own }, { cause: error });
    }
    if (!hasCode(error, 'ROOT_IN_USE')) throw error;
    if (!isLastTry) return undefined;
    const reason = `${error.data['holder']} holds that folder, and no command can reach it`;
    throw new BootwrightError('CONTROL_NO_ANSWER', { root, reason }, { cause: error });
  }
}
