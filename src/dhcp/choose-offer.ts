import { readOption } from './options.ts';
import { type DhcpPacket, noAddress } from './packet.ts';
import { readVendorOptions, saysHowToBoot } from './vendor-options.ts';

/** One offer, or two: an address from one server, and what to boot from another. */
export interface Chosen {
  readonly offer: DhcpPacket;
  /** Without an address. */
  readonly proxy?: DhcpPacket;
}

/** `whole`: it says what to boot. `question`: it says to ask port 4011. `plain`: nothing of PXE. */
type Kind = 'whole' | 'question' | 'plain';

/**
 * Chooses among the offers that have come as EDK2 does (NetworkPkg/UefiPxeBcDxe/PxeBcDhcp4.c, PxeBcSelectDhcp4Offer).
 * Where none says what to boot, the first one that has an address. `undefined`: none has.
 */
export function chooseOffer(offers: readonly DhcpPacket[]): Chosen | undefined {
  const first = (fromProxy: boolean, kind: Kind) =>
    offers.find((offer) => isOfProxy(offer) === fromProxy && kindOf(offer) === kind);
  const plain = first(false, 'plain');
  const beside = (proxy: DhcpPacket | undefined) => plain && proxy && { offer: plain, proxy };
  const alone = (offer: DhcpPacket | undefined) => offer && { offer };
  return (
    alone(first(false, 'whole')) ??
    beside(first(true, 'whole')) ??
    alone(first(false, 'question')) ??
    beside(first(true, 'question')) ??
    alone(offers.find((offer) => offer.yiaddr !== noAddress && !isOfProxy(offer) && hasBootFile(offer))) ??
    alone(offers.find((offer) => offer.yiaddr !== noAddress))
  );
}

/** Nothing that may still come is chosen in its place. */
export function isBest({ offer, proxy }: Chosen): boolean {
  return proxy === undefined && kindOf(offer) === 'whole';
}

function isOfProxy({ yiaddr }: DhcpPacket): boolean {
  return yiaddr.startsWith('0.');
}

function kindOf({ options }: DhcpPacket): Kind {
  if (readOption(options, 'vendorClass')?.startsWith('PXEClient') !== true) return 'plain';
  const vendorOptions = readVendorOptions(options.get(43));
  return vendorOptions !== undefined && saysHowToBoot(vendorOptions) ? 'whole' : 'question';
}

function hasBootFile({ options, file }: DhcpPacket): boolean {
  return (readOption(options, 'bootFile') ?? file) !== '';
}
