import { BootwrightError } from '../errors.ts';
import { type ClientOptions, defaultTimeoutsMs, openLine } from './client-line.ts';
import { discoverMessage, releaseMessage, requestMessage } from './client-messages.ts';
import { readOption } from './options.ts';
import { type DhcpPacket, noAddress } from './packet.ts';

/** What a server promised. Addresses are dotted decimal. */
export interface GrantedAddress {
  readonly address: string;
  readonly serverAddress: string;
  readonly leaseSeconds: number | undefined;
  readonly netmask: string | undefined;
  readonly router: string | undefined;
  readonly dns: readonly string[];
  /** Where the boot file is to be had: `siaddr`, else the server. */
  readonly nextServer: string;
  /** Option 67, else the `file` field, as EDK2 does. */
  readonly bootFile: string | undefined;
  /** Everything else it said: the ACK itself. */
  readonly packet: DhcpPacket;
  readonly timings: { readonly offerMs: number; readonly acknowledgeMs: number };
}

/**
 * Asks for an address as the firmware of a machine does (`architecture` given) or as its Linux does, takes the first
 * offer, and does not configure anything. Throws DHCP_NO_OFFER, DHCP_NO_ACKNOWLEDGEMENT, DHCP_REFUSED, DHCP_MALFORMED
 * where the acknowledgement is, and what `Udp.open` throws.
 */
export async function askForAddress(options: ClientOptions): Promise<GrantedAddress> {
  const { clock, timeoutsMs = defaultTimeoutsMs } = options;
  const waitedMs = timeoutsMs.reduce((sum, timeoutMs) => sum + timeoutMs, 0);
  const xid = randomTransaction();
  const startedMs = clock.elapsedMs();
  const line = await openLine(options, xid);
  try {
    const transaction = () => ({ xid, seconds: Math.floor((clock.elapsedMs() - startedMs) / 1000) });
    const offer = await line.exchange(
      () => discoverMessage(options, transaction()),
      (reply) => readOption(reply.options, 'messageType') === 'offer' && reply.yiaddr !== noAddress,
    );
    if (offer === undefined) throw new BootwrightError('DHCP_NO_OFFER', { waitedMs });
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
    return readGrant(answer, server, timings);
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
  const bootFile = readOption(options, 'bootFile') ?? packet.file;
  return {
    address: packet.yiaddr,
    serverAddress,
    leaseSeconds: readOption(options, 'leaseTime'),
    netmask: readOption(options, 'subnetMask'),
    router: readOption(options, 'router')?.[0],
    dns: readOption(options, 'dns') ?? [],
    nextServer: packet.siaddr === noAddress ? serverAddress : packet.siaddr,
    bootFile: bootFile === '' ? undefined : bootFile,
    packet,
    timings,
  };
}

function randomTransaction(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}
