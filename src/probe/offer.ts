import type { GrantedAddress } from '../dhcp/client.ts';
import { readOption } from '../dhcp/options.ts';
import { noAddress } from '../dhcp/packet.ts';
import { BootwrightError, hasCode } from '../errors.ts';
import { formatIpv4 } from '../wire/addresses.ts';
import { Reader } from '../wire/reader.ts';

/** Where firmware loads its boot file from. */
export interface BootOffer {
  /** The TFTP server. */
  readonly server: string;
  readonly file: string;
}

const vendorOptions = { discoveryControl: 6, bootServers: 8, firstOfBootServers: 6, lastOfBootServers: 10 };
/** Bit 3 of the discovery control: boot from the file that is named. PXE 2.1, table 2-2. */
const bootFromTheFile = 8;
const longestFileBytes = 127;

/**
 * Judges an acknowledgement as EDK2 does (NetworkPkg/UefiPxeBcDxe/PxeBcDhcp4.c), and as shim does after it
 * (netboot.c). Throws PROBE_NO_BOOT_FILE or PROBE_OFFER_UNUSABLE.
 *
 * @param architecture as a person calls it, for the error
 */
export function judgeOffer(
  { packet, bootFile, serverAddress: server }: GrantedAddress,
  architecture: string,
): BootOffer {
  const unusable = (reason: string) => new BootwrightError('PROBE_OFFER_UNUSABLE', { server, reason });
  if (bootFile === undefined) throw new BootwrightError('PROBE_NO_BOOT_FILE', { server, architecture });
  if (packet.yiaddr.startsWith('0.')) throw unusable(`the address ${packet.yiaddr} looks like a proxy's to EDK2`);
  const vendorClass = readOption(packet.options, 'vendorClass');
  if (vendorClass !== undefined && !vendorClass.startsWith('PXEClient')) {
    throw unusable(`option 60 is "${vendorClass}", which firmware that boots by PXE passes over`);
  }
  const vendor = readVendorOptions(packet.options.get(43));
  if (vendor === undefined) throw unusable('option 43 is cut off in the middle');
  const codes = [...vendor.keys()];
  const isPxe = codes.some(
    (code) => code >= vendorOptions.firstOfBootServers && code <= vendorOptions.lastOfBootServers,
  );
  if (vendorClass !== undefined && !isPxe) {
    throw unusable('option 60 without option 43 makes EDK2 ask port 4011, where somebody would have to answer');
  }
  if (packet.file === '') {
    throw unusable('the file field is empty, where shim looks for the folder of GRUB');
  }
  if (bootFile.length > longestFileBytes) throw unusable(`the name of the boot file has ${bootFile.length} bytes`);
  return { server: bootServer(vendor) ?? firstAddress(packet.siaddr, server), file: bootFile };
}

function firstAddress(siaddr: string, server: string): string {
  return siaddr === noAddress ? server : siaddr;
}

/** The boot server that option 43 names; it counts where no other may be looked for. */
function bootServer(vendor: ReadonlyMap<number, Uint8Array>): string | undefined {
  const control = vendor.get(vendorOptions.discoveryControl)?.[0] ?? 0;
  const servers = vendor.get(vendorOptions.bootServers);
  // A type (2 bytes), how many addresses, the addresses.
  if ((control & bootFromTheFile) === 0 || servers === undefined || servers.length < 7 || servers[2] === 0) {
    return undefined;
  }
  return formatIpv4(new Reader(servers).seek(3).u32());
}

/** Sub-options of option 43 by their codes; `undefined` where it is cut off. RFC 2132 §8.4. */
function readVendorOptions(bytes: Uint8Array | undefined): Map<number, Uint8Array> | undefined {
  const found = new Map<number, Uint8Array>();
  const reader = new Reader(bytes ?? new Uint8Array(0));
  try {
    while (reader.remaining > 0) {
      const code = reader.u8();
      if (code === 255) break;
      if (code !== 0) found.set(code, reader.take(reader.u8()));
    }
    return found;
  } catch (error) {
    if (hasCode(error, 'WIRE_TRUNCATED')) return undefined;
    throw error;
  }
}
