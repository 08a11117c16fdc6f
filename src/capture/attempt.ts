import { type OptionName, type Options, readOption } from '../dhcp/options.ts';
import { hasCode } from '../errors.ts';

/** The value of an option that a stranger sent; `undefined` also where its bytes are wrong. */
export function attempt<Name extends OptionName>(options: Options, name: Name): ReturnType<typeof readOption<Name>> {
  try {
    return readOption(options, name);
  } catch (error) {
    if (hasCode(error, 'DHCP_MALFORMED')) return undefined;
    throw error;
  }
}
