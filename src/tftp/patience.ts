/**
 * How long to wait for an answer before sending again: the estimate of RFC 6298 §2, because TFTP in lock-step stands
 * still for this long at every lost datagram. A timeout that the client asked for (RFC 2349) is kept as it is.
 */
export interface Patience {
  readonly fixedMs?: number;
  readonly smoothedMs?: number;
  readonly variationMs?: number;
}

const firstMs = 1000;
const leastMs = 200;
const mostMs = 8000;

/** Takes one round trip into account; only of what was sent once (Karn's rule, RFC 6298 §3). */
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

/** Milliseconds until the next try, doubled with every one that went unanswered. */
export function waitMs({ fixedMs, smoothedMs, variationMs = 0 }: Patience, retries: number): number {
  if (fixedMs !== undefined) return fixedMs;
  const estimateMs = smoothedMs === undefined ? firstMs : Math.max(smoothedMs + 4 * variationMs, leastMs);
  return Math.min(estimateMs * 2 ** retries, mostMs);
}
