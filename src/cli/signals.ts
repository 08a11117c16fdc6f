/** npm and npx hand on what the terminal sent already, so one Ctrl-C may come twice at once. */
const insistsAfterMs = 500;

/**
 * Calls `end` at the first of these signals, to end in order. Whoever sends another one later wants it to end now: the
 * process exits with 130.
 */
export function endOnSignals(signals: readonly NodeJS.Signals[], end: (signal: NodeJS.Signals) => void): void {
  let sinceMs: number | undefined;
  for (const signal of signals) {
    process.on(signal, () => {
      if (sinceMs === undefined) {
        sinceMs = Date.now();
        end(signal);
      } else if (Date.now() - sinceMs > insistsAfterMs) {
        process.exit(130);
      }
    });
  }
}
