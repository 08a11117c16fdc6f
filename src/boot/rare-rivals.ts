const hourMs = 3_600_000;
/** On one wire there are never so many: anybody may name any server. */
const mostServers = 256;

/**
 * Which other DHCP servers were reported lately: each machine that takes one's offer names it, and once an hour is
 * enough. A flood of invented ones makes no more reports than there are places.
 */
export class RareRivals {
  /** Which was reported longest ago stands first. */
  readonly #lastMs = new Map<string, number>();

  /** Whether that server on that interface is to be reported now; it counts as reported then. */
  isNews(on: string, server: string, nowMs: number): boolean {
    const key = `${on} ${server}`;
    if (this.#isRecent(this.#lastMs.get(key), nowMs)) return false;
    this.#lastMs.delete(key);
    if (this.#lastMs.size >= mostServers) {
      const [[oldest, lastMs] = ['', nowMs]] = this.#lastMs;
      if (this.#isRecent(lastMs, nowMs)) return false;
      this.#lastMs.delete(oldest);
    }
    this.#lastMs.set(key, nowMs);
    return true;
  }

  /** Also where the clock was set back meanwhile, no report is kept back for longer than an hour. */
  #isRecent(lastMs: number | undefined, nowMs: number): boolean {
    return lastMs !== undefined && Math.abs(nowMs - lastMs) < hourMs;
  }
}
