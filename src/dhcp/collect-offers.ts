import { BootwrightError } from '../errors.ts';
import { readBootWord } from './boot-word.ts';
import { type Chosen, chooseOffer, isBest } from './choose-offer.ts';
import { type ClientOptions, defaultTimeoutsMs, type Line } from './client-line.ts';
import { readOption } from './options.ts';
import type { DhcpPacket } from './packet.ts';

/** PXEBC_OFFER_MAX_NUM of EDK2. */
const mostOffers = 16;
/** EDK2 collects offers until its first timeout (PxeBcDhcp4.c, mPxeDhcpTimeout); it goes on to 32 s, and we don't. */
const firmwareTimeoutsMs: readonly number[] = [4000, 4000];

/**
 * The offer that a machine takes: Linux the first one; firmware waits for others, since its boot file may come from a
 * server of its own. Throws DHCP_NO_OFFER or DHCP_PROXY_ALONE.
 */
export async function collectOffers(options: ClientOptions, line: Line, discover: () => DhcpPacket): Promise<Chosen> {
  const isFirmware = options.architecture !== undefined;
  const timeoutsMs = options.timeoutsMs ?? (isFirmware ? firmwareTimeoutsMs : defaultTimeoutsMs);
  const offers: DhcpPacket[] = [];
  for (const timeoutMs of timeoutsMs) {
    await line.ask(discover(), timeoutMs, (reply) => {
      if (readOption(reply.options, 'messageType') !== 'offer' || offers.length >= mostOffers) return false;
      // What cannot be read is thrown here, and the offer is passed over.
      const chosen = chooseOffer([...offers, reply]);
      offers.push(reply);
      return chosen !== undefined && (!isFirmware || isBest(chosen));
    });
    const chosen = chooseOffer(offers);
    if (chosen !== undefined) return chosen;
  }
  const waitedMs = timeoutsMs.reduce((sum, timeoutMs) => sum + timeoutMs, 0);
  const [proxy] = offers;
  if (proxy === undefined) throw new BootwrightError('DHCP_NO_OFFER', { waitedMs });
  throw new BootwrightError('DHCP_PROXY_ALONE', { server: readBootWord(proxy).serverAddress, waitedMs });
}
