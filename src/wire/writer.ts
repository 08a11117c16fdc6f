/** Writes numbers and bytes one after the other, in network order, into a buffer that grows as needed. */
export class Writer {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(expectedBytes = 64) {
    this.#bytes = new Uint8Array(Math.max(expectedBytes, 16));
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    const start = this.#reserve(1);
    this.#view.setUint8(start, value);
    return this;
  }

  u16(value: number): this {
    const start = this.#reserve(2);
    this.#view.setUint16(start, value);
    return this;
  }

  u32(value: number): this {
    const start = this.#reserve(4);
    this.#view.setUint32(start, value);
    return this;
  }

  put(bytes: Uint8Array): this {
    const start = this.#reserve(bytes.byteLength);
    this.#bytes.set(bytes, start);
    return this;
  }

  zeros(count: number): this {
    this.#reserve(count);
    return this;
  }

  /** What was written so far: a view, valid until the next write. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** To be called before `#view` is read: it may be another one afterwards. */
  #reserve(count: number): number {
    const start = this.#length;
    const end = start + count;
    if (end > this.#bytes.byteLength) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.byteLength * 2));
      grown.set(this.#bytes.subarray(0, start));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = end;
    return start;
  }
}
