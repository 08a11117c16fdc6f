import type { ByteSource } from '../platform/files.ts';
import type { Endpoint, UdpSocket } from '../platform/udp.ts';
import { type Chunk, type ChunkCache, type ChunkHolder, type CutFile, lastBlockOf, packetBytes } from './chunks.ts';

interface FeedOptions {
  readonly cache: ChunkCache;
  readonly file: CutFile;
  readonly source: ByteSource;
  /** More packets are ready. */
  readonly onReady: () => void;
  readonly onError: (error: unknown) => void;
}

/** The DATA packets of one transfer: it holds the chunks that its window lies in, and has the next one read meanwhile. */
export class BlockFeed implements ChunkHolder {
  readonly #options: FeedOptions;
  readonly #lastIndex: number;
  readonly #packetBytes: number;
  #held: readonly Chunk[] = [];
  #firstIndex = 0;
  /** Reads from our source, for us or for others. */
  readonly #reads = new Set<Promise<void>>();
  #closed = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#lastIndex = this.#indexOf(lastBlockOf(options.file));
    this.#packetBytes = packetBytes(options.file);
  }

  /** From now on these blocks are needed, none before them, and then those that follow. */
  moveTo(firstBlock: number, lastBlock: number): void {
    const first = this.#indexOf(firstBlock);
    const last = this.#indexOf(lastBlock);
    const isHeld = first === this.#firstIndex && last - first + 1 === this.#held.length;
    if (this.#closed || isHeld) return;
    const { cache, file, source } = this.#options;
    const before = this.#held;
    const held: Chunk[] = [];
    for (let index = first; index <= last; index += 1) held.push(cache.hold(file, index, source, this, this.#reads));
    this.#firstIndex = first;
    this.#held = held;
    for (const chunk of before) if (!held.includes(chunk)) cache.release(chunk, this);
    if (last < this.#lastIndex) cache.foresee(file, last + 1, source, this.#reads);
  }

  /** Sends these blocks, in this order, up to one that has not been read yet: the block to go on with. */
  send(firstBlock: number, lastBlock: number, socket: UdpSocket, to: Endpoint): number {
    const { chunkBlocks } = this.#options.file;
    let block = firstBlock;
    while (block <= lastBlock) {
      const chunk = this.#held[this.#indexOf(block) - this.#firstIndex];
      if (chunk?.packets === undefined) return block;
      const next = Math.min(lastBlock + 1, chunk.firstBlock + chunkBlocks);
      const start = (block - chunk.firstBlock) * this.#packetBytes;
      const end = (next - chunk.firstBlock) * this.#packetBytes;
      this.#sendRun(chunk.packets.subarray(start, end), next - block, socket, to);
      block = next;
    }
    return block;
  }

  chunkIsReady(): void {
    this.#options.onReady();
  }

  chunkHasFailed(error: unknown): void {
    this.#options.onError(error);
  }

  /** Closes the source, once nothing reads from it any more. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const chunk of this.#held) this.#options.cache.release(chunk, this);
    this.#held = [];
    await Promise.allSettled(this.#reads);
    await this.#options.source.close();
  }

  #sendRun(packets: Uint8Array, blocks: number, socket: UdpSocket, to: Endpoint): void {
    if (blocks === 1) {
      socket.send(packets, to);
    } else if (socket.sendSegments !== undefined) {
      socket.sendSegments(packets, this.#packetBytes, to);
    } else {
      for (let start = 0; start < packets.length; start += this.#packetBytes) {
        socket.send(packets.subarray(start, start + this.#packetBytes), to);
      }
    }
  }

  #indexOf(block: number): number {
    return Math.floor((block - 1) / this.#options.file.chunkBlocks);
  }
}
