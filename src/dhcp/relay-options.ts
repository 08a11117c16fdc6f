import { formatIpv4 } from '../wire/addresses.ts';
import { type Options, optionTable } from './options.ts';

/** What a relay agent adds in option 82, as far as it concerns a server. Addresses are dotted decimal. */
export interface RelayOptions {
  /** Sub-option 5: the link of the machine, where that is another one than the relay's own address is on. RFC 3527. */
  readonly linkSelection?: string;
  /** Sub-option 11: what the server shall call itself in option 54. RFC 5107. */
  readonly serverIdentifier?: string;
  /** Sub-option 19: answers go to the port that the relay sent from. RFC 8357. */
  readonly repliesToItsPort?: true;
}

const none: RelayOptions = {};

/** What does not add up is no sub-option: whatever stands in option 82, it goes back as it came. */
export function readRelayOptions(options: Options): RelayOptions {
  const bytes = options.get(optionTable.relayAgent.code);
  if (bytes === undefined) return none;
  const found: { -readonly [Name in keyof RelayOptions]: RelayOptions[Name] } = {};
  for (let at = 0; at + 2 <= bytes.length; ) {
    const code = bytes[at];
    const length = bytes[at + 1] ?? 0;
    const start = at + 2;
    at = start + length;
    if (at > bytes.length) return none;
    if (length === 4) {
      const address = () => formatIpv4(new DataView(bytes.buffer, bytes.byteOffset + start, 4).getUint32(0));
      if (code === 5) found.linkSelection = address();
      if (code === 11) found.serverIdentifier = address();
    }
    if (code === 19) found.repliesToItsPort = true;
  }
  return found;
}
