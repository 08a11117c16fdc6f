import { loadSettings } from '../config/load.ts';
import { planNetworks } from '../config/networks.ts';
import { type Control, createControl } from '../control/control.ts';
import { keptReservations, knownLease, knownLease6 } from '../control/known.ts';
import { controlledNetworks, networkOf } from '../control/networks.ts';
import { BootwrightError } from '../errors.ts';
import { chooseAddress6, chooseNetwork } from '../platform/network.ts';
import { startCommitter } from '../store/commit.ts';
import { openStore } from '../store/database.ts';
import { loadLeases } from '../store/leases.ts';
import { loadLeases6 } from '../store/leases6.ts';
import { storedReservations } from '../store/reservations.ts';

/** What the settings say of networks; nothing, where this machine is not in them at the moment. */
function networksOf(config: string | undefined): ReturnType<typeof controlledNetworks> {
  const settings = loadSettings(config, process.env, {});
  try {
    const plan = planNetworks(settings, { network: chooseNetwork, network6: chooseAddress6 });
    return controlledNetworks(plan, config ?? 'the settings');
  } catch (error) {
    if (!(error instanceof BootwrightError)) throw error;
    return { networks: [], configured: [] };
  }
}

/**
 * Lets `use` work on the state that a server has left in its root, which the caller holds. Throws what `loadSettings` and
 * `openStore` throw.
 */
export async function withState<Value>(
  path: string,
  config: string | undefined,
  use: (control: Control) => Promise<Value>,
): Promise<Value> {
  const { networks, configured } = networksOf(config);
  const nameOf = (address: string) => networkOf(address, networks)?.name ?? '';
  const nowMs = () => Date.now();
  await using opened = new AsyncDisposableStack();
  const store = await openStore(path);
  opened.defer(() => store.destroy());
  const committer = startCommitter(store, path);
  opened.defer(() => committer.close());

  async function release(address: string): Promise<boolean> {
    const ended = { state: 'released', expiresMs: nowMs() } as const;
    const isThat = (lease: { readonly address: string }) => lease.address === address;
    const leases = (await loadLeases(store)).filter(isThat).map((lease) => ({ ...lease, ...ended }));
    const leases6 = (await loadLeases6(store)).filter(isThat).map((lease) => ({ ...lease, ...ended }));
    await committer.commit({ leases, leases6 });
    return leases.length + leases6.length > 0;
  }

  const control = createControl({
    networks,
    configured,
    kept: keptReservations(storedReservations(store)),
    nowMs,
    leases: async () => [
      ...(await loadLeases(store)).map((lease) => knownLease(lease, nameOf(lease.address))),
      ...(await loadLeases6(store)).map((lease) => knownLease6(lease, nameOf(lease.address))),
    ],
    release,
    reserved() {},
    unreserved() {},
  });
  return await use(control);
}
