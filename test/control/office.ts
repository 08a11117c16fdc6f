import { type Control, createControl } from '../../src/control/control.ts';
import type {
  ConfiguredReservation,
  ControlledNetwork,
  ControlParts,
  KeptReservations,
  KnownLease,
} from '../../src/control/parts.ts';
import type { Reservation } from '../../src/dhcp/network.ts';

export const nowMs = 1_700_000_000_000;

export const office: ControlledNetwork = {
  name: 'eth0',
  mode: 'server',
  serverAddress: '10.0.0.1',
  subnet: { address: '10.0.0.1', netmask: '255.255.255.0' },
  router: '10.0.0.254',
  dns: ['10.0.0.53'],
};
const lab: ControlledNetwork = {
  name: '10.2.0.0/16',
  mode: 'server',
  serverAddress: '10.0.0.1',
  subnet: { address: '10.2.0.0', netmask: '255.255.0.0' },
};
const beside: ControlledNetwork = {
  name: 'eth1',
  mode: 'proxy',
  serverAddress: '10.3.0.1',
  subnet: { address: '10.3.0.1', netmask: '255.255.255.0' },
};

export const lease = (address: string, machine: string, more: Partial<KnownLease> = {}): KnownLease => ({
  address,
  machine,
  state: 'bound',
  untilMs: nowMs + 60_000,
  network: 'eth0',
  ...more,
});

class KeptInMemory implements KeptReservations {
  readonly all = new Map<string, Reservation>();
  isFull = false;

  async load() {
    return [...this.all.values()];
  }
  async save(reservation: Reservation) {
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
  networks = [office, lab, beside],
}: {
  leases?: readonly KnownLease[];
  configured?: readonly ConfiguredReservation[];
  networks?: readonly ControlledNetwork[];
} = {}): { control: Control; kept: KeptInMemory; told: string[] } {
  const kept = new KeptInMemory();
  const told: string[] = [];
  let known = [...leases];
  const parts: ControlParts = {
    nowMs: () => nowMs,
    networks: () => networks,
    configured: () => configured,
    kept,
    leases: async () => known,
    async release(address) {
      const isThere = known.some((each) => each.address === address);
      known = known.map((each) => (each.address === address ? { ...each, state: 'released', untilMs: nowMs } : each));
      return isThere;
    },
    reserved: ({ address }, network) => void told.push(`${network}: reserved ${address}`),
    unreserved: (address, network) => void told.push(`${network}: unreserved ${address}`),
  };
  return { control: createControl(parts), kept, told };
}
