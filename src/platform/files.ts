/** Bytes that can be read at any place: a file, or a part of one. */
export interface ByteSource {
  readonly sizeBytes: number;
  /** Reads into all of `into` from `positionBytes`; the number of bytes read, less than asked only at the end. */
  read(into: Uint8Array, positionBytes: number): Promise<number>;
  close(): Promise<void>;
}

/** Bytes that are in memory, as a source. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.byteLength,
    read(into, positionBytes) {
      const part = bytes.subarray(positionBytes, positionBytes + into.byteLength);
      into.set(part);
      return Promise.resolve(part.byteLength);
    },
    close: () => Promise.resolve(),
  };
}
