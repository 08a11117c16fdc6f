import type { BootAnswer } from '../boot/plan.ts';
import type { Draft, Exchange, ReplyStep } from './exchange.ts';
import type { Network6 } from './network.ts';
import { encodeOption, optionTable, readAll } from './options.ts';
import { type FirmwareSeen, readFirmware } from './read-firmware.ts';

/** Messages whose answers are about booting; the others only go on with a lease. */
const asking: readonly string[] = ['solicit', 'request', 'information-request'];
/** "A machine without an address of ours", to whom a boot is handed. */
const elsewhere = '0.0.0.0';

/**
 * Names the boot file to firmware, as a URL: RFC 5970 §3.1. The vendor class goes back where it is what marks the
 * answer as one for firmware:
 *
 * - UEFI HTTP Boot takes no other (EDK2 HttpBootDhcp6.c).
 * - UEFI PXE takes an answer with it for one of a proxy or boot server, and asks at port 4011 of the URL's server once
 *   more (EDK2 PxeBcDhcp6.c, PxeOfferTypeDhcpBinl). So it gets none where we give the address.
 */
export const addBootFile: ReplyStep = (draft, exchange) => {
  const { request, client, network } = exchange;
  if (draft.reply === 'none' || !asking.includes(request.type)) return draft;
  // Without an address, a machine that asked for one boots nothing.
  const lacksAddress = draft.addresses.length === 0 && request.type !== 'information-request';
  if (lacksAddress && network.mode === 'server') return draft;
  const seen = readFirmware(request.options);
  if (seen === undefined) return draft;
  if (seen.firmware === undefined) {
    const architecture = seen.architecture ?? 'that it does not name';
    return withoutFile(
      draft,
      exchange,
      `there is no boot file for the architecture ${architecture}, "${seen.vendorClass}"`,
    );
  }
  const answer = exchange.bootFor({
    mac: client.name,
    transaction: bootOf(exchange),
    firmware: seen.firmware,
    vendorClass: seen.vendorClass,
    address: draft.addresses[0] ?? elsewhere,
  });
  if ('reason' in answer) return withoutFile(draft, exchange, answer.reason);
  const url = urlOf(answer, network);
  const marks = seen.kind === 'http' || (seen.kind === 'pxe' && network.mode === 'proxy');
  return {
    ...draft,
    bootFile: url,
    // The URL stands before other options, and all codes begin with a zero byte: EDK2's HTTP Boot reads the URL up to
    // the next zero (HttpBootDhcp6.c).
    options: [...draft.options, encodeOption('bootFileUrl', url), ...(marks ? vendorClassOf(exchange, seen) : [])],
  };
};

/**
 * The same for all messages of one boot. DHCPv6 has a transaction for each pair of messages, but the IAID stays (EDK2
 * takes another one for each boot). To a proxy, EDK2 speaks of no IAID when it asks again, and keeps the transaction.
 */
function bootOf({ request, network }: Exchange): number {
  const [association] = network.mode === 'proxy' ? [] : readAll(request.options, 'association', 1);
  return association?.iaid ?? request.transaction;
}

/** Firmware's own has 38 bytes; a message may have one of 64 KiB, which is nobody's to be sent back. */
const longestVendorClass = 255;

/** As it came. */
function vendorClassOf({ request }: Exchange, { vendorClass }: FirmwareSeen): Draft['options'] {
  const { code } = optionTable.vendorClass;
  const text = Buffer.from(vendorClass, 'latin1');
  return request.options
    .filter(({ code: own, bytes }) => own === code && bytes.length <= longestVendorClass)
    .filter(({ bytes }) => Buffer.from(bytes).includes(text))
    .slice(0, 1);
}

function urlOf({ bootFile, by }: BootAnswer, { serverAddress, httpPort }: Network6): string {
  if (/^[a-z]+:\/\//i.test(bootFile)) return bootFile;
  const host = by === 'http' && httpPort !== 80 ? `[${serverAddress}]:${httpPort}` : `[${serverAddress}]`;
  return `${by}://${host}/${encodeURI(bootFile)}`;
}

/** Said once for a boot: at its first message. */
function withoutFile(draft: Draft, { client, request }: Exchange, reason: string): Draft {
  if (request.type === 'request') return draft;
  const whole = draft.addresses.length === 0 ? reason : `it gets an address, but ${reason}`;
  const event = { step: 'not-answered' as const, mac: client.name, reason: whole };
  return { ...draft, events: [...draft.events, event] };
}
