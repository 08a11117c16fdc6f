import { type OptionName, type OptionValue, readOption } from '../dhcp6/options.ts';
import type { Options } from '../dhcp6/packet.ts';
import { hasCode } from '../errors.ts';

/** The value of an option that a stranger sent by DHCPv6; `undefined` also where its bytes are wrong. */
export function attempt6<Name extends OptionName>(options: Options, name: Name): OptionValue<Name> | undefined {
  try {
    return readOption(options, name);
  } catch (error) {
    if (hasCode(error, 'DHCP6_MALFORMED')) return undefined;
    throw error;
  }
}
