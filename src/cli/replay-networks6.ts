import { networkOf6, type Recording6 } from '../capture/recording6.ts';
import { planNetworks } from '../config/networks.ts';
import type { Settings } from '../config/settings.ts';
import { duidOfMac } from '../dhcp6/duid.ts';
import type { Network6 } from '../dhcp6/network.ts';
import { Networks6 } from '../dhcp6/networks.ts';
import { chooseAddress6, type LocalNetwork } from '../platform/network.ts';

/** The DHCPv6 server that a replay stands for. */
export interface Standpoint6 {
  readonly networks: Networks6;
  /** The interface of `networks` that stands for the one that was recorded on. */
  readonly interface: string;
  readonly serverDuid: Uint8Array;
}

const interfaceName = 'recorded';
const leaseSeconds = 43_200;

/** What is said of the recorded server's network by the one address in it that we know, or the one of its URL. */
function addressIn({ server }: Recording6): string | undefined {
  return server?.address ?? server?.gave;
}

function duidIn({ server }: Recording6, mac: string): Uint8Array {
  return server?.duid ?? duidOfMac(mac);
}

/** Where the recorded server stood; `undefined`: none speaks DHCPv6. */
export function standpoint6ByHand(
  recording: Recording6,
  mode: Network6['mode'],
  httpPort: number,
): Standpoint6 | undefined {
  const { server } = recording;
  const serverAddress = addressIn(recording);
  if (server === undefined || serverAddress === undefined) return undefined;
  const prefix = networkOf6(server);
  // Each machine gets what it had, and there is no other machine.
  const ranges = recording.addresses.map(({ address }) => ({ first: address, last: address }));
  const network: Network6 = {
    ...{ name: 'recorded', mode, serverAddress, httpPort, prefix, leaseSeconds },
    ranges: mode === 'proxy' ? [] : ranges,
    reservations: [],
  };
  const networks = new Networks6([{ interface: interfaceName, network }], []);
  const leases = recording.addresses.map((lease) => ({ ...lease, state: 'released' as const, expiresMs: 0 }));
  networks.on(interfaceName)?.leases.restore(leases);
  return { networks, interface: interfaceName, serverDuid: server.duid };
}

/** By settings; where this computer has no such address, the recorded network stands in for it. */
export function standpoint6BySettings(
  settings: Settings,
  recording: Recording6,
  network: (wanted: { interface?: string | undefined; address?: string | undefined }) => LocalNetwork,
): Standpoint6 {
  const network6 = (wanted: Parameters<typeof chooseAddress6>[0]) => {
    try {
      return chooseAddress6(wanted);
    } catch (error) {
      const { server } = recording;
      const address = wanted.address ?? addressIn(recording);
      if (server === undefined || address === undefined) throw error;
      return { address, prefix: networkOf6(server) };
    }
  };
  const { interfaces, relayed6 } = planNetworks(settings, { network, network6 });
  const listeners = interfaces.flatMap(({ interface: name, dhcp6 }) =>
    dhcp6 === undefined ? [] : [{ interface: name, network: dhcp6 }],
  );
  const [first] = interfaces;
  return {
    networks: new Networks6(listeners, relayed6),
    interface: listeners[0]?.interface ?? interfaceName,
    serverDuid: duidIn(recording, first?.mac ?? ''),
  };
}
