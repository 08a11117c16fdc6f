import type { Client } from './client.ts';
import type { Reservation6 } from './network.ts';

/** Which addresses are kept for whom. */
export class Reservations6 {
  readonly all: readonly Reservation6[];
  readonly #addresses: ReadonlySet<string>;
  /** By what their machine is known by, as `identities` writes it. */
  readonly #byIdentity: ReadonlyMap<string, readonly string[]>;

  constructor(all: readonly Reservation6[]) {
    this.all = all;
    this.#addresses = new Set(all.map(({ address }) => address));
    const known = all.flatMap((one) => identities(one).map((identity) => [identity, one.address] as const));
    const grouped = Map.groupBy(known, ([identity]) => identity);
    this.#byIdentity = new Map(
      [...grouped].map(([identity, pairs]) => [identity, pairs.map(([, address]) => address)]),
    );
  }

  /** True where the address is kept for somebody. */
  has(address: string): boolean {
    return this.#addresses.has(address);
  }

  /** The addresses that are kept for a machine. */
  of(client: Client): readonly string[] {
    if (this.#byIdentity.size === 0) return [];
    return identities(client).flatMap((identity) => this.#byIdentity.get(identity) ?? []);
  }
}

function identities({ mac, duid, uuid }: Pick<Reservation6, 'mac' | 'duid' | 'uuid'>): readonly string[] {
  const known = Object.entries({ mac, duid, uuid }).filter(([, value]) => value !== undefined);
  return known.map(([name, value]) => `${name} ${value}`);
}
