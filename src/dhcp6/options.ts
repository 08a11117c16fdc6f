import { BootwrightError, hasCode } from '../errors.ts';
import type { Codec } from '../wire/codec.ts';
import {
  addresses,
  association,
  domains,
  duid,
  flag,
  leasedAddress,
  linkLayerAddress,
  networkInterface,
  ntpServers,
  raw,
  status,
  temporaryAssociation,
  text,
  texts,
  u8,
  u16,
  u16List,
  vendorClass,
} from './option-codecs.ts';
import type { Option, Options } from './packet.ts';

/** Every option that is understood. Others are left alone. */
export const optionTable = {
  clientId: { code: 1, codec: duid, source: 'RFC 8415 §21.2' },
  serverId: { code: 2, codec: duid, source: 'RFC 8415 §21.3' },
  association: { code: 3, codec: association, source: 'RFC 8415 §21.4' },
  temporaryAssociation: { code: 4, codec: temporaryAssociation, source: 'RFC 8415 §21.5' },
  leasedAddress: { code: 5, codec: leasedAddress, source: 'RFC 8415 §21.6' },
  optionRequest: { code: 6, codec: u16List, source: 'RFC 8415 §21.7' },
  preference: { code: 7, codec: u8, source: 'RFC 8415 §21.8' },
  relayMessage: { code: 9, codec: raw, source: 'RFC 8415 §21.10' },
  status: { code: 13, codec: status, source: 'RFC 8415 §21.13' },
  rapidCommit: { code: 14, codec: flag, source: 'RFC 8415 §21.14' },
  userClasses: { code: 15, codec: texts, source: 'RFC 8415 §21.15' },
  vendorClass: { code: 16, codec: vendorClass, source: 'RFC 8415 §21.16' },
  interfaceId: { code: 18, codec: raw, source: 'RFC 8415 §21.18' },
  dns: { code: 23, codec: addresses, source: 'RFC 3646 §3' },
  domains: { code: 24, codec: domains, source: 'RFC 3646 §4' },
  prefixAssociation: { code: 25, codec: association, source: 'RFC 8415 §21.21' },
  ntp: { code: 56, codec: ntpServers, source: 'RFC 5908 §4' },
  bootFileUrl: { code: 59, codec: text, source: 'RFC 5970 §3.1' },
  bootFileParameters: { code: 60, codec: texts, source: 'RFC 5970 §3.2' },
  architectures: { code: 61, codec: u16List, source: 'RFC 5970 §3.3' },
  networkInterface: { code: 62, codec: networkInterface, source: 'RFC 5970 §3.4' },
  linkLayerAddress: { code: 79, codec: linkLayerAddress, source: 'RFC 6939 §4' },
  relayPort: { code: 135, codec: u16, source: 'RFC 8357 §4' },
} as const;

export type OptionName = keyof typeof optionTable;
export type OptionValue<Name extends OptionName> =
  (typeof optionTable)[Name]['codec'] extends Codec<infer Value> ? Value : never;

/** Addresses or prefixes that one message may ask for, and addresses in each of them: what is beyond is not read. */
export const mostAssociations = 8;

/** The value of the first option of that name; `undefined` where there is none. Throws DHCP6_MALFORMED. */
export function readOption<Name extends OptionName>(options: Options, name: Name): OptionValue<Name> | undefined {
  const { code } = optionTable[name];
  const found = options.find((option) => option.code === code);
  return found === undefined ? undefined : decode(found, name);
}

/** The values of all options of that name, in their order, `most` at most. Throws DHCP6_MALFORMED. */
export function readAll<Name extends OptionName>(
  options: Options,
  name: Name,
  most: number,
): readonly OptionValue<Name>[] {
  const { code } = optionTable[name];
  const found = options.filter((option) => option.code === code).slice(0, most);
  return found.map((option) => decode(option, name));
}

export function encodeOption<Name extends OptionName>(name: Name, value: OptionValue<Name>): Option {
  const { code, codec } = optionTable[name] as { readonly code: number; readonly codec: Codec<unknown> };
  return { code, bytes: codec.encode(value) };
}

function decode<Name extends OptionName>({ code, bytes }: Option, name: Name): OptionValue<Name> {
  try {
    return (optionTable[name].codec as Codec<unknown>).decode(bytes) as OptionValue<Name>;
  } catch (error) {
    if (!hasCode(error, 'DHCP6_MALFORMED') && !hasCode(error, 'WIRE_TRUNCATED')) throw error;
    const reason = hasCode(error, 'DHCP6_MALFORMED') ? error.data['what'] : error.message;
    throw new BootwrightError('DHCP6_MALFORMED', { what: `option ${code}: ${reason}` }, { cause: error });
  }
}
