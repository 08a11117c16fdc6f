import { formatMac, parseMac } from '../wire/addresses.ts';

const multicastBit = 0x01;
const localBit = 0x02;
const ownBit = 0x40;

/**
 * The MAC address that a probe takes by itself: the interface's, made a locally administered one that is not the
 * interface's own, so that the lease of this host stays as it is. The same interface always gives the same one.
 */
export function probeMac(interfaceMac: string): string {
  const bytes = parseMac(interfaceMac) ?? new Uint8Array(6);
  // A virtual machine's address is a local one already: setting that bit alone would not tell the two apart.
  bytes[0] = (((bytes[0] ?? 0) ^ ownBit) | localBit) & ~multicastBit;
  return formatMac(bytes);
}
