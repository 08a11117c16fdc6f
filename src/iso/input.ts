import type { ByteSource } from '../platform/files.ts';

/** Bytes that come one after the other. */
export interface Input {
  /** How many bytes were taken and skipped. */
  readonly position: number;
  /** The next `count` bytes without taking them; fewer only at the end. */
  peek(count: number): Promise<Uint8Array>;
  /** The next `count` bytes; fewer only at the end. The caller may keep them. */
  take(count: number): Promise<Uint8Array>;
  /** At most `count` bytes of the next ones, as they are at hand, without a copy; none only at the end. */
  some(count: number): Promise<Uint8Array>;
  /** Passes over `count` bytes; false where the end comes before. */
  skip(count: number): Promise<boolean>;
}

const windowBytes = 64 * 1024;

/** Pieces of a source, from one offset to another or to its end. */
export async function* piecesOf(
  source: ByteSource,
  offsetBytes: number,
  endBytes: number = source.sizeBytes,
): AsyncGenerator<Uint8Array> {
  for (let at = offsetBytes; at < endBytes; at += windowBytes) {
    const piece = new Uint8Array(Math.min(windowBytes, endBytes - at));
    const count = await source.read(piece, at);
    if (count > 0) yield piece.subarray(0, count);
    if (count < piece.byteLength) return;
  }
}

/** A source from an offset on. Nothing is read of what is skipped. */
export function inputOfSource(source: ByteSource, offsetBytes: number): Input {
  let at = offsetBytes;
  let window = new Uint8Array(0);
  let windowStart = 0;

  async function peek(count: number): Promise<Uint8Array> {
    const wanted = Math.max(0, Math.min(count, source.sizeBytes - at));
    if (at < windowStart || at + wanted > windowStart + window.byteLength) {
      const bytes = new Uint8Array(Math.min(Math.max(windowBytes, wanted), source.sizeBytes - at));
      window = bytes.subarray(0, await source.read(bytes, at));
      windowStart = at;
    }
    return window.slice(at - windowStart, at - windowStart + wanted);
  }

  return {
    get position() {
      return at - offsetBytes;
    },
    peek,
    async take(count) {
      const bytes = await peek(count);
      at += bytes.byteLength;
      return bytes;
    },
    async some(count) {
      const bytes = await peek(Math.min(count, windowBytes));
      at += bytes.byteLength;
      return bytes;
    },
    async skip(count) {
      const isThere = at + count <= source.sizeBytes;
      at = Math.min(at + count, source.sizeBytes);
      return isThere;
    },
  };
}

/** What a decompressor gives. It holds one piece, and as much as is asked for at once. */
export function inputOfPieces(pieces: AsyncIterator<Uint8Array>): Input {
  let held: Uint8Array = new Uint8Array(0);
  let position = 0;

  async function fill(count: number): Promise<void> {
    const parts = held.byteLength === 0 ? [] : [held];
    let total = held.byteLength;
    while (total < count) {
      const next = await pieces.next();
      if (next.done === true) break;
      parts.push(next.value);
      total += next.value.byteLength;
    }
    held = parts.length > 1 ? Buffer.concat(parts) : (parts[0] ?? held);
  }

  async function peek(count: number): Promise<Uint8Array> {
    if (held.byteLength < count) await fill(count);
    return held.slice(0, count);
  }

  function drop(count: number): void {
    held = held.subarray(count);
    position += count;
  }

  return {
    get position() {
      return position;
    },
    peek,
    async take(count) {
      const bytes = await peek(count);
      drop(bytes.byteLength);
      return bytes;
    },
    async some(count) {
      if (held.byteLength === 0) await fill(1);
      const bytes = held.subarray(0, count);
      drop(bytes.byteLength);
      return bytes;
    },
    async skip(count) {
      let left = count;
      while (left > held.byteLength) {
        left -= held.byteLength;
        drop(held.byteLength);
        await fill(1);
        if (held.byteLength === 0) return false;
      }
      drop(left);
      return true;
    },
  };
}
