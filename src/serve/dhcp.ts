import type { Logger } from 'pino';
import type { NetworkPlan } from '../config/networks.ts';
import type { Settings } from '../config/settings.ts';
import { splitReservations } from '../control/known.ts';
import type { Network } from '../dhcp/network.ts';
import { describePool } from '../dhcp/pool.ts';
import { type DhcpServer, startDhcpServer } from '../dhcp/server.ts';
import { hasCode } from '../errors.ts';
import { type ArpProbe, createArpProbe } from '../platform/arp.ts';
import type { Clock } from '../platform/clock.ts';
import { nodeUdp } from '../platform/udp-node.ts';
import type { Store } from '../store/database.ts';
import { loadLeases } from '../store/leases.ts';
import { storedReservations } from '../store/reservations.ts';
import type { BootState } from './boot-state.ts';
import { reportOthers } from './look.ts';

export interface ServedDhcpOptions {
  readonly settings: Settings;
  readonly plan: NetworkPlan;
  readonly store: Store;
  readonly state: BootState;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What a network does, in words. */
function describe(network: Network): string {
  if (network.mode === 'proxy') return 'proxy: another server gives the addresses, we say what to boot';
  const pools = network.pools.map(describePool).join(', ');
  const count = network.reservations.length;
  const kept = count === 0 ? '' : `${pools === '' ? '' : ' and '}${count} reserved address${count === 1 ? '' : 'es'}`;
  return `server, handing out ${pools}${kept}`;
}

/** Addresses are looked for before they are given, where we may; else it is said once. */
function arpProbe(settings: Settings, log: Logger): ArpProbe | undefined {
  if (!settings.dhcp.probe) return undefined;
  try {
    return createArpProbe({ waitMs: 300 });
  } catch (error) {
    if (!hasCode(error, 'PACKET_SOCKET_FORBIDDEN')) throw error;
    log.warn({ code: error.code }, `addresses are given unprobed: ${error.message}. ${error.remedy}`);
    return undefined;
  }
}

function announce({ interfaces, relayed }: NetworkPlan, port: number, log: Logger): void {
  for (const { interface: name, dhcp } of interfaces) {
    if (dhcp !== undefined)
      log.info({ interface: name, mode: dhcp.mode }, `DHCP on ${name}, port ${port}: ${describe(dhcp)}`);
    else
      log.warn(
        `DHCP is off on ${name}: give --range FIRST-LAST to hand out addresses, or --dhcp-mode proxy beside a DHCP server`,
      );
  }
  for (const network of relayed)
    log.info({ network: network.name }, `DHCP for ${network.name}, through relays: ${describe(network)}`);
}

/** Starts DHCP where the plan has it, after a look for others. `undefined`: it is off everywhere. */
export async function serveDhcp(
  { settings, plan, store, state, clock, log }: ServedDhcpOptions,
  started: AsyncDisposableStack,
): Promise<DhcpServer | undefined> {
  const { port, lookSeconds } = settings.dhcp;
  const hasRelayed = plan.relayed.length > 0;
  const listeners = plan.interfaces.flatMap(({ interface: name, dhcp }) => {
    if (dhcp !== undefined) return [{ interface: name, network: dhcp }];
    // Relays may reach us by an interface on which no machine is served.
    return hasRelayed ? [{ interface: name }] : [];
  });
  if (listeners.length === 0) {
    announce(plan, port, log);
    return undefined;
  }
  await reportOthers(plan.interfaces, { waitMs: lookSeconds * 1000, port, clock, log });
  const probe = arpProbe(settings, log);
  const server = await startDhcpServer({
    udp: nodeUdp,
    clock,
    listeners,
    relayed: plan.relayed,
    leases: await loadLeases(store),
    reservations: splitReservations(await storedReservations(store).load()).four,
    commit: (leases) => state.commit({ leases }),
    bootFor: state.bootFor,
    shapeFor: state.shapeFor,
    place: (mac, address) => state.ledger.place(mac, address),
    ...(probe === undefined ? {} : { probe }),
    report: state.report,
    port,
    clientPort: port + 1,
  });
  started.defer(() => server.close());
  for (const { code, message } of server.leftOut) log.warn({ code }, `not in force: ${message}`);
  announce(plan, port, log);
  return server;
}
