/** What must be true of a ratio, or of our own value. */
export type Bound = { readonly ratioAtLeast: number } | { readonly ratioAtMost: number } | { readonly below: number };

/** One thing that was measured of us and of a peer. */
export interface Comparison {
  readonly what: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer: string;
  readonly theirs: number;
  readonly bound?: Bound | undefined;
}

/** Hears of each comparison when it was made. */
export type Say = (comparison: Comparison) => void;

/** What `npm run bench` runs, on its own or with the others. */
export interface Part {
  readonly title: string;
  readonly measure: (say: Say, rounds: number) => Promise<void>;
}

export function holds({ ours, theirs, bound }: Comparison): boolean {
  if (bound === undefined) return true;
  if ('below' in bound) return ours < bound.below;
  // As it is printed: what reads as the bound is not below it.
  const ratio = Number((ours / theirs).toFixed(2));
  return 'ratioAtLeast' in bound ? ratio >= bound.ratioAtLeast : ratio <= bound.ratioAtMost;
}

function describeBound(bound: Bound, unit: string): string {
  if ('below' in bound) return `ours < ${bound.below} ${unit}`;
  return 'ratioAtLeast' in bound ? `≥ ${bound.ratioAtLeast.toFixed(2)}` : `≤ ${bound.ratioAtMost.toFixed(2)}`;
}

function shown(value: number): string {
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

function columns(what: string, ours: string, theirs: string, ratio: string, bound: string): string {
  return `${what.padEnd(44)}${ours.padStart(10)}${theirs.padStart(10)}  ${ratio.padStart(6)}   ${bound}`.trimEnd();
}

export function header(title: string): string {
  return columns(title, 'ours', 'theirs', 'ratio', 'bound');
}

export function line(comparison: Comparison): string {
  const { what, unit, ours, peer, theirs, bound } = comparison;
  const verdict = bound === undefined ? '' : `${describeBound(bound, unit)}  ${holds(comparison) ? 'holds' : 'MISSED'}`;
  const ratio = (ours / theirs).toFixed(2);
  return columns(`${what}, ${unit} (${peer})`, shown(ours), shown(theirs), ratio, verdict);
}
