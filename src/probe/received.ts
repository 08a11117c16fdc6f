import { createHash } from 'node:crypto';
import { BootwrightError } from '../errors.ts';
import type { Sink } from './clients.ts';

/** A file that came. */
export interface Received {
  readonly sizeBytes: number;
  /** Hexadecimal, lower case. */
  readonly sha256: string;
}

/** Takes a file piece by piece, and then says its SHA-256: hexadecimal, lower case. */
export interface Digest {
  update(piece: Uint8Array): void;
  finish(): string;
}

export function sha256(): Digest {
  const hash = createHash('sha256');
  return { update: (piece) => void hash.update(piece), finish: () => hash.digest('hex') };
}

/** Hashes what `get` brings, without keeping it. */
export async function hashed(get: (sink: Sink) => Promise<void>, digest: Digest = sha256()): Promise<Received> {
  let sizeBytes = 0;
  await get((piece) => {
    digest.update(piece);
    sizeBytes += piece.byteLength;
  });
  return { sizeBytes, sha256: digest.finish() };
}

/** Keeps what `get` brings. Throws PROBE_TOO_LARGE, and what `get` throws. */
export async function kept(
  path: string,
  limitBytes: number,
  get: (sink: Sink) => Promise<void>,
): Promise<Received & { readonly bytes: Uint8Array }> {
  const pieces: Uint8Array[] = [];
  let keptBytes = 0;
  const received = await hashed((hash) =>
    get((piece) => {
      keptBytes += piece.byteLength;
      if (keptBytes > limitBytes) throw new BootwrightError('PROBE_TOO_LARGE', { path, limitBytes });
      hash(piece);
      pieces.push(Uint8Array.from(piece));
    }),
  );
  return { ...received, bytes: Buffer.concat(pieces) };
}
