import type { ReplyStep } from './exchange.ts';
import { encodeOption, optionTable, readOption } from './options.ts';
import type { Option } from './packet.ts';

/** Above all others: machines then wait for no other server. RFC 8415 §18.2.1 and §21.8. */
const highest = 255;

/** Says how the network looks, as far as the machine asks for it, and whether it is to take us. RFC 8415 §18.3. */
export const addNetwork: ReplyStep = (draft, { request, network }) => {
  if (draft.reply === 'none' || network.mode === 'proxy') return draft;
  const requested = readOption(request.options, 'optionRequest') ?? [];
  const { dns = [], domains = [], ntp = [], extraOptions = [] } = network;
  // Whoever boots what we have, need not wait a second for other servers (EDK2 Dhcp6Io.c, AdPref).
  const isPreferred = draft.bootFile !== undefined && draft.reply === 'advertise';
  const known: readonly Option[] = [
    ...(dns.length === 0 ? [] : [encodeOption('dns', dns)]),
    ...(domains.length === 0 ? [] : [encodeOption('domains', domains)]),
    ...(ntp.length === 0 ? [] : [encodeOption('ntp', ntp)]),
  ];
  const extraCodes = extraOptions.map(({ code }) => code);
  return {
    ...draft,
    options: [
      ...draft.options.filter(({ code }) => code !== optionTable.bootFileUrl.code || !extraCodes.includes(code)),
      ...known.filter(({ code }) => requested.includes(code) && !extraCodes.includes(code)),
      ...extraOptions,
      ...(isPreferred ? [encodeOption('preference', highest)] : []),
    ],
  };
};
