import { pipeline, Readable, type Transform } from 'node:stream';
import { BootwrightError } from '../errors.ts';

/**
 * What a decompressor of Node makes of `pieces`, until its stream ends; whoever stops reading stops it.
 * Throws INITRD_DAMAGED with the decompressor's reason.
 */
export async function* through(
  transform: Transform,
  pieces: AsyncIterable<Uint8Array>,
  offsetBytes: number,
): AsyncGenerator<Uint8Array> {
  // What goes wrong reaches the reader of the transform, below.
  pipeline(Readable.from(pieces), transform, () => {});
  try {
    for await (const piece of transform) yield piece as Uint8Array;
  } catch (error) {
    throw damagedBy(error, offsetBytes);
  } finally {
    transform.destroy();
  }
}

/** The error of a decompressor as one of ours, or the error itself if it is. */
export function damagedBy(error: unknown, offsetBytes: number): BootwrightError {
  if (error instanceof BootwrightError) return error;
  const what = error instanceof Error ? error.message : String(error);
  return new BootwrightError('INITRD_DAMAGED', { what, offsetBytes }, { cause: error });
}
