import { BootwrightError } from '../errors.ts';
import type { ByteSource } from '../platform/files.ts';
import { type Decompress, recogniseCompression } from './compression.ts';

/** How much may still be unpacked, of how much at first. */
export interface Allowance {
  readonly limitBytes: number;
  leftBytes: number;
}

/** Compressed bytes of a source, unpacked as they are asked for. */
export class Unpacking {
  readonly pieces: AsyncGenerator<Uint8Array, void>;
  /** Where the compressed bytes end, once all of them were unpacked. */
  endBytes: number;

  constructor(source: ByteSource, offsetBytes: number, decompress: Decompress, allowance: Allowance) {
    this.endBytes = offsetBytes;
    this.pieces = this.#unpack(source, decompress, allowance);
  }

  /** Members that follow one another directly are one stream: `pigz` and `pixz` cut it anywhere. */
  async *#unpack(source: ByteSource, decompress: Decompress, allowance: Allowance): AsyncGenerator<Uint8Array, void> {
    let next: Decompress | undefined = decompress;
    while (next === decompress) {
      this.endBytes = yield* limited(next(source, this.endBytes), allowance);
      const start = new Uint8Array(6);
      const count = await source.read(start, this.endBytes);
      next = recogniseCompression(start.subarray(0, count))?.decompress;
    }
  }
}

async function* limited(
  pieces: AsyncGenerator<Uint8Array, number>,
  allowance: Allowance,
): AsyncGenerator<Uint8Array, number> {
  try {
    for (;;) {
      const { done, value } = await pieces.next();
      if (done === true) return value;
      allowance.leftBytes -= value.byteLength;
      if (allowance.leftBytes < 0) {
        throw new BootwrightError('INITRD_TOO_LARGE', { what: 'bytes, unpacked', limit: allowance.limitBytes });
      }
      yield value;
    }
  } finally {
    await pieces.return(0);
  }
}
