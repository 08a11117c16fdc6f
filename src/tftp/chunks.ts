import { BootwrightError } from '../errors.ts';
import type { ByteSource } from '../platform/files.ts';
import { dataHeaderBytes, writeDataHeader } from './packet.ts';

/** A file as one transfer sends it. */
export interface CutFile {
  /** The same for the same bytes; a unique one where nobody knows. */
  readonly identity: string;
  readonly sizeBytes: number;
  readonly blockSizeBytes: number;
  readonly chunkBlocks: number;
}

/** Consecutive DATA packets, each with its header, one after the other in one buffer. */
export interface Chunk {
  readonly firstBlock: number;
  /** Absent while it is being read. */
  readonly packets?: Uint8Array;
}

/** Whoever needs a chunk. */
export interface ChunkHolder {
  chunkIsReady(): void;
  chunkHasFailed(error: unknown): void;
}

/** Where the bytes of chunks are. */
export interface ChunkMemory {
  take(sizeBytes: number): Uint8Array;
  /** Nobody looks at them any more. */
  giveBack(bytes: Uint8Array): void;
}

interface Held extends Chunk {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly holders: Set<ChunkHolder>;
  packets?: Uint8Array;
  /** Somebody has held it since it was read. */
  isUsed: boolean;
}

/**
 * The chunks of all transfers: who sends the same file in blocks of the same size sends from the same chunks, so that
 * one read serves a storm. Those that nobody holds are kept, within the budget, until another needs the room, those
 * used longest ago first. Only what transfers hold at this moment may go beyond the budget.
 */
export class ChunkCache {
  readonly #memory: ChunkMemory;
  readonly #budgetBytes: number;
  readonly #chunks = new Map<string, Held>();
  /** Read, and held by nobody; those used longest ago first. */
  readonly #idle = new Set<Held>();
  #sizeBytes = 0;
  #loading = 0;

  constructor(budgetBytes: number, memory: ChunkMemory) {
    this.#budgetBytes = budgetBytes;
    this.#memory = memory;
  }

  /** How many are being read. */
  get loading(): number {
    return this.#loading;
  }

  /** A chunk that stays until it is released; where it has to be read, that is `reads`' to wait for. */
  hold(file: CutFile, index: number, source: ByteSource, holder: ChunkHolder, reads: Set<Promise<void>>): Chunk {
    const chunk = this.#chunks.get(keyOf(file, index)) ?? this.#load(file, index, source, reads);
    chunk.holders.add(holder);
    chunk.isUsed = true;
    this.#idle.delete(chunk);
    return chunk;
  }

  release(chunk: Chunk, holder: ChunkHolder): void {
    const held = chunk as Held;
    held.holders.delete(holder);
    if (held.holders.size > 0 || held.packets === undefined || this.#chunks.get(held.key) !== held) return;
    this.#idle.add(held);
    this.#makeRoom(0);
  }

  /** Reads what will be needed next, unless that would take the place of what is, or of what else will be. */
  foresee(file: CutFile, index: number, source: ByteSource, reads: Set<Promise<void>>): void {
    if (this.#chunks.has(keyOf(file, index))) return;
    const neededBytes = Math.min(blocksIn(file, index) * packetBytes(file), this.#budgetBytes);
    const [next] = this.#idle;
    if (this.#sizeBytes + neededBytes <= this.#budgetBytes || next?.isUsed === true) {
      this.#load(file, index, source, reads);
    }
  }

  #load(file: CutFile, index: number, source: ByteSource, reads: Set<Promise<void>>): Held {
    const sizeBytes = blocksIn(file, index) * packetBytes(file);
    this.#makeRoom(sizeBytes);
    const chunk: Held = {
      key: keyOf(file, index),
      firstBlock: index * file.chunkBlocks + 1,
      bytes: this.#memory.take(sizeBytes),
      holders: new Set(),
      isUsed: false,
    };
    this.#sizeBytes += sizeBytes;
    this.#chunks.set(chunk.key, chunk);
    this.#loading += 1;
    const read = fill(file, index, source, chunk.bytes).then(
      (packets) => this.#loaded(chunk, packets),
      (error: unknown) => this.#failed(chunk, error),
    );
    reads.add(read);
    read.finally(() => reads.delete(read));
    return chunk;
  }

  #loaded(chunk: Held, packets: Uint8Array): void {
    this.#loading -= 1;
    chunk.packets = packets;
    if (chunk.holders.size === 0) this.#idle.add(chunk);
    for (const holder of [...chunk.holders]) holder.chunkIsReady();
  }

  #failed(chunk: Held, error: unknown): void {
    this.#loading -= 1;
    this.#drop(chunk);
    for (const holder of [...chunk.holders]) holder.chunkHasFailed(error);
  }

  #makeRoom(neededBytes: number): void {
    for (const chunk of this.#idle) {
      if (this.#sizeBytes + neededBytes <= this.#budgetBytes) return;
      this.#drop(chunk);
    }
  }

  #drop(chunk: Held): void {
    this.#idle.delete(chunk);
    this.#chunks.delete(chunk.key);
    this.#sizeBytes -= chunk.bytes.length;
    this.#memory.giveBack(chunk.bytes);
  }
}

export function lastBlockOf({ sizeBytes, blockSizeBytes }: CutFile): number {
  return Math.floor(sizeBytes / blockSizeBytes) + 1;
}

/** DATA packet, whole. */
export function packetBytes({ blockSizeBytes }: CutFile): number {
  return dataHeaderBytes + blockSizeBytes;
}

function blocksIn(file: CutFile, index: number): number {
  return Math.min(file.chunkBlocks, lastBlockOf(file) - index * file.chunkBlocks);
}

function keyOf({ identity, sizeBytes, blockSizeBytes, chunkBlocks }: CutFile, index: number): string {
  return `${identity} ${sizeBytes} ${blockSizeBytes} ${chunkBlocks} ${index}`;
}

/**
 * Reads the bytes of a chunk into the end of its buffer, in one read, then moves each block towards the start, to its
 * place behind its header. A block never lands on one that is still to be moved: the room that is left in front of them
 * is just what their headers will take. The packets; the last one of the file ends where the file does.
 */
async function fill(file: CutFile, index: number, source: ByteSource, buffer: Uint8Array): Promise<Uint8Array> {
  const { blockSizeBytes, chunkBlocks, sizeBytes } = file;
  const blocks = blocksIn(file, index);
  const positionBytes = index * chunkBlocks * blockSizeBytes;
  const wantedBytes = Math.min(blocks * blockSizeBytes, sizeBytes - positionBytes);
  const readAt = blocks * dataHeaderBytes;
  const readBytes =
    wantedBytes > 0 ? await source.read(buffer.subarray(readAt, readAt + wantedBytes), positionBytes) : 0;
  if (readBytes < wantedBytes) {
    throw new BootwrightError('TFTP_FILE_CUT', { availableBytes: positionBytes + readBytes, sizeBytes });
  }
  for (let block = 0; block < blocks; block += 1) {
    const to = block * packetBytes(file);
    const from = readAt + block * blockSizeBytes;
    buffer.copyWithin(to + dataHeaderBytes, from, from + blockSizeBytes);
    writeDataHeader(buffer, to, index * chunkBlocks + block + 1);
  }
  return buffer.subarray(0, wantedBytes + readAt);
}
