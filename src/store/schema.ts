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
  /** What became of each ISO that was found in images/, so that it is built once. */
  images: {
    path: string;
    size_bytes: number;
    modified_ms: number;
    /** The release made of it; null where it could not be used. */
    release_id: string | null;
    error: string | null;
  };
}
