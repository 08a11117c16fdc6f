import xz from 'xz-decompress';
import type { ByteSource } from '../platform/files.ts';
import { piecesOf } from './input.ts';
import { damagedBy } from './through.ts';
import { xzStreamEnd } from './xz-layout.ts';

/** One xz stream: LZMA2, with the filters and sums that kernels' initrds use. */
export async function* decompressXz(source: ByteSource, offsetBytes: number): AsyncGenerator<Uint8Array, number> {
  const endBytes = await xzStreamEnd(source, offsetBytes);
  const pieces = ReadableStream.from(piecesOf(source, offsetBytes, endBytes));
  const reader = new xz.XzReadableStream(pieces as ReadableStream<Uint8Array>).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return endBytes;
      yield value;
    }
  } catch (error) {
    throw damagedBy(error instanceof TypeError ? new Error('an xz stream that is cut off') : error, offsetBytes);
  } finally {
    // Without this the decompressor, of which there is only one, would stay taken.
    await reader.cancel().catch(() => {});
  }
}
