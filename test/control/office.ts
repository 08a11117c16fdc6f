import { type Control, createControl } from '../../src/control/control.ts';
import { controlledNetworks } from '../../src/control/networks.ts';
import type { Configured, ControlParts, KeptReservations, KnownLease, Reserved } from '../../src/control/parts.ts';
import type { Network } from '../../src/dhcp/network.ts';
import type { Network6 } from '../../src/dhcp6/network.ts';

export const nowMs = 1_700_000_000_000;

const common = { mode: 'server', httpPort: 80, pools: [], leaseSeconds: 600, reservations: [] } as const;

const office: Network = {
  ...common,
  name: 'eth0',
  serverAddress: '10.0.0.1',
  subnet: { address: '10.0.0.1', netmask: '255.255.255.0' },
  router: '10.0.0.254',
  dns: ['10.0.0.53'],
};
const office6: Network6 = {
  ...common,
  name: 'eth0',
  serverAddress: 'fd00::1',
  prefix: { address: 'fd00::1', prefixBits: 64 },
  ranges: [],
  dns: ['fd00::53'],
};
const lab: Network = {
  ...common,
  name: '10.2.0.0/16',
  serverAddress: '10.0.0.1',
  subnet: { address: '10.2.0.0', netmask: '255.255.0.0' },
};
const beside: Network = {
  ...common,
  name: 'eth1',
  mode: 'proxy',
  serverAddress: '10.3.0.1',
  subnet: { address: '10.3.0.1', netmask: '255.255.255.0' },
};

const plan = {
  interfaces: [
    { dhcp: office, dhcp6: office6 },
    { dhcp: beside, dhcp6: undefined },
  ],
  relayed: [lab],
  relayed6: [],
};

export const lease = (address: string, machine: string, more: Partial<KnownLease> = {}): KnownLease => ({
  address,
  machine,
  keys: [machine],
  state: 'bound',
  untilMs: nowMs + 60_000,
  network: 'eth0',
  ...more,
});

class KeptInMemory implements KeptReservations {
  readonly all = new Map<string, Reserved>();
  isFull = false;

  async load() {
    return [...this.all.values()];
  }
  async save(reservation: Reserved) {
    if (this.isFull) throw new Error('the disk is full');
    this.all.set(reservation.address, reservation);
  }
  async remove(address: string) {
    return this.all.delete(address);
  }
}

/** Three networks, the leases that are given, and a record of what those who answer machines are told. */
export function makeOffice({
  leases = [],
  configured = [],
  isProxy = false,
}: {
  leases?: readonly KnownLease[];
  configured?: readonly Configured[];
  isProxy?: boolean;
} = {}): { control: Control; kept: KeptInMemory; told: string[] } {
  const kept = new KeptInMemory();
  const told: string[] = [];
  let known = [...leases];
  const alone = { interfaces: [{ dhcp: beside, dhcp6: undefined }], relayed: [], relayed6: [] };
  const parts: ControlParts = {
    ...controlledNetworks(isProxy ? alone : plan, ''),
    configured,
    nowMs: () => nowMs,
    kept,
    leases: async () => known,
    async release(address) {
      const isThere = known.some((each) => each.address === address);
      known = known.map((each) => (each.address === address ? { ...each, state: 'free', untilMs: nowMs } : each));
      return isThere;
    },
    reserved: ({ address }) => void told.push(`reserved ${address}`),
    unreserved: (address) => void told.push(`unreserved ${address}`),
  };
  return { control: createControl(parts), kept, told };
}
