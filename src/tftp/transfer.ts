import type { BootEvent } from '../boot/timeline.ts';
import { shownText } from './names.ts';
import type { Agreement } from './options.ts';
import { errorCodes, type Options } from './packet.ts';
import { newPatience, observe, observeRepeated, type Patience, waitInDoubtMs, waitMs } from './patience.ts';

/**
 * One file on its way to one client (RFC 1350, 2347, 2348, 2349, 7440). Blocks are counted from 1 and never wrap;
 * only the wire cuts them to 16 bits.
 */
export interface Transfer {
  readonly phase: 'offering' | 'sending' | 'ended';
  readonly sizeBytes: number;
  readonly agreement: Agreement;
  /** Shorter than all others, and empty where the size is a multiple of the block size. */
  readonly lastBlock: number;
  /** The last block that the client has, together with all before it; 0 for none. */
  readonly acknowledgedBlock: number;
  /** The last block of the window that is out. */
  readonly sentBlock: number;
  /** The client has acknowledged something: its address is no forgery, and this is the transfer that it listens to. */
  readonly heard: boolean;
  /** The last of those blocks that went out again while the client may have them: ACKs of these tell of no gap. */
  readonly repeatedBlock: number;
  /** How often the same was sent again without any progress, and how long that took. */
  readonly retries: number;
  readonly silentMs: number;
  readonly patience: Patience;
  /** When the window went out for the first time; absent where a part of it did before. */
  readonly sentAtMs?: number;
}

export type TransferEvent =
  | { readonly kind: 'started'; readonly nowMs: number }
  /** `block`: 16 bits, as on the wire. */
  | { readonly kind: 'acknowledged'; readonly block: number; readonly nowMs: number }
  /** The time of the last `wait` is over. */
  | { readonly kind: 'silence' }
  /** Another request of the same client has taken the place of this one. */
  | { readonly kind: 'replaced'; readonly reason: string }
  /** The client sent an ERROR. */
  | { readonly kind: 'refused'; readonly errorCode: number; readonly message: string }
  /** The client sent what has no place here. */
  | { readonly kind: 'confused'; readonly reason: string };

export type Outcome = Extract<BootEvent, { step: 'served' }>['outcome'];

export type TransferEffect =
  /** Send an OACK. */
  | { readonly kind: 'offer'; readonly options: Options }
  /** Send these blocks, in this order; instead of any that are still to be sent, unless they follow on those. */
  | { readonly kind: 'send'; readonly firstBlock: number; readonly lastBlock: number }
  /** Start the clock anew. */
  | { readonly kind: 'wait'; readonly delayMs: number }
  | { readonly kind: 'refuse'; readonly errorCode: number; readonly message: string }
  | { readonly kind: 'end'; readonly outcome: Outcome; readonly detail?: string };

type Stepped = readonly [Transfer, readonly TransferEffect[]];

/** As long as firmware asks for a file; a loader that unpacks or measures one says nothing for some seconds. */
const longestSilenceMs = 40_000;
/** Everything was sent, and many clients don't acknowledge the end. */
const longestSilenceAtTheEndMs = 10_000;
/** Nobody may be there at all: a forged address costs us little. */
const maxRetriesUnheard = 5;
/** From this try on the blocks that follow are sent too. */
const lookAheadRetry = 2;

/** A transfer that waits for `started`. */
export function newTransfer(sizeBytes: number, agreement: Agreement): Transfer {
  const { timeoutMs } = agreement;
  return {
    phase: agreement.granted.size > 0 ? 'offering' : 'sending',
    sizeBytes,
    agreement,
    lastBlock: Math.floor(sizeBytes / agreement.blockSizeBytes) + 1,
    acknowledgedBlock: 0,
    sentBlock: 0,
    heard: false,
    repeatedBlock: 0,
    retries: 0,
    silentMs: 0,
    patience: newPatience(agreement.windowBlocks, timeoutMs),
  };
}

/** Bytes of the file that the client has for certain. */
export function acknowledgedBytes({ acknowledgedBlock, agreement, sizeBytes }: Transfer): number {
  return Math.min(acknowledgedBlock * agreement.blockSizeBytes, sizeBytes);
}

export function step(transfer: Transfer, event: TransferEvent): Stepped {
  if (transfer.phase === 'ended') return [transfer, []];
  switch (event.kind) {
    case 'started':
      return transfer.phase === 'offering'
        ? offer({ ...transfer, sentAtMs: event.nowMs })
        : advance(transfer, 0, event.nowMs);
    case 'acknowledged':
      return acknowledged(transfer, event.block, event.nowMs);
    case 'silence':
      return silence(transfer);
    case 'replaced':
      return isAllSent(transfer)
        ? end({ ...transfer, acknowledgedBlock: transfer.lastBlock }, 'complete', event.reason)
        : end(transfer, 'aborted', event.reason);
    case 'refused':
      return refused(transfer, event.errorCode, event.message);
    case 'confused': {
      const refusal = { kind: 'refuse', errorCode: errorCodes.illegalOperation, message: event.reason } as const;
      return end(transfer, 'failed', event.reason, [refusal]);
    }
  }
}

function acknowledged(transfer: Transfer, wireBlock: number, nowMs: number): Stepped {
  if (transfer.phase === 'offering') {
    return wireBlock === 0 ? advance(heardAt(transfer, nowMs), 0, nowMs) : [transfer, []];
  }
  const { acknowledgedBlock, sentBlock, lastBlock } = transfer;
  const progress = (wireBlock - acknowledgedBlock) & 0xffff;
  // Answering a duplicate ACK would double every later packet (RFC 1123 §4.2.3.1); what is further away than the
  // window is older still.
  if (progress === 0 || progress > sentBlock - acknowledgedBlock) return [transfer, []];
  const block = acknowledgedBlock + progress;
  const moved = { ...heardAt(transfer, nowMs), acknowledgedBlock: block };
  if (block === lastBlock) return end(moved, 'complete');
  return block < sentBlock && block <= transfer.repeatedBlock ? slide(moved) : advance(moved, block, nowMs);
}

