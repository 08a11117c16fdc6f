/**
 * How long to wait for an answer before sending again: the estimate of RFC 6298 §2, because TFTP stands still for this
 * long whenever a datagram is lost, and no delayed acknowledgements have to be waited for.
 */
export interface Patience {
  readonly leastMs: number;
  readonly mostMs: number;
  readonly smoothedMs?: number;
  readonly variationMs?: number;
}

const firstMs = 1000;
/** Firmware polls its network card every 10 ms when it is busy otherwise. */
const leastMs = 20;
/** What 1500 bytes take on a wire of 10 Mbit/s: a window must have had the time to arrive. */
const leastMsPerBlock = 1.2;
const leastInDoubtMs = 10;
const mostMs = 8000;

/**
 * `timeoutMs`: what the client asked for (RFC 2349). It is the most that it has to wait and not the least: U-Boot asks
 * for 5 seconds always, and would stand still so long for each lost block.
 */
export function newPatience(windowBlocks: number, timeoutMs = mostMs): Patience {
  return {
    leastMs: leastMs + Math.ceil(leastMsPerBlock * windowBlocks),
    mostMs: Math.min(timeoutMs, mostMs),
  };
}

/** Takes one round trip into account (RFC 6298 §2). */
export function observe(patience: Patience, roundTripMs: number): Patience {
  const { smoothedMs, variationMs } = patience;
  if (smoothedMs === undefined || variationMs === undefined) {
    return { ...patience, smoothedMs: roundTripMs, variationMs: roundTripMs / 2 };
  }
  return {
    ...patience,
    smoothedMs: smoothedMs + (roundTripMs - smoothedMs) / 8,
    variationMs: variationMs + (Math.abs(roundTripMs - smoothedMs) - variationMs) / 4,
  };
}

/**
 * Takes an answer into account that came `sinceFirstMs` after the first and `sinceLastMs` after the last of several
 * tries. RFC 6298 §3 would have it left out, and the wait stay doubled until an answer came to a single one: on a wire
 * that loses 1 % a window of 64 blocks hardly ever is one. So an answer that is faster than any could be was one to the
 * first (RFC 3522), and any other is taken as one to the last: too short a time at most, which corrects itself.
 */
export function observeRepeated(patience: Patience, sinceFirstMs: number, sinceLastMs: number): Patience {
  const isToTheFirst = sinceLastMs < (patience.smoothedMs ?? 0) / 2;
  return observe(patience, isToTheFirst ? sinceFirstMs : sinceLastMs);
}

/** Milliseconds until the next try, doubled with every one that went unanswered. */
export function waitMs(patience: Patience, retries: number): number {
  const estimateMs = patience.smoothedMs === undefined ? firstMs : Math.max(estimate(patience), patience.leastMs);
  return Math.min(estimateMs * 2 ** retries, patience.mostMs);
}

/** Milliseconds until what may have been lost goes out again, if all goes on as before. */
export function waitInDoubtMs(patience: Patience): number {
  return Math.min(Math.max(estimate(patience), leastInDoubtMs), patience.mostMs);
}

function estimate({ smoothedMs = firstMs, variationMs = 0 }: Patience): number {
  return smoothedMs + 4 * variationMs;
}
