import type { IpPacket } from './ip.ts';

/** Packets that wait for the rest of theirs; beyond it, the one that waits longest is given up. */
const mostPackets = 64;
const mostFragments = 128;
const largestPayloadBytes = 65_535;
/** RFC 791 §3.2 and RFC 8200 §4.5 give up after 15 to 60 seconds. */
const patienceNs = 30_000_000_000n;

interface Piece {
  readonly offsetBytes: number;
  readonly bytes: Uint8Array;
}

interface Unfinished {
  readonly sinceNs: bigint;
  readonly pieces: Piece[];
  heldBytes: number;
  /** Known once the last fragment is here. */
  sizeBytes: number | undefined;
}

/** Puts packets together that were sent in fragments. RFC 791 §3.2, RFC 8200 §4.5. */
export class Reassembly {
  readonly #unfinished = new Map<string, Unfinished>();

  /** The packet itself where it is whole, the whole one where this was its last missing piece, or else `undefined`. */
  add(packet: IpPacket, timeNs: bigint): IpPacket | undefined {
    const { fragment, payload } = packet;
    if (fragment === undefined) return packet;
    this.#giveUp(timeNs);
    const unfinished = this.#unfinished.get(fragment.key) ?? begin(timeNs);
    this.#unfinished.set(fragment.key, unfinished);
    const endBytes = fragment.offsetBytes + payload.length;
    unfinished.heldBytes += payload.length;
    const isTooMuch = unfinished.heldBytes > 2 * largestPayloadBytes || unfinished.pieces.length >= mostFragments;
    if (packet.cutBytes > 0 || endBytes > largestPayloadBytes || isTooMuch) {
      this.#unfinished.delete(fragment.key);
      return undefined;
    }
    // Its own memory: the frame may be a view of what the next one is read into.
    unfinished.pieces.push({ offsetBytes: fragment.offsetBytes, bytes: payload.slice() });
    if (fragment.isLast) unfinished.sizeBytes = endBytes;
    const whole = join(unfinished);
    if (whole === undefined) return undefined;
    this.#unfinished.delete(fragment.key);
    const { fragment: _, ...rest } = packet;
    return { ...rest, payload: whole };
  }

  #giveUp(timeNs: bigint): void {
    for (const [key, { sinceNs }] of this.#unfinished) {
      if (timeNs - sinceNs < patienceNs && this.#unfinished.size < mostPackets) break;
      this.#unfinished.delete(key);
    }
  }
}

function begin(sinceNs: bigint): Unfinished {
  return { sinceNs, pieces: [], heldBytes: 0, sizeBytes: undefined };
}

/** `undefined` while something is missing. What comes twice counts as it came first. */
function join({ pieces, sizeBytes }: Unfinished): Uint8Array | undefined {
  if (sizeBytes === undefined) return undefined;
  const whole = new Uint8Array(sizeBytes);
  let doneBytes = 0;
  for (const { offsetBytes, bytes } of pieces.toSorted((one, other) => one.offsetBytes - other.offsetBytes)) {
    if (offsetBytes > doneBytes) return undefined;
    const fresh = bytes.subarray(doneBytes - offsetBytes, sizeBytes - offsetBytes);
    whole.set(fresh, doneBytes);
    doneBytes += fresh.length;
  }
  return doneBytes === sizeBytes ? whole : undefined;
}
