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

/** What there is to boot, as far as the decision needs it. */
export interface BootCatalog {
  /** The release for machines without one of their own. */
  readonly activeId: string | undefined;
  /** The file that firmware loads first, such as `bootx64.efi`, and for which architecture it is. */
  loaderOf(releaseId: string): { readonly file: string; readonly architecture: string } | undefined;
}

/** Which loader an option 93 value can run. 9 ("EBC") means x64 on real firmware. */
const loaderArchitecture: Readonly<Record<number, string>> = { 7: 'x64', 9: 'x64', 11: 'arm64' };

/**
 * The release and the boot file of one boot; `pinned` is what the same exchange was given before, and counts while that
 * release is there. `undefined`: nothing is active, or its loader is for another architecture.
 */
export function planBoot(request: BootRequest, catalog: BootCatalog, pinned?: string): BootAnswer | undefined {
  const isThere = pinned !== undefined && catalog.loaderOf(pinned) !== undefined;
  const releaseId = isThere ? pinned : catalog.activeId;
  if (releaseId === undefined) return undefined;
  const loader = catalog.loaderOf(releaseId);
  if (loader === undefined || loader.architecture !== loaderArchitecture[request.architecture]) return undefined;
  return { releaseId, bootFile: `releases/${releaseId}/${loader.file}` };
}