function heardAt(transfer: Transfer, nowMs: number): Transfer {
  return { ...transfer, heard: true, retries: 0, silentMs: 0, patience: learned(transfer, nowMs) };
}

function learned({ sentAtMs, silentMs, retries, patience }: Transfer, nowMs: number): Patience {
  if (sentAtMs === undefined) return patience;
  const sinceFirstMs = Math.max(nowMs - sentAtMs, 0);
  if (retries === 0) return observe(patience, sinceFirstMs);
  return observeRepeated(patience, sinceFirstMs, Math.max(sinceFirstMs - silentMs, 0));
}

/**
 * Sends the window that follows `block`. If that lies inside the window that is out, the client tells of a gap, and the
 * next window starts there (RFC 7440 §4).
 */
function advance(transfer: Transfer, block: number, nowMs: number): Stepped {
  const sentBlock = Math.min(block + transfer.agreement.windowBlocks, transfer.lastBlock);
  const repeatedBlock = block < transfer.sentBlock ? transfer.sentBlock : transfer.repeatedBlock;
  const moved: Transfer = { ...transfer, phase: 'sending', sentBlock, repeatedBlock, sentAtMs: nowMs };
  return [moved, [{ kind: 'send', firstBlock: block + 1, lastBlock: sentBlock }, wait(moved)]];
}

/**
 * An ACK from the midst of blocks that are out for the second time: EDK2 sends one for each that it has already, and
 * what follows is on its way. Taking that for a gap would send every later block twice, until the end. If it is a gap,
 * nothing more is heard.
 */
function slide(transfer: Transfer): Stepped {
  const { acknowledgedBlock, agreement, lastBlock, sentBlock } = transfer;
  const { sentAtMs: _sentTwice, ...moved } = {
    ...transfer,
    sentBlock: Math.max(sentBlock, Math.min(acknowledgedBlock + agreement.windowBlocks, lastBlock)),
  };
  const more: TransferEffect = { kind: 'send', firstBlock: sentBlock + 1, lastBlock: moved.sentBlock };
  const soon: TransferEffect = { kind: 'wait', delayMs: waitInDoubtMs(moved.patience) };
  return [moved, moved.sentBlock > sentBlock ? [more, soon] : [soon]];
}

function offer(transfer: Transfer): Stepped {
  return [transfer, [{ kind: 'offer', options: transfer.agreement.granted }, wait(transfer)]];
}

function wait({ patience, retries }: Transfer): TransferEffect {
  return { kind: 'wait', delayMs: waitMs(patience, retries) };
}

function isAllSent({ heard, sentBlock, lastBlock }: Transfer): boolean {
  return heard && sentBlock === lastBlock;
}

function silence(transfer: Transfer): Stepped {
  const { heard, lastBlock, acknowledgedBlock, patience } = transfer;
  const retries = transfer.retries + 1;
  const silentMs = transfer.silentMs + waitMs(patience, transfer.retries);
  if (isAllSent(transfer)) {
    if (silentMs >= longestSilenceAtTheEndMs) {
      return end({ ...transfer, acknowledgedBlock: lastBlock }, 'complete', 'the end was sent and not acknowledged');
    }
  } else if (heard ? silentMs >= longestSilenceMs : retries > maxRetriesUnheard) {
    return end(transfer, 'timed-out', heard ? 'the client fell silent' : 'the client never answered');
  }
  const sentAgain: Transfer = { ...transfer, retries, silentMs };
  if (transfer.phase === 'offering') return offer(sentAgain);
  const sentBlock = heard && retries === lookAheadRetry ? lookAhead(transfer) : transfer.sentBlock;
  const repeated = { ...sentAgain, sentBlock, repeatedBlock: sentBlock };
  return [repeated, [{ kind: 'send', firstBlock: acknowledgedBlock + 1, lastBlock: sentBlock }, wait(repeated)]];
}

/**
 * One window more than is out. Where an ACK was lost, U-Boot says nothing to what it has already, and GRUB says nothing
 * to block 65,535 when it wants the next, which has the number 0: only what is new to them makes them go on.
 */
function lookAhead({ sentBlock, agreement, lastBlock }: Transfer): number {
  return Math.min(sentBlock + agreement.windowBlocks, lastBlock);
}

function refused(transfer: Transfer, errorCode: number, message: string): Stepped {
  // EDK2 asks for the size only, ends with ERROR 8 "User aborted" and asks again. GRUB does so with ERROR 0 "closed",
  // when a script looks whether a file is there (`[ -s … ]`); by then it may have been sent the first window.
  const asksForSize = transfer.acknowledgedBlock === 0 && transfer.agreement.granted.has('tsize');
  const probes = errorCode === errorCodes.optionsRefused || errorCode === errorCodes.other;
  const detail = `the client sent ERROR ${errorCode}: ${shownText(message)}`;
  return end(transfer, asksForSize && probes ? 'probed' : 'aborted', detail);
}

function end(transfer: Transfer, outcome: Outcome, detail?: string, before: readonly TransferEffect[] = []): Stepped {
  const last: TransferEffect = { kind: 'end', outcome, ...(detail === undefined ? {} : { detail }) };
  return [{ ...transfer, phase: 'ended' }, [...before, last]];
}
