const hourMs = 3_600_000;
/** Anybody may name any server. */
const mostServers = 256;

/** Which other servers were reported lately: each machine that takes one's offer names it, and once an hour is enough. */
export class RareRivals {
  readonly #lastMs = new Map<string, number>();

  isNews(on: string, server: string, nowMs: number): boolean {
    const key = `${on} ${server}`;
    const lastMs = this.#lastMs.get(key);
    if (lastMs !== undefined && Math.abs(nowMs - lastMs) < hourMs) return false;
    if (lastMs === undefined && this.#lastMs.size >= mostServers) {
      const [oldest = ''] = this.#lastMs.keys();
      this.#lastMs.delete(oldest);
    }
    this.#lastMs.set(key, nowMs);
    return true;
  }
}
