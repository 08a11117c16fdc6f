import { type DhcpPacket, noAddress } from '../dhcp/packet.ts';
import { attempt } from './attempt.ts';
import { type BootOffer, readBootOffer } from './offer-shape.ts';

/** What a DHCP reply gives a machine, whoever sent it. */
export interface Given {
  /** The last two are of DHCPv6. */
  readonly type: 'offer' | 'ack' | 'nak' | 'unknown' | 'advertise' | 'reply';
  /** Option 54, or the address that it came from; of DHCPv6, its DUID. */
  readonly server: string;
  /** `undefined`: none, as in the offer of a proxy. */
  readonly address?: string;
  readonly bootFile: string;
  readonly shape: BootOffer['shape'];
  /** Option 56, the reason of a NAK; of DHCPv6, that of a status that is none of success. */
  readonly message?: string;
}

export function readGiven(reply: DhcpPacket, from: string): Given {
  const type = attempt(reply.options, 'messageType');
  const { file, shape } = readBootOffer(reply);
  const message = attempt(reply.options, 'message');
  return {
    type: type === 'offer' || type === 'ack' || type === 'nak' ? type : 'unknown',
    server: attempt(reply.options, 'serverIdentifier') ?? from,
    ...(reply.yiaddr === noAddress ? {} : { address: reply.yiaddr }),
    bootFile: file,
    shape,
    ...(message === undefined ? {} : { message }),
  };
}

/** What is not the same in two replies, in words; empty: a machine would do the same with both. */
export function differences(now: Given | undefined, recorded: Given): readonly string[] {
  if (now === undefined) return ['it was answered, and would not be'];
  const of = (what: string, before: string | undefined, after: string | undefined): string[] =>
    before === after ? [] : [`${what}: ${before || 'none'} was given, ${after || 'none'} would be`];
  if (now.type !== recorded.type) return of('kind of answer', recorded.type.toUpperCase(), now.type.toUpperCase());
  return [
    ...of('address', recorded.address, now.address),
    ...of('boot file', recorded.bootFile, now.bootFile),
    ...of('shape', recorded.shape, now.shape),
  ];
}

/** The release that a Bootwright named, by the path of its boot file or by its URL. */
export function releaseIn({ bootFile }: Given): string | undefined {
  return /\breleases\/([a-z0-9][a-z0-9._-]*)\//.exec(bootFile)?.[1];
}
