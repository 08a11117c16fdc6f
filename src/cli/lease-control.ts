import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Control } from '../control/control.ts';
import type { ControlParts } from '../control/parts.ts';
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
  const [{ rootLayout }, { isServerThere, controlOfServer }, { resolve }] = await Promise.all([
    import('../release/layout.ts'),
    import('../control/client.ts'),
    import('node:path'),
  ]);
  const layout = rootLayout(resolve(root));
  const where = { root, path: layout.control };
  for (let waitedMs = 0; ; waitedMs += againMs) {
    if (await isServerThere(where)) return use(controlOfServer(where), true);
    if (!existsSync(layout.state)) throw new BootwrightError('SERVER_NOT_RUNNING', { root });
    const held = await hold(layout, waitedMs + againMs >= patienceMs);
    if (held !== undefined) {
      try {
        return await withState(held.layout, flags, (control) => use(control, false));
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
    if (hasCode(error, 'OUTPUT_UNWRITABLE'))
      throw new BootwrightError('CONTROL_FORBIDDEN', { root, path: own }, { cause: error });
    if (!hasCode(error, 'ROOT_IN_USE')) throw error;
    if (!isLastTry) return undefined;
    const reason = `${error.data['holder']} holds that folder, and no command can reach it`;
    throw new BootwrightError('CONTROL_NO_ANSWER', { root, reason }, { cause: error });
  }
}

type Networks = Pick<ControlParts, 'networks' | 'configured'>;

/** What the settings say of networks; nothing, where this machine is not in them at the moment. */
async function plannedNetworks({ config }: RootFlags): Promise<Networks> {
  const [{ loadSettings }, { planNetworks }, { chooseNetwork, chooseAddress6 }] = await Promise.all([
    import('../config/load.ts'),
    import('../config/networks.ts'),
    import('../platform/network.ts'),
  ]);
  const path = configFile(config);
  const settings = loadSettings(path, process.env, {});
  try {
    const plan = planNetworks(settings, { network: chooseNetwork, network6: chooseAddress6 });
    const networks = [...plan.interfaces.flatMap(({ dhcp }) => dhcp ?? []), ...plan.relayed];
    const networks6 = [...plan.interfaces.flatMap(({ dhcp6 }) => dhcp6 ?? []), ...plan.relayed6];
    const where = path ?? 'the settings';
    const configured = [...networks, ...networks6].flatMap(({ name, reservations }) =>
      reservations.map((reservation) => ({ ...reservation, network: name, where })),
    );
    return { networks: () => networks, configured: () => configured };
  } catch (error) {
    if (!(error instanceof BootwrightError)) throw error;
    return { networks: () => [], configured: () => [] };
  }
}

async function withState<Value>(
  { state }: RootLayout,
  flags: RootFlags,
  use: (control: Control) => Promise<Value>,
): Promise<Value> {
  const planned = await plannedNetworks(flags);
  const [
    { openStore },
    { loadLeases },
    { storedReservations },
    { startCommitter },
    { createControl },
    { knownLease },
    { networkOf },
  ] = await Promise.all([
    import('../store/database.ts'),
    import('../store/leases.ts'),
    import('../store/reservations.ts'),
    import('../store/commit.ts'),
    import('../control/control.ts'),
    import('../control/known.ts'),
    import('../control/networks.ts'),
  ]);
  const store = await openStore(state);
  const committer = startCommitter(store, state);
  try {
    const nowMs = () => Date.now();
    return await use(
      createControl({
        ...planned,
        nowMs,
        kept: storedReservations(store),
        leases: async () =>
          (await loadLeases(store)).map((lease) =>
            knownLease(lease, networkOf(lease.address, planned.networks())?.name ?? ''),
          ),
        async release(address) {
          const lease = (await loadLeases(store)).find((each) => each.address === address);
          if (lease === undefined) return false;
          await committer.commit({ leases: [{ ...lease, state: 'released', expiresMs: nowMs() }] });
          return true;
        },
        reserved() {},
        unreserved() {},
      }),
    );
  } finally {
    await committer.close();
    await store.destroy();
  }
}
