import { type Firmware, type FirmwareOverrides, firmwareTable, type Shape } from './firmware.ts';

/** What a machine's firmware says of itself when it asks for an address. */
export interface BootRequest {
  /** Lower case, with colons. */
  readonly mac: string;
  /** DHCP's xid: the same in the DISCOVER and in the REQUEST that follows it. */
  readonly transaction: number;
  readonly firmware: Firmware;
  /** Option 60, such as `PXEClient:Arch:00007:UNDI:003016`. */
  readonly vendorClass: string;
  /** The address that the machine will have, IPv4 or IPv6; `0.0.0.0` where another server gives it. */
  readonly address: string;
}

/** What the machine shall load first. */
export interface BootAnswer {
  readonly releaseId: string;
  /**
   * Path on our TFTP and HTTP servers, such as `releases/<id>/bootx64.efi` or `loaders/grub-bios.0`; or an absolute URL
   * that the configuration names.
   */
  readonly bootFile: string;
  readonly by: 'tftp' | 'http';
  /** Where the configuration wants other ones than the table. */
  readonly shapes?: readonly Shape[];
}

/** Why there is nothing to boot. Continues the sentence "it gets an address, but …". */
export interface NoBoot {
  readonly reason: string;
}

/** What there is to boot, as far as the decision needs it. */
export interface BootCatalog {
  /** The release for machines without one of their own. */
  readonly activeId: string | undefined;
  /** The file that firmware loads first, such as `bootx64.efi`, and for which architecture it is. */
  loaderOf(releaseId: string): { readonly file: string; readonly architecture: string } | undefined;
  /** Whether a loader of our own is there, by its path: `loaders/grub-bios.0`. */
  hasLoader(path: string): boolean;
  /** Why it is not, and what to do: `install grub-pc-bin`. */
  whyNoLoader(path: string): string;
}

/**
 * The release and the boot file of one boot; `pinned` is what the same exchange was given before, and counts while that
 * release is there.
 */
export function planBoot(
  request: BootRequest,
  catalog: BootCatalog,
  overrides: FirmwareOverrides,
  pinned?: string,
): BootAnswer | NoBoot {
  const row = firmwareTable[request.firmware];
  const { file = row.file, by = row.by, shapes } = overrides[request.firmware] ?? {};
  const isThere = pinned !== undefined && catalog.loaderOf(pinned) !== undefined;
  const releaseId = isThere ? pinned : catalog.activeId;
  if (releaseId === undefined) {
    return { reason: 'no release is active: put a LiveOS ISO into images/, or activate a release' };
  }
  const answer = (bootFile: string) => ({ releaseId, bootFile, by, ...(shapes === undefined ? {} : { shapes }) });
  const loader = catalog.loaderOf(releaseId);
  if (loader === undefined) {
    return { reason: `the active release ${releaseId} is gone, or has no loader: activate another one` };
  }
  if (/^[a-z]+:\/\//i.test(file)) return answer(file);
  if (row.release === undefined) return { reason: `there are no releases for ${row.text} yet` };
  if (loader.architecture !== row.release) {
    const remedy = `activate a release for ${row.release}`;
    return { reason: `the release ${releaseId} is for ${loader.architecture}, and this is ${row.text}: ${remedy}` };
  }
  const ownLoader = `releases/${releaseId}/${loader.file}`;
  if (file === 'release') return answer(ownLoader);
  if (catalog.hasLoader(file)) return answer(file);
  if (file === row.file && row.otherwise === 'release') return answer(ownLoader);
  return { reason: `there is no ${file}: ${catalog.whyNoLoader(file)}` };
}
