import { BootwrightError, hasCode } from '../errors.ts';
import type { Codec } from '../wire/codec.ts';
import {
  address,
  addresses,
  bytesCount,
  codes,
  machineIdentifier,
  messageType,
  names,
  networkInterface,
  raw,
  routes,
  seconds,
  terminatedText,
  text,
  u8,
  u16List,
  userClasses,
} from './option-codecs.ts';

/** Every option that is understood. Others are kept as bytes and left alone. */
export const optionTable = {
  subnetMask: { code: 1, codec: address, source: 'RFC 2132 §3.3' },
  router: { code: 3, codec: addresses, source: 'RFC 2132 §3.5' },
  dns: { code: 6, codec: addresses, source: 'RFC 2132 §3.8' },
  hostName: { code: 12, codec: text, source: 'RFC 2132 §3.14' },
  domain: { code: 15, codec: text, source: 'RFC 2132 §3.17' },
  broadcast: { code: 28, codec: address, source: 'RFC 2132 §5.3' },
  ntp: { code: 42, codec: addresses, source: 'RFC 2132 §8.3' },
  vendorOptions: { code: 43, codec: raw, source: 'RFC 2132 §8.4' },
  requestedAddress: { code: 50, codec: address, source: 'RFC 2132 §9.1' },
  leaseTime: { code: 51, codec: seconds, source: 'RFC 2132 §9.2' },
  overload: { code: 52, codec: u8, source: 'RFC 2132 §9.3' },
  messageType: { code: 53, codec: messageType, source: 'RFC 2132 §9.6' },
  serverIdentifier: { code: 54, codec: address, source: 'RFC 2132 §9.7' },
  parameterList: { code: 55, codec: codes, source: 'RFC 2132 §9.8' },
  message: { code: 56, codec: text, source: 'RFC 2132 §9.9' },
  maximumMessageSize: { code: 57, codec: bytesCount, source: 'RFC 2132 §9.10' },
  renewalTime: { code: 58, codec: seconds, source: 'RFC 2132 §9.11' },
  rebindingTime: { code: 59, codec: seconds, source: 'RFC 2132 §9.12' },
  vendorClass: { code: 60, codec: text, source: 'RFC 2132 §9.13' },
  clientIdentifier: { code: 61, codec: raw, source: 'RFC 2132 §9.14' },
  tftpServerName: { code: 66, codec: terminatedText, source: 'RFC 2132 §9.4' },
  bootFile: { code: 67, codec: terminatedText, source: 'RFC 2132 §9.5' },
  userClasses: { code: 77, codec: userClasses, source: 'RFC 3004 §4' },
  relayAgent: { code: 82, codec: raw, source: 'RFC 3046 §2.0' },
  architectures: { code: 93, codec: u16List, source: 'RFC 4578 §2.1' },
  networkInterface: { code: 94, codec: networkInterface, source: 'RFC 4578 §2.2' },
  machineIdentifier: { code: 97, codec: machineIdentifier, source: 'RFC 4578 §2.3' },
  subnetSelection: { code: 118, codec: address, source: 'RFC 3011 §3' },
  search: { code: 119, codec: names, source: 'RFC 3397 §2' },
  routes: { code: 121, codec: routes, source: 'RFC 3442' },
  ipxe: { code: 175, codec: raw, source: 'iPXE src/include/ipxe/dhcp.h, DHCP_EB_ENCAP' },
  microsoftRoutes: { code: 249, codec: routes, source: 'MS-DHCPE §2.2.8' },
} as const;

export type OptionName = keyof typeof optionTable;
type OptionValue<Name extends OptionName> =
  (typeof optionTable)[Name]['codec'] extends Codec<infer Value> ? Value : never;

/** Values by name, in the order in which they are to be written. `undefined` is left out. */
export type OptionValues = { readonly [Name in OptionName]?: OptionValue<Name> | undefined };

/** The bytes of each option by its code, pieces of one code joined (RFC 3396), in the order of the message. */
export type Options = ReadonlyMap<number, Uint8Array>;

/** The value of one option; `undefined` where the message has none. Throws DHCP_MALFORMED where its bytes are wrong. */
export function readOption<Name extends OptionName>(options: Options, name: Name): OptionValue<Name> | undefined {
  const row: { readonly code: number; readonly codec: { decode(bytes: Uint8Array): unknown } } = optionTable[name];
  const bytes = options.get(row.code);
  if (bytes === undefined) return undefined;
  try {
    return row.codec.decode(bytes) as OptionValue<Name>;
  } catch (error) {
    if (!hasCode(error, 'DHCP_MALFORMED') && !hasCode(error, 'WIRE_TRUNCATED')) throw error;
    const reason = hasCode(error, 'DHCP_MALFORMED') ? error.data['what'] : error.message;
    throw new BootwrightError('DHCP_MALFORMED', { what: `option ${row.code}: ${reason}` }, { cause: error });
  }
}

export function encodeOptions(values: OptionValues): Options {
  const options = new Map<number, Uint8Array>();
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const { code, codec } = optionTable[name as OptionName] as { code: number; codec: Codec<unknown> };
    options.set(code, codec.encode(value));
  }
  return options;
}
