/** `bound`: the machine has it. `released`: given back. `declined`: the machine found somebody else using it. */
export type LeaseState = 'bound' | 'released' | 'declined';

/** One address and the machine that has it, or had it last. There is one lease for an address. */
export interface Lease {
  /** IPv4, dotted decimal. The key: a lease replaces an earlier one of the same address. */
  readonly address: string;
  /**
   * The machine, lower case with colons; or `id:` and a client identifier in hexadecimal, up to 513 characters, where it
   * is not on Ethernet. Of a declined address, the machine that declined it, or that was found there.
   */
  readonly mac: string;
  readonly state: LeaseState;
  /**
   * Milliseconds since 1970. Of a bound lease, its end; of a declined one, when the address may be tried again; of a
   * released one, when that was. A lease is kept beyond it, so that a machine that comes back gets the same address.
   */
  readonly expiresMs: number;
  /** Option 12, as the machine sent it. */
  readonly hostName?: string;
  /**
   * Where it was bound by a reservation for more than a MAC address: `id:…` or `uuid:…`, up to 515 characters. The
   * operating system of the machine, which sends neither, keeps the address by it.
   */
  readonly reservation?: string;
}
