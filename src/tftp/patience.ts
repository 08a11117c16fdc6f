/**
 * How long to wait for an answer before sending again: the estimate of RFC 6298 §2, because TFTP stands still for this
 * long whenever a datagram is lost, and no delayed acknowledgements have to be waited for.
 */
export interface Patience {
  readonly leastMs: number;
  readonly mostMs: number;
  readonly smoothedMs?: number;
  readonly variationMs?: number;
  /** What went unanswered since the last round trip that could be measured. */
  readonly doublings: number;
}

const firstMs = 1000;
/** Firmware polls its network card every 10 ms when it is busy otherwise. */
const leastMs = 20;
/** What 1500 bytes take on a wire of 10 Mbit/s: a window must have had the time to arrive. */
const leastMsPerBlock = 1.2;
const mostMs = 8000;

/**
 * `timeoutMs`: what the client asked for (RFC 2349). It is the most that it has to wait and not the least: U-Boot asks
 * for 5 seconds always, and would stand still so long for each lost block.
 */
export function newPatience(windowBlocks: number, timeoutMs = mostMs): Patience {
  return {
    leastMs: leastMs + Math.ceil(leastMsPerBlock * windowBlocks),
    mostMs: Math.min(timeoutMs, mostMs),
    doublings: 0,
  };
}

/** Takes one round trip into account; only of what was sent once (Karn's rule, RFC 6298 §3). */
export function observe(patience: Patience, roundTripMs: number): Patience {
  const { smoothedMs, variationMs } = patience;
  if (smoothedMs === undefined || variationMs === undefined) {
    return { ...patience, smoothedMs: roundTripMs, variationMs: roundTripMs / 2, doublings: 0 };
  }
  return {
    ...patience,
    smoothedMs: smoothedMs + (roundTripMs - smoothedMs) / 8,
    variationMs: variationMs + (Math.abs(roundTripMs - smoothedMs) - variationMs) / 4,
    doublings: 0,
  };
}

/**
 * Takes into account that nothing was heard. Waits stay longer until a round trip can be measured again: else a path
 * that is slower than the estimate would never be found out to be (RFC 6298 §5.5 and §5.7).
 */
export function doubled(patience: Patience): Patience {
  return { ...patience, doublings: patience.doublings + 1 };
}

/** Milliseconds until the next try. */
export function waitMs({ leastMs, mostMs, smoothedMs, variationMs = 0, doublings }: Patience): number {
  const estimateMs = smoothedMs === undefined ? firstMs : Math.max(smoothedMs + 4 * variationMs, leastMs);
  return Math.min(estimateMs * 2 ** doublings, mostMs);
}
