import type { Draft, Exchange } from './exchange.ts';
import { type NetworkOption, spareCodes } from './network-options.ts';
import { encodeOptions, optionTable, readOption } from './options.ts';
import { encodePacket, fixedBytes, noAddress, optionBytes } from './packet.ts';

const { relayAgent, subnetSelection, parameterList, messageType, serverIdentifier } = optionTable;

/** The reply as it goes out: RFC 2131 §4.3.1, table 3, within what the machine can take, and what a relay wants back. */
export function encodeReply(draft: Draft, exchange: Exchange): Uint8Array {
  const { request } = exchange;
  const isRelayed = request.giaddr !== noAddress;
  return encodePacket({
    op: 'reply',
    htype: request.htype,
    hops: 0,
    xid: request.xid,
    secs: 0,
    // A relay must not send a NAK to the address that the machine has no right to. RFC 2131 §4.3.2.
    broadcast: request.broadcast || (draft.reply === 'nak' && isRelayed),
    ciaddr: draft.reply === 'ack' ? request.ciaddr : noAddress,
    yiaddr: draft.address,
    siaddr: draft.nextServer,
    giaddr: request.giaddr,
    chaddr: request.chaddr,
    sname: '',
    file: draft.file,
    options: chooseOptions(draft, exchange),
  });
}

function chooseOptions(draft: Draft, { request, type }: Exchange): ReadonlyMap<number, Uint8Array> {
  const own = encodeOptions(draft.options);
  const options = new Map<number, Uint8Array>();
  for (const { code } of [messageType, serverIdentifier]) {
    const bytes = own.get(code);
    if (bytes !== undefined) options.set(code, bytes);
  }
  const wanted = request.options.get(parameterList.code);
  const isBoot = draft.options.bootFile !== undefined;
  for (const option of draft.network ?? []) {
    if (isBoot && bootCodes.has(option.code)) continue;
    if (isWanted(option, wanted, type === 'inform')) options.set(option.code, option.bytes);
  }
  for (const [code, bytes] of own) options.set(code, bytes);
  const selected = request.options.get(subnetSelection.code);
  if (selected !== undefined) options.set(subnetSelection.code, selected);
  const relayed = request.options.get(relayAgent.code);
  leaveOut(options, draft.network ?? [], largestReplyBytes(request.options, relayed));
  // As it came, and the last: relays look for it from the end. RFC 3046 §2.2.
  if (relayed !== undefined) options.set(relayAgent.code, relayed);
  return options;
}

/** Of these, firmware hears what its boot needs, and nothing that the configuration has for other machines. */
const bootCodes: ReadonlySet<number> = new Set(
  (['vendorOptions', 'vendorClass', 'tftpServerName', 'bootFile'] as const).map((name) => optionTable[name].code),
);

function isWanted({ code, when }: NetworkOption, wanted: Uint8Array | undefined, isInform: boolean): boolean {
  switch (when) {
    case 'always':
      return true;
    case 'lease':
      return !isInform;
    case 'listed':
      return wanted === undefined || wanted.includes(code);
    case 'asked':
      return wanted?.includes(code) === true;
  }
}

/** Leaves out what a machine can do without, until the rest fits: the options of the configuration first. */
function leaveOut(options: Map<number, Uint8Array>, network: readonly NetworkOption[], limitBytes: number): void {
  let size = fixedBytes;
  for (const bytes of options.values()) size += optionBytes(bytes);
  if (size <= limitBytes) return;
  const named = new Set<number>(Object.values(optionTable).map(({ code }) => code));
  const extra = network.map(({ code }) => code).filter((code) => !named.has(code));
  for (const code of [...extra.reverse(), ...spareCodes]) {
    const bytes = options.get(code);
    if (bytes === undefined) continue;
    options.delete(code);
    size -= optionBytes(bytes);
    if (size <= limitBytes) return;
  }
}

/** IPv4's and UDP's. Whether option 57 counts them, clients do not agree; whoever counts them is on the safe side. */
const headerBytes = 28;

/**
 * Option 57, within what every client takes (576, RFC 2132 §9.10) and what Ethernet carries in one frame. What a relay
 * takes off again counts for the frame alone.
 */
function largestReplyBytes(options: Exchange['request']['options'], relayed: Uint8Array | undefined): number {
  const asked = readOption(options, 'maximumMessageSize') ?? 576;
  const taken = relayed === undefined ? 0 : optionBytes(relayed);
  return Math.min(Math.max(asked, 576), 1500 - taken) - headerBytes;
}
