/** The tables. Times are milliseconds since 1970; MAC addresses lower case with colons; addresses dotted decimal. */
export interface Tables {
  /** One row for every address that was ever leased. */
  leases: {
    address: string;
    mac: string;
    state: string;
    expires_ms: number;
    host_name: string | null;
  };
  /** Which release the current boot of a machine is pinned to. */
  boots: {
    mac: string;
    address: string;
    /** DHCP's xid of the exchange that decided. */
    transaction_id: number;
    release_id: string;
    decided_ms: number;
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
