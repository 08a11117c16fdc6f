import { BootwrightError } from '../errors.ts';
import { type BootWord, readBootWord } from './boot-word.ts';
import { type ClientOptions, defaultTimeoutsMs, openLine } from './client-line.ts';
import { discoverMessage, releaseMessage, requestMessage } from './client-messages.ts';
import { collectOffers } from './collect-offers.ts';
import { readOption } from './options.ts';
import { type DhcpPacket, noAddress } from './packet.ts';

/** What a server promised; `packet` is its ACK. Addresses are dotted decimal. */
export interface GrantedAddress extends BootWord {
  readonly address: string;
  readonly leaseSeconds: number | undefined;
  readonly netmask: string | undefined;
  readonly router: string | undefined;
  readonly dns: readonly string[];
  /** Where the boot file is to be had: `siaddr`, else the server. */
  readonly nextServer: string;
  /** The offer of another server, which counts for booting in place of this one. */
  readonly proxy?: BootWord;
  readonly timings: { readonly offerMs: number; readonly acknowledgeMs: number };
}

/**
 * Asks for an address as the firmware of a machine does (`architecture` given) or as its Linux does, and does not
 * configure anything. Linux takes the first offer; firmware collects them, and may have an address from one server and
 * its boot file from another. Throws DHCP_NO_OFFER, DHCP_PROXY_ALONE, DHCP_NO_ACKNOWLEDGEMENT, DHCP_REFUSED,
 * DHCP_MALFORMED where the acknowledgement is, and what `Udp.open` throws.
 */
export async function askForAddress(options: ClientOptions): Promise<GrantedAddress> {
  const { clock, timeoutsMs = defaultTimeoutsMs } = options;
  const waitedMs = timeoutsMs.reduce((sum, timeoutMs) => sum + timeoutMs, 0);
  const xid = randomTransaction();
  const startedMs = clock.elapsedMs();
  const line = await openLine(options, xid);
  try {
    const transaction = () => ({ xid, seconds: Math.floor((clock.elapsedMs() - startedMs) / 1000) });
    const { offer, proxy } = await collectOffers(options, line, () => discoverMessage(options, transaction()));
    const offeredMs = clock.elapsedMs();
    const server = readOption(offer.options, 'serverIdentifier') ?? offer.siaddr;
    const answer = await line.exchange(
      () => requestMessage(options, transaction(), offer),
      (reply) => {
        const type = readOption(reply.options, 'messageType');
        return (type === 'ack' || type === 'nak') && readOption(reply.options, 'serverIdentifier') === server;
      },
    );
    const address = offer.yiaddr;
    if (answer === undefined) throw new BootwrightError('DHCP_NO_ACKNOWLEDGEMENT', { server, address, waitedMs });
    if (readOption(answer.options, 'messageType') === 'nak') {
      const reason = readOption(answer.options, 'message') ?? 'it gave no reason';
      throw new BootwrightError('DHCP_REFUSED', { server, address, reason });
    }
    const timings = { offerMs: offeredMs - startedMs, acknowledgeMs: clock.elapsedMs() - offeredMs };
    const word = proxy === undefined ? {} : { proxy: readBootWord(proxy) };
    return { ...readGrant(answer, server, timings), ...word };
  } finally {
    await line.close();
  }
}

/** Gives an address back. Servers don't answer that. */
export async function releaseAddress(
  options: ClientOptions,
  lease: Pick<GrantedAddress, 'address' | 'serverAddress'>,
): Promise<void> {
  const xid = randomTransaction();
  const line = await openLine({ destination: lease.serverAddress, ...options }, xid);
  try {
    await line.send(releaseMessage(options, { xid, seconds: 0 }, lease));
  } finally {
    await line.close();
  }
}

function readGrant(packet: DhcpPacket, serverAddress: string, timings: GrantedAddress['timings']): GrantedAddress {
  const { options } = packet;
  return {
    ...readBootWord(packet),
    serverAddress,
    address: packet.yiaddr,
    leaseSeconds: readOption(options, 'leaseTime'),
    netmask: readOption(options, 'subnetMask'),
    router: readOption(options, 'router')?.[0],
    dns: readOption(options, 'dns') ?? [],
    nextServer: packet.siaddr === noAddress ? serverAddress : packet.siaddr,
    timings,
  };
}

function randomTransaction(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}
