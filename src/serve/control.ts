import type { Logger } from 'pino';
import type { NetworkPlan } from '../config/networks.ts';
import { keptReservations, splitReservations } from '../control/known.ts';
import { controlledNetworks } from '../control/networks.ts';
import { controlOfServers } from '../control/running.ts';
import { startControlServer } from '../control/server.ts';
import type { DhcpServer } from '../dhcp/server.ts';
import type { Dhcp6Server } from '../dhcp6/server.ts';
import type { Clock } from '../platform/clock.ts';
import type { RootLayout } from '../release/layout.ts';
import type { Store } from '../store/database.ts';
import { storedReservations } from '../store/reservations.ts';

export interface ServedControlOptions {
  readonly layout: RootLayout;
  readonly plan: NetworkPlan;
  readonly store: Store;
  readonly dhcp: DhcpServer | undefined;
  readonly dhcp6: Dhcp6Server | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Reservations of IPv6 that commands made earlier. One that fits into no network any more is told, kept, and left alone. */
async function takeOver({ store, dhcp6, log }: ServedControlOptions): Promise<void> {
  for (const reservation of splitReservations(await storedReservations(store).load()).six) {
    if (dhcp6?.reserve(reservation) === false) {
      const { address } = reservation;
      log.warn(
        `a reservation is kept, but not in force: ${address} is in no network where addresses are given; to take it ` +
          `back: "bootwright leases unreserve ${address}"`,
      );
    }
  }
}

/** Lets commands of this computer ask, and change, what the servers know. */
export async function serveControl(options: ServedControlOptions, started: AsyncDisposableStack): Promise<void> {
  const { layout, plan, store, dhcp, dhcp6, clock, log } = options;
  await takeOver(options);
  const control = controlOfServers({
    ...controlledNetworks(plan, 'the configuration'),
    dhcp,
    dhcp6,
    kept: keptReservations(storedReservations(store)),
    nowMs: () => clock.nowMs(),
  });
  const server = await startControlServer({
    folder: layout.own,
    path: layout.control,
    control,
    failed: (error) => log.error({ err: error }, 'a command could not be answered'),
  });
  started.defer(() => server.close());
}
