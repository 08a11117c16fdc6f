/**
 * The tables. Times are milliseconds since 1970; machines are MAC addresses, lower case with colons, or what
 * dhcp/lease.ts calls them; IPv4 addresses are dotted decimal, IPv6 addresses as RFC 5952 writes them.
 */
export interface Tables {
  /** One row for every address that was ever leased. */
  leases: {
    address: string;
    mac: string;
    state: string;
    expires_ms: number;
    host_name: string | null;
    /** By what it was reserved, where that was more than the machine's address. */
    reservation: string | null;
  };
  /** The same for IPv6. */
  leases6: {
    address: string;
    /** Hexadecimal. */
    duid: string;
    iaid: number;
    mac: string | null;
    state: string;
    expires_ms: number;
  };
  /** Addresses that belong to one machine, as people said while the server ran. */
  reservations: {
    address: string;
    mac: string | null;
    /** Option 61, hexadecimal. */
    client_id: string | null;
    uuid: string | null;
    host_name: string | null;
  };
  /** Which release the current boot of a machine is pinned to. */
  boots: {
    mac: string;
    /** With blanks between them. */
    addresses: string;
    /** DHCP's xid of the exchange that decided. */
    transaction_id: number;
    release_id: string;
    decided_ms: number;
  };
  /** The shape of offer with which a machine boots, for each kind of firmware that it has. */
  shapes: {
    mac: string;
    firmware: string;
    shape: string;
  };
  /** The release that was made of each ISO in images/, so that it is made once. */
  images: {
    path: string;
    size_bytes: number;
    modified_ms: number;
    /** How it was made: with other settings it is made again. */
    recipe: string;
    release_id: string;
  };
}
