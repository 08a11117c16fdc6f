import type { ReplyStep } from './exchange.ts';
import { networkOptions } from './network-options.ts';
import { type OptionValues, optionTable, readOption } from './options.ts';

/** Says who answers, for how long, and how the network looks. RFC 2131 §4.3.1, table 3. */
export const addNetwork: ReplyStep = (draft, { request, network, relay, leases }) => {
  if (draft.reply === 'none') return draft;
  const options: OptionValues = {
    messageType: draft.reply,
    serverIdentifier: relay.serverIdentifier ?? network.serverAddress,
    ...draft.options,
    // RFC 6842 §3.
    clientIdentifier: readOption(request.options, 'clientIdentifier'),
  };
  if (draft.reply === 'nak') return { ...draft, options };
  const hostName = leases.reservedFor(draft.address)?.hostName;
  const wanted = request.options.get(optionTable.parameterList.code);
  const isListed = wanted === undefined || wanted.includes(optionTable.hostName.code);
  return {
    ...draft,
    options: hostName !== undefined && isListed ? { ...options, hostName } : options,
    network: networkOptions(network),
  };
};
