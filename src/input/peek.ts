/** Pieces whose beginning was looked at, all of them still to come. */
export interface Peeked {
  /** The first bytes: as many as were asked for at least, fewer only where there are no more. */
  readonly start: Uint8Array;
  readonly pieces: AsyncGenerator<Uint8Array, void>;
}

/** Looks at the first `count` bytes of pieces. */
export async function peek(pieces: AsyncGenerator<Uint8Array, void>, count: number): Promise<Peeked> {
  const held: Uint8Array[] = [];
  let heldBytes = 0;
  while (heldBytes < count) {
    const next = await pieces.next();
    if (next.done === true) break;
    held.push(next.value);
    heldBytes += next.value.byteLength;
  }
  async function* again() {
    yield* held.splice(0);
    yield* pieces;
  }
  return { start: Buffer.concat(held), pieces: again() };
}
