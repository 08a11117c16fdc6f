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
  if (network.mode === 'proxy') return 'proxy, another server gives the addresses, and we say what to boot';
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

function announce({ interfaces, relayed }: NetworkPlan, settings: Settings, log: Logger): void {
  const { port } = settings.dhcp;
  const at = port === 67 ? '' : `, port ${port}`;
  // A network is named by its interface, by our address there, or by both.
  const off = new Set(
    settings.networks.flatMap(({ interface: name, address, dhcp }) => (dhcp?.mode === 'off' ? [name, address] : [])),
  );
  for (const [index, { interface: name, address, dhcp }] of interfaces.entries()) {
    if (dhcp !== undefined) {
      log.info({ interface: name, mode: dhcp.mode, port }, `DHCP on ${name}${at}: ${describe(dhcp)}`);
    } else if (off.has(name) || off.has(address) || (index === 0 && settings.dhcp.mode === 'off')) {
      log.info({ interface: name, mode: 'off' }, `DHCP is off on ${name}`);
    } else {
      log.warn(
        { interface: name, mode: 'off' },
        `DHCP is off on ${name}: give --range FIRST-LAST to hand out addresses, or --dhcp-mode proxy beside a DHCP server`,
      );
    }
  }
  for (const network of relayed) {
    const { name, mode, serverAddress } = network;
    log.info({ network: name, mode }, `DHCP for ${name} through relays, as ${serverAddress}: ${describe(network)}`);
  }
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
    announce(plan, settings, log);
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
  for (const { code, message, data } of server.leftOut) {
    const remedy = `to take it back: "bootwright leases unreserve ${data['address']}"`;
    log.warn({ code }, `a reservation is kept, but not in force: ${message}; ${remedy}`);
  }
  announce(plan, settings, log);
  return server;
}
