import { formatMac, parseIpv6 } from '../wire/addresses.ts';
import { macOfDuid, uuidOfDuid } from './duid.ts';
import { readOption } from './options.ts';
import type { Options } from './packet.ts';

/** Who asks. */
export interface Client {
  /** Lower-case hexadecimal digits. */
  readonly duid: string;
  /** The hardware address in its DUID: of one of its network cards, not always of the one that it asks by. */
  readonly duidMac?: string;
  /** Of a DUID-UUID. */
  readonly uuid?: string;
  /** Lower case with colons, as far as it can be found out: of the card that asks, or else the one in the DUID. */
  readonly mac?: string;
  /** Whether `mac` is of the card that asks. */
  readonly isCardKnown: boolean;
  /** For the log, and what a boot is remembered by: `mac`, or else `duid:` and the DUID. */
  readonly name: string;
}

/** IANA, "Hardware Types". */
const ethernet = 1;

/**
 * What a client says of itself, and what the way to us tells of it. Firmware and operating system of one machine send
 * different DUIDs; what they share is the network card. `options` are the relay's, where one hands the message on.
 *
 * @param source where the message comes from, a link-local address; without a zone
 */
export function identify(duid: Uint8Array, source: string, relayOptions: Options): Client {
  const duidMac = macOfDuid(duid);
  const uuid = uuidOfDuid(duid);
  const card = macOfRelay(relayOptions) ?? macOfLinkLocal(source);
  const mac = card ?? duidMac;
  const text = Buffer.from(duid).toString('hex');
  return {
    duid: text,
    ...(duidMac === undefined ? {} : { duidMac }),
    ...(uuid === undefined ? {} : { uuid }),
    ...(mac === undefined ? {} : { mac }),
    isCardKnown: card !== undefined,
    name: mac ?? `duid:${text}`,
  };
}

/** What the relay next to the machine saw. */
function macOfRelay(options: Options): string | undefined {
  const seen = readOption(options, 'linkLayerAddress');
  return seen?.hardware === ethernet && seen.address.length === 6 ? formatMac(seen.address) : undefined;
}

/** Of a link-local address that was made of the hardware address, as EDK2 and many others do. RFC 4291, appendix A. */
function macOfLinkLocal(address: string): string | undefined {
  const bytes = parseIpv6(address);
  if (bytes?.[0] !== 0xfe || bytes[1] !== 0x80 || bytes[11] !== 0xff || bytes[12] !== 0xfe) return undefined;
  const [first = 0, ...rest] = [...bytes.subarray(8, 11), ...bytes.subarray(13)];
  return formatMac(Uint8Array.of(first ^ 0b10, ...rest));
}
