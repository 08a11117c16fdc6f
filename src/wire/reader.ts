import { BootwrightError } from '../errors.ts';

/**
 * Reads numbers and bytes one after the other. The only place where bounds are checked: whoever reads past the end
 * gets WIRE_TRUNCATED. Big-endian (network order) unless the name ends in `LE`.
 */
export class Reader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.bytes.byteLength - this.#offset;
  }

  /** Moves to an absolute offset in bytes. */
  seek(offset: number): this {
    if (!Number.isInteger(offset) || offset < 0 || offset > this.bytes.byteLength) {
      throw new BootwrightError('WIRE_TRUNCATED', {
        neededBytes: 0,
        offset,
        availableBytes: this.bytes.byteLength,
      });
    }
    this.#offset = offset;
    return this;
  }

  skip(count: number): this {
    this.#take(count);
    return this;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  u16LE(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32LE(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64LE(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  /** A view of the next `count` bytes, not a copy. */
  take(count: number): Uint8Array {
    const start = this.#take(count);
    return this.bytes.subarray(start, start + count);
  }

  rest(): Uint8Array {
    return this.take(this.remaining);
  }

  #take(count: number): number {
    const start = this.#offset;
    if (!Number.isInteger(count) || count < 0 || count > this.remaining) {
      throw new BootwrightError('WIRE_TRUNCATED', {
        neededBytes: count,
        offset: start,
        availableBytes: this.remaining,
      });
    }
    this.#offset = start + count;
    return start;
  }
}
