import type { ReplyStep } from './exchange.ts';
import { readOption } from './options.ts';
import { broadcastAddress } from './pool.ts';

/** Says who answers, for how long, and how the network looks. RFC 2131 §4.3.1, table 3. */
export const addNetwork: ReplyStep = (draft, { request, type, network }) => {
  if (draft.reply === 'none') return draft;
  const { leaseSeconds } = network;
  const clientIdentifier = readOption(request.options, 'clientIdentifier');
  const identity = { messageType: draft.reply, serverIdentifier: network.address };
  // RFC 6842 §3.
  const echo = { clientIdentifier };
  if (draft.reply === 'nak') return { ...draft, options: { ...identity, ...draft.options, ...echo } };
  const times = {
    leaseTime: leaseSeconds,
    renewalTime: Math.floor(leaseSeconds / 2),
    rebindingTime: Math.floor((leaseSeconds * 7) / 8),
  };
  return {
    ...draft,
    options: {
      ...identity,
      ...(type === 'inform' ? {} : times),
      subnetMask: network.netmask,
      broadcast: broadcastAddress(network),
      router: network.router === undefined ? undefined : [network.router],
      dns: network.dns === undefined || network.dns.length === 0 ? undefined : network.dns,
      domain: network.domain,
      ...draft.options,
      ...echo,
    },
  };
};
