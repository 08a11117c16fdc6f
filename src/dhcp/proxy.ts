import { findBootFile, nameBootFile } from './add-boot-file.ts';
import type { Draft, Exchange, ReplyStep } from './exchange.ts';
import { readOption } from './options.ts';
import { noAddress } from './packet.ts';
import { pickedItem, vendorOptionsOfPick } from './pxe-options.ts';
import { readFirmware } from './read-firmware.ts';
import { isMachineOf } from './subnet.ts';

/**
 * Answers beside a DHCP server that gives the addresses: it offers no address, no lease and no network, only the boot
 * file, and acknowledges nothing on port 67. PXE 2.1 §2.2, "proxyDHCP".
 */
export const offerAsProxy: ReplyStep = (draft, exchange) => {
  if (exchange.type === 'discover') return answerFirmware(draft, exchange, 'offer', noAddress);
  if (exchange.type === 'request') learnAddress(exchange);
  return draft;
};

/**
 * Answers on port 4011, whether as a proxy or as the full server: firmware has its address and asks for the boot file.
 * EDK2 asks with REQUEST, other clients with INFORM or DISCOVER; the answer to all is an ACK. PXE 2.1 §2.2.
 */
export const answerAtBinl: ReplyStep = (draft, exchange) => {
  const { type, request } = exchange;
  if (type !== 'request' && type !== 'inform' && type !== 'discover') return draft;
  const address = isOnTheNetwork(exchange, request.ciaddr) ? request.ciaddr : noAddress;
  const answered = answerFirmware(draft, exchange, 'ack', address);
  if (answered.reply === 'none') return answered;
  // It asks for the file itself: a menu would lead back here.
  const picked = pickedItem(readOption(request.options, 'vendorOptions'));
  const vendorOptions = picked === undefined ? undefined : vendorOptionsOfPick(picked);
  const vendorClass = answered.options.vendorClass ?? 'PXEClient';
  return { ...answered, options: { ...answered.options, vendorClass, vendorOptions } };
};

function answerFirmware(draft: Draft, exchange: Exchange, reply: 'offer' | 'ack', address: string): Draft {
  const { request, mac, network } = exchange;
  const read = readFirmware(request.options, mac);
  if (read === undefined) return draft;
  const found = findBootFile(read, exchange, address);
  if ('reason' in found) {
    return { ...draft, events: [...draft.events, { step: 'not-answered', mac, reason: found.reason }] };
  }
  const clientIdentifier = readOption(request.options, 'clientIdentifier');
  const options = { messageType: reply, serverIdentifier: network.serverAddress, clientIdentifier } as const;
  return nameBootFile({ ...draft, reply, address: noAddress, options }, exchange, found);
}

/** What the machine takes of another server is where TFTP and HTTP will hear from it. */
function learnAddress(exchange: Exchange): void {
  const { request, mac, place } = exchange;
  const address = readOption(request.options, 'requestedAddress') ?? request.ciaddr;
  if (isOnTheNetwork(exchange, address)) place(mac, address);
}

function isOnTheNetwork({ network, range }: Exchange, address: string): boolean {
  return isMachineOf(range, address, network.serverAddress);
}
