import type { BootQuestion } from '../dhcp/ask-boot-server.ts';
import type { BootWord } from '../dhcp/boot-word.ts';
import type { GrantedAddress } from '../dhcp/client.ts';
import { readOption } from '../dhcp/options.ts';
import { noAddress } from '../dhcp/packet.ts';
import { readVendorOptions, saysHowToBoot } from '../dhcp/vendor-options.ts';
import { BootwrightError } from '../errors.ts';
import { formatIpv4 } from '../wire/addresses.ts';
import { Reader } from '../wire/reader.ts';

/** Where firmware loads its boot file from. */
export interface BootOffer {
  /** The TFTP server. */
  readonly server: string;
  readonly file: string;
}

/** Sub-options of option 43. PXE 2.1, table 2-1. */
const sub = { discoveryControl: 6, bootServers: 8, bootMenu: 9 } as const;
/** Bit 3 of the discovery control: boot from the file that is named. */
const bootFromTheFile = 8;
const longestFileBytes = 127;

/**
 * What EDK2 asks on port 4011 before it boots: who marks its offer as one for PXE and does not say how to boot, or
 * offers a menu, of which the first entry is picked. `undefined`: it boots by the offer.
 */
export function questionOf(lease: GrantedAddress): BootQuestion | undefined {
  const { packet, serverAddress } = lease.proxy ?? lease;
  if (readOption(packet.options, 'vendorClass')?.startsWith('PXEClient') !== true) return undefined;
  const vendor = readVendorOptions(packet.options.get(43));
  if (vendor === undefined) return undefined;
  if (!saysHowToBoot(vendor)) return { server: serverAddress };
  const [server, [high, low] = []] = [menuServer(vendor), vendor.get(sub.bootMenu)];
  if (hasFile(vendor) || server === undefined || high === undefined || low === undefined) return undefined;
  return { server, item: Uint8Array.of(high, low, 0, 0) };
}

/**
 * Judges what a machine was told as EDK2 does (NetworkPkg/UefiPxeBcDxe/PxeBcDhcp4.c), and as shim does after it
 * (netboot.c): the proxy's offer where there is one, else the acknowledgement. Throws PROBE_NO_BOOT_FILE or
 * PROBE_OFFER_UNUSABLE.
 *
 * @param architecture as a person calls it, for the error
 */
export function judgeOffer(lease: GrantedAddress, architecture: string): BootOffer {
  const word = lease.proxy ?? lease;
  const unusable = (reason: string) =>
    new BootwrightError('PROBE_OFFER_UNUSABLE', { server: word.serverAddress, reason });
  const { yiaddr } = lease.packet;
  if (word.bootFile === undefined) throw nothingToBoot(word, architecture);
  if (yiaddr.startsWith('0.')) throw unusable(`the address ${yiaddr} looks like a proxy's to EDK2`);
  const vendorClass = readOption(word.packet.options, 'vendorClass');
  if (vendorClass !== undefined && !vendorClass.startsWith('PXEClient')) {
    throw unusable(`option 60 is "${vendorClass}", which firmware that boots by PXE passes over`);
  }
  const vendor = readVendorOptions(word.packet.options.get(43));
  if (vendor === undefined) throw unusable('option 43 is cut off in the middle');
  const { server, file } = judgeWord(word, architecture);
  return { server: (hasFile(vendor) ? menuServer(vendor) : undefined) ?? server, file };
}

/** Judges the answer of port 4011. Throws PROBE_NO_BOOT_FILE or PROBE_OFFER_UNUSABLE. */
export function judgeWord(word: BootWord, architecture: string): BootOffer {
  const { bootFile, packet, serverAddress: server } = word;
  const unusable = (reason: string) => new BootwrightError('PROBE_OFFER_UNUSABLE', { server, reason });
  if (bootFile === undefined) throw nothingToBoot(word, architecture);
  if (packet.file === '') {
    throw unusable('the file field is empty, where shim looks for the folder of GRUB');
  }
  if (bootFile.length > longestFileBytes) throw unusable(`the name of the boot file has ${bootFile.length} bytes`);
  return { server: packet.siaddr === noAddress ? server : packet.siaddr, file: bootFile };
}

function nothingToBoot({ serverAddress: server }: BootWord, architecture: string): BootwrightError {
  return new BootwrightError('PROBE_NO_BOOT_FILE', { server, architecture });
}

/** It counts where no other may be looked for. */
function hasFile(vendor: ReadonlyMap<number, Uint8Array>): boolean {
  return ((vendor.get(sub.discoveryControl)?.[0] ?? 0) & bootFromTheFile) !== 0;
}

/** The first boot server that option 43 names. */
function menuServer(vendor: ReadonlyMap<number, Uint8Array>): string | undefined {
  const servers = vendor.get(sub.bootServers);
  // A type (2 bytes), how many addresses, the addresses.
  if (servers === undefined || servers.length < 7 || servers[2] === 0) return undefined;
  return formatIpv4(new Reader(servers).seek(3).u32());
}
