import { Transform } from 'node:stream';
import { constants, createGzip, createZstdCompress } from 'node:zlib';
import type { Compression } from './compression.ts';

// One thread, and every parameter that matters named: the same archive on any number of cores. Most of what is packed
// is compressed already, on which a higher level spends time and gains nothing.
const gzipOptions = { level: 6, memLevel: 8, windowBits: 15, chunkSize: 256 * 1024 } as const;
const zstdOptions = {
  chunkSize: 256 * 1024,
  params: {
    [constants.ZSTD_c_compressionLevel]: 3,
    [constants.ZSTD_c_nbWorkers]: 0,
    [constants.ZSTD_c_checksumFlag]: 1,
  },
};

/** In a gzip header (RFC 1952 §2.3): the operating system, and the value for one that is not known. */
const systemAt = 9;
const systemUnknown = 255;

/** A gzip stream that does not tell where it was made. zlib writes its time as zero already. */
function withoutSystem(): Transform {
  let isFirst = true;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (isFirst && chunk.length > systemAt) chunk[systemAt] = systemUnknown;
      isFirst = false;
      done(null, chunk);
    },
  });
}

/** What to send an archive through, in order, on its way to the disk. */
export function compressors(compression: Compression): NodeJS.ReadWriteStream[] {
  switch (compression) {
    case 'none':
      return [];
    case 'gzip':
      return [createGzip(gzipOptions), withoutSystem()];
    case 'zstd':
      return [createZstdCompress(zstdOptions)];
  }
}
