import { BootwrightError } from '../errors.ts';
import type { ByteSource } from '../platform/files.ts';
import { dataHeaderBytes, writeDataHeader } from './packet.ts';

/** Consecutive DATA packets, each with its header, one after the other in one buffer. */
interface Chunk {
  readonly firstBlock: number;
  buffer: Uint8Array;
  ready: boolean;
  /** Packets that the socket may still be reading: only at 0 may the buffer be used again. */
  unsent: number;
  readonly sent: () => void;
}

interface FeedOptions {
  readonly source: ByteSource;
  readonly blockSizeBytes: number;
  /** At least a window. */
  readonly chunkBlocks: number;
  /** More packets are ready. */
  readonly onReady: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * The DATA packets of one file, read ahead of the client in large reads and kept in at most two buffers: the one that
 * is being sent and the next.
 */
export class BlockFeed {
  readonly #options: FeedOptions;
  readonly #lastBlock: number;
  readonly #chunks: (Chunk | undefined)[] = [undefined, undefined];
  readonly #reads = new Set<Promise<void>>();
  #closed = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#lastBlock = Math.floor(options.source.sizeBytes / options.blockSizeBytes) + 1;
  }

  /** From now on no block before `block` is needed; those that follow are read. */
  moveTo(block: number): void {
    const index = this.#chunkIndex(block);
    this.#load(index);
    this.#load(index + 1);
  }

  /** Gives the packet of a block to `send`, or returns false where it has not been read yet. */
  send(block: number, send: (packet: Uint8Array, sent: () => void) => void): boolean {
    const chunk = this.#chunks[this.#chunkIndex(block) % 2];
    const { blockSizeBytes, source } = this.#options;
    if (chunk?.ready !== true || block < chunk.firstBlock || block >= chunk.firstBlock + this.#options.chunkBlocks) {
      return false;
    }
    const start = (block - chunk.firstBlock) * (dataHeaderBytes + blockSizeBytes);
    const sizeBytes = block === this.#lastBlock ? source.sizeBytes % blockSizeBytes : blockSizeBytes;
    chunk.unsent += 1;
    send(chunk.buffer.subarray(start, start + dataHeaderBytes + sizeBytes), chunk.sent);
    return true;
  }

  /** Closes the source, once nothing reads from it any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#reads);
    await this.#options.source.close();
  }

  #chunkIndex(block: number): number {
    return Math.floor((block - 1) / this.#options.chunkBlocks);
  }

  #load(index: number): void {
    const { chunkBlocks, onReady, onError } = this.#options;
    const firstBlock = index * chunkBlocks + 1;
    const previous = this.#chunks[index % 2];
    if (this.#closed || firstBlock > this.#lastBlock || previous?.firstBlock === firstBlock) return;
    const chunk: Chunk = {
      firstBlock,
      buffer: this.#freeBuffer(previous, Math.min(chunkBlocks, this.#lastBlock - firstBlock + 1)),
      ready: false,
      unsent: 0,
      sent: () => {
        chunk.unsent -= 1;
      },
    };
    this.#chunks[index % 2] = chunk;
    const read = this.#fill(chunk)
      .then(() => {
        chunk.ready = true;
        if (!this.#closed) onReady();
      })
      .catch((error: unknown) => {
        if (!this.#closed) onError(error);
      })
      .finally(() => this.#reads.delete(read));
    this.#reads.add(read);
  }

  #freeBuffer(previous: Chunk | undefined, blocks: number): Uint8Array {
    const neededBytes = blocks * (dataHeaderBytes + this.#options.blockSizeBytes);
    const reusable = previous?.ready === true && previous.unsent === 0 && previous.buffer.byteLength >= neededBytes;
    return reusable ? previous.buffer : new Uint8Array(neededBytes);
  }

  /**
   * Reads the bytes of the chunk into the end of its buffer, in one read, then moves each block towards the start, to
   * its place behind its header. A block never lands on one that is still to be moved: the room that is left in front
   * of them is just what their headers will take.
   */
  async #fill({ firstBlock, buffer }: Chunk): Promise<void> {
    const { source, blockSizeBytes, chunkBlocks } = this.#options;
    const blocks = Math.min(chunkBlocks, this.#lastBlock - firstBlock + 1);
    const positionBytes = (firstBlock - 1) * blockSizeBytes;
    const wantedBytes = Math.min(blocks * blockSizeBytes, source.sizeBytes - positionBytes);
    const readAt = blocks * dataHeaderBytes;
    const readBytes =
      wantedBytes > 0 ? await source.read(buffer.subarray(readAt, readAt + wantedBytes), positionBytes) : 0;
    if (readBytes < wantedBytes) {
      throw new BootwrightError('TFTP_FILE_CUT', {
        availableBytes: positionBytes + readBytes,
        sizeBytes: source.sizeBytes,
      });
    }
    for (let index = 0; index < blocks; index += 1) {
      const to = index * (dataHeaderBytes + blockSizeBytes);
      const from = readAt + index * blockSizeBytes;
      buffer.copyWithin(to + dataHeaderBytes, from, from + blockSizeBytes);
      writeDataHeader(buffer, to, firstBlock + index);
    }
  }
}
