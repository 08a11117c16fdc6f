import type { Random } from './random.ts';

/** How the options of a protocol lie in a message. */
export interface Layout {
  /** Where they begin. */
  readonly start: number;
  /** Bytes of a code, and of a length. */
  readonly width: 1 | 2;
  /** Codes that lead somewhere. */
  readonly codes: readonly number[];
  /** The largest datagram that is made. */
  readonly largestBytes: number;
}

interface Piece {
  readonly code: number;
  readonly bytes: Uint8Array;
}

/** Where damage is likely to matter. */
const edges = [0, 1, 2, 3, 4, 5, 6, 12, 13, 16, 52, 53, 54, 63, 64, 127, 128, 254, 255];

/** One message, changed a little or much: its bytes, or its options as options. */
export function mutate(seed: Uint8Array, others: readonly Uint8Array[], layout: Layout, random: Random): Uint8Array {
  let bytes = random.once(3) ? seed : changeOptions(seed, others, layout, random);
  for (let left = random.int(4); left > 0; left -= 1) bytes = changeBytes(bytes, others, random);
  return bytes.slice(0, layout.largestBytes);
}

function changeBytes(bytes: Uint8Array, others: readonly Uint8Array[], random: Random): Uint8Array {
  const changed = Uint8Array.from(bytes);
  const at = random.int(changed.length + 1);
  switch (random.int(7)) {
    case 0:
      if (at < changed.length) changed[at] = (changed[at] ?? 0) ^ (1 << random.int(8));
      return changed;
    case 1:
    case 2:
      if (at < changed.length) changed[at] = random.pick(edges);
      return changed;
    case 3:
      return changed.subarray(0, at);
    case 4:
      return Buffer.concat([changed.subarray(0, at), random.bytes(random.int(20)), changed.subarray(at)]);
    case 5: {
      const other = random.pick(others);
      return Buffer.concat([changed.subarray(0, at), other.subarray(random.int(other.length + 1))]);
    }
    default:
      changed.fill(random.pick(edges), at, at + random.int(16));
      return changed;
  }
}

function changeOptions(seed: Uint8Array, others: readonly Uint8Array[], layout: Layout, random: Random): Uint8Array {
  const pieces = split(seed, layout);
  const foreign = split(random.pick(others), layout);
  for (let left = 1 + random.int(4); left > 0; left -= 1) {
    const at = random.int(pieces.length + 1);
    const here = pieces[at];
    switch (random.int(7)) {
      case 0:
        pieces.splice(at, 1);
        break;
      case 1:
        if (here !== undefined) pieces.splice(random.int(pieces.length + 1), 0, ...Array(1 + random.int(6)).fill(here));
        break;
      case 2:
        if (foreign.length > 0) pieces.splice(at, 0, random.pick(foreign));
        break;
      case 3:
        pieces.splice(at, 0, { code: random.pick(layout.codes), bytes: random.bytes(random.int(40)) });
        break;
      case 4:
        pieces.splice(at, 0, huge(layout, random));
        break;
      case 5:
        if (here !== undefined) pieces[at] = { ...here, code: random.pick(layout.codes) };
        break;
      default:
        if (here !== undefined) pieces[at] = { ...here, bytes: here.bytes.map(() => random.int(256)) };
    }
  }
  return join(seed.subarray(0, layout.start), pieces, layout, random);
}

/** As long as an option can be, or nearly the whole of a datagram in pieces of one code. */
function huge({ width, codes, largestBytes }: Layout, random: Random): Piece {
  const longest = width === 1 && !random.once(4) ? 255 : largestBytes;
  return { code: random.pick(codes), bytes: new Uint8Array(random.int(longest + 1)).fill(random.pick(edges)) };
}

function split(bytes: Uint8Array, { start, width }: Layout): Piece[] {
  const pieces: Piece[] = [];
  const number = (at: number) => (width === 1 ? (bytes[at] ?? 0) : ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));
  for (let at = start; at + 2 * width <= bytes.length; ) {
    const code = number(at);
    if (width === 1 && code === 255) break;
    if (width === 1 && code === 0) {
      at += 1;
      continue;
    }
    const length = number(at + width);
    at += 2 * width;
    pieces.push({ code, bytes: bytes.subarray(at, at + length) });
    at += length;
  }
  return pieces;
}

function join(head: Uint8Array, pieces: readonly Piece[], { width }: Layout, random: Random): Uint8Array {
  const lie = random.once(10) ? random.int(pieces.length) : -1;
  const parts = pieces.flatMap(({ code, bytes }, index) => {
    const wrong = index === lie ? random.int(256) : undefined;
    if (width === 2) {
      const length = wrong ?? bytes.length;
      return [Uint8Array.of(code >> 8, code & 0xff, length >> 8, length & 0xff), bytes];
    }
    const chunks: Uint8Array[] = [];
    for (let at = 0; at === 0 || at < bytes.length; at += 255) {
      const chunk = bytes.subarray(at, at + 255);
      chunks.push(Uint8Array.of(code, wrong ?? chunk.length), chunk);
    }
    return chunks;
  });
  return Buffer.concat([head, ...parts, ...(width === 1 && !random.once(5) ? [Uint8Array.of(255)] : [])]);
}
