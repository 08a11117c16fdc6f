import { isCurrent, type LeaseEntry } from '../control/entries.ts';
import { onOneLine } from '../format.ts';
import { columnWidths } from './print.ts';

const states: Readonly<Record<Exclude<LeaseEntry['state'], 'reserved'>, string>> = {
  bound: 'bound',
  offered: 'offered',
  'set-aside': 'set aside',
  free: 'free',
};

/** `3 h 20 min`, with one unit or two. */
function describeSpan(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.round(hours / 24);
  return days === 1 ? '1 day' : `${days} days`;
}

/** `in 41 min`, `2 h ago`. */
export function describeMoment(atMs: number, nowMs: number): string {
  return atMs > nowMs ? `in ${describeSpan(atMs - nowMs)}` : `${describeSpan(nowMs - atMs)} ago`;
}

function cut(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;
}

const heading = ['ADDRESS', 'MACHINE', 'HOST', 'STATE', 'UNTIL', 'NETWORK'];
/** Columns that may be cut where a terminal is too narrow, and what stays of them. */
const cuttable = [
  { column: 1, leaves: 17 },
  { column: 2, leaves: 8 },
] as const;

function narrow(rows: readonly string[][], columns: number): readonly string[][] {
  const widths = columnWidths(rows);
  const gaps = 2 * (widths.length - 1);
  for (const { column, leaves } of cuttable) {
    const tooWide = widths.reduce((sum, width) => sum + width, gaps) - columns;
    if (tooWide > 0) widths[column] = Math.min(widths[column] ?? 0, Math.max(leaves, (widths[column] ?? 0) - tooWide));
  }
  return rows.map((row) =>
    row.map((cell, column) => (column === 1 || column === 2 ? cut(cell, widths[column] ?? 0) : cell)),
  );
}

/** `bound, reserved*`; the star is for what `describeConfigured` says. */
function describeState({ state, isReserved, where }: Pick<LeaseEntry, 'state' | 'isReserved' | 'where'>): string {
  const reserved = `reserved${where === undefined ? '' : '*'}`;
  if (state === 'reserved') return reserved;
  return isReserved ? `${states[state]}, ${reserved}` : states[state];
}

/** Whose the stars are; `undefined`: there are none. */
export function describeConfigured(leases: readonly LeaseEntry[]): string | undefined {
  const places = new Set(leases.flatMap(({ where = [] }) => where));
  return places.size === 0 ? undefined : `* by ${[...places].join(', ')}`;
}

/** Rows for `printTable`, the heading first; machines and host names are cut to fit into so many columns. */
export function leaseRows(leases: readonly LeaseEntry[], nowMs: number, columns: number): readonly string[][] {
  const rows = leases.map(({ address, machine = '-', hostName = '-', untilMs, network, ...entry }) => [
    address,
    onOneLine(machine),
    onOneLine(hostName),
    describeState(entry),
    untilMs === undefined ? '-' : describeMoment(untilMs, nowMs),
    network || '-',
  ]);
  // Nobody needs to be told of the only network.
  const hasSeveral = new Set(leases.map(({ network }) => network)).size > 1;
  return narrow(
    [heading, ...rows].map((row) => (hasSeveral ? row : row.slice(0, -1))),
    columns,
  );
}

/** What the table does not show; `undefined`: nothing. */
export function describeHidden(leases: readonly LeaseEntry[]): string | undefined {
  const count = leases.filter((lease) => !isCurrent(lease)).length;
  if (count === 0) return undefined;
  return count === 1 ? 'One lease that ended is not shown: --all.' : `${count} leases that ended are not shown: --all.`;
}

/** `52:54:00:12:34:56 (node-1)`. */
export function describeHolder({ machine = 'Somebody', hostName }: LeaseEntry): string {
  return hostName === undefined ? onOneLine(machine) : `${onOneLine(machine)} (${onOneLine(hostName)})`;
}
