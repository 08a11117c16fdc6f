/** `bound`: the machine has it. `released`: given back. `declined`: the machine found somebody else using it. */
export type LeaseState = 'bound' | 'released' | 'declined';

/** One IPv6 address and the machine that has it, or had it last. There is one lease for an address. */
export interface Lease6 {
  /** As RFC 5952 writes it. The key: a lease replaces an earlier one of the same address. */
  readonly address: string;
  /** Who asked, in lower-case hexadecimal digits: 2 to 260 of them. RFC 8415 §11. */
  readonly duid: string;
  /** Which of the addresses of that client, a number of 32 bits. RFC 8415 §12. */
  readonly iaid: number;
  /** The machine, lower case with colons, where that could be found out. */
  readonly mac?: string;
  readonly state: LeaseState;
  /**
   * Milliseconds since 1970: no other machine gets the address before. Of a bound lease, its end; of a declined one,
   * when the address may be tried again; of a released one, some minutes after that. A lease is kept beyond it, so that
   * a machine that comes back gets the same address.
   */
  readonly expiresMs: number;
}
