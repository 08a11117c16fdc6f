/** The order of what versions are made of: `~` comes before the end of a version, all else behind it. */
const ranks = { '~': 0, end: 1, '^': 2, letters: 3, digits: 4 } as const;

interface Piece {
  readonly rank: number;
  /** Digits without leading zeros, letters as they are. */
  readonly text: string;
}

function pieces(version: string): Piece[] {
  const found = [...version.matchAll(/~|\^|0*(\d+)|[A-Za-z]+/g)].map(([text, digits]): Piece => {
    if (digits !== undefined) return { rank: ranks.digits, text: digits };
    return { rank: text === '~' || text === '^' ? ranks[text] : ranks.letters, text };
  });
  return [...found, { rank: ranks.end, text: '' }];
}

function comparePieces(a: Piece, b: Piece): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  // Of two numbers without leading zeros, the longer one is the larger one, however long.
  if (a.rank === ranks.digits && a.text.length !== b.text.length) return a.text.length - b.text.length;
  if (a.text === b.text) return 0;
  return a.text < b.text ? -1 : 1;
}

/**
 * Orders versions as rpm does (rpmvercmp in rpmio/rpmvercmp.c), oldest first: runs of digits count as numbers, so that
 * 6.6.10 is newer than 6.6.9; `~` marks what comes before a version, `^` what comes after; all other characters only
 * separate. Versions that differ in separators and leading zeros alone are equal.
 *
 * @returns -1 if `a` is older, 1 if it is newer, else 0.
 */
export function compareVersions(a: string, b: string): -1 | 0 | 1 {
  const [left, right] = [pieces(a), pieces(b)];
  for (const [at, piece] of left.entries()) {
    const other = right[at];
    const order = other === undefined ? 0 : comparePieces(piece, other);
    if (order !== 0) return order < 0 ? -1 : 1;
  }
  return 0;
}
