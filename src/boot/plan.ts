/** What a machine's firmware says of itself when it asks for an address. */
export interface BootRequest {
  /** Lower case, with colons. */
  readonly mac: string;
  /** DHCP's xid: the same in the DISCOVER and in the REQUEST that follows it. */
  readonly transaction: number;
  /** Option 93. RFC 4578 §2.1, and IANA's "Processor Architecture Types". */
  readonly architecture: number;
  /** Option 60, such as `PXEClient:Arch:00007:UNDI:003016`. */
  readonly vendorClass: string;
  /** The address that the machine will have. */
  readonly address: string;
}

/** What the machine shall load first. */
export interface BootAnswer {
  readonly releaseId: string;
  /** Path on our TFTP server, such as `releases/<id>/bootx64.efi`. */
  readonly bootFile: string;
}
