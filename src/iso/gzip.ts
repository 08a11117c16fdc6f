import { createInflateRaw } from 'node:zlib';
import { BootwrightError } from '../errors.ts';
import type { ByteSource } from '../platform/files.ts';
import { type Input, inputOfSource, piecesOf } from './input.ts';
import { through } from './through.ts';

const flag = { headerSum: 0x02, extra: 0x04, name: 0x08, comment: 0x10 } as const;
/** Sum and size of what was compressed. */
const trailerBytes = 8;
/** No name or comment is longer. */
const maxTextBytes = 4096;

/**
 * One gzip member (RFC 1952). Deflate knows its own end, so that what follows is found exactly; zlib's own gunzip would
 * take it for a damaged member.
 */
export async function* gunzip(source: ByteSource, offsetBytes: number): AsyncGenerator<Uint8Array, number> {
  const input = inputOfSource(source, offsetBytes);
  await skipHeader(input, offsetBytes);
  const start = offsetBytes + input.position;
  const inflate = createInflateRaw();
  yield* through(inflate, piecesOf(source, start), offsetBytes);
  return Math.min(start + inflate.bytesWritten + trailerBytes, source.sizeBytes);
}

async function skipHeader(input: Input, offsetBytes: number): Promise<void> {
  const header = await input.take(10);
  const flags = header[3] ?? 0;
  if (header.byteLength < 10 || header[2] !== 8) throw damaged(offsetBytes);
  if ((flags & flag.extra) !== 0) {
    const [low = 0, high = 0] = await input.take(2);
    await input.skip(low | (high << 8));
  }
  if ((flags & flag.name) !== 0) await skipText(input, offsetBytes);
  if ((flags & flag.comment) !== 0) await skipText(input, offsetBytes);
  if ((flags & flag.headerSum) !== 0) await input.skip(2);
}

async function skipText(input: Input, offsetBytes: number): Promise<void> {
  const length = (await input.peek(maxTextBytes)).indexOf(0);
  if (length < 0) throw damaged(offsetBytes);
  await input.skip(length + 1);
}

function damaged(offsetBytes: number): BootwrightError {
  return new BootwrightError('INITRD_DAMAGED', { what: 'a gzip header that is none', offsetBytes });
}
