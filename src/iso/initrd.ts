import { BootwrightError } from '../errors.ts';
import type { ByteSource } from '../platform/files.ts';
import { type Compression, type CompressionName, recogniseCompression } from './compression.ts';
import { isCpio, readCpio, type VisitCpio } from './cpio.ts';
import { Findings, type InitrdPart } from './initrd-parts.ts';
import { type Input, inputOfPieces, inputOfSource } from './input.ts';
import { type Allowance, Unpacking } from './unpack.ts';

/** One cpio archive of an initrd. */
interface InitrdArchive {
  readonly compression: CompressionName | 'none';
  /** Where it starts in the initrd; where several are compressed as one, where that starts. */
  readonly offsetBytes: number;
}

/** What is in an initrd. */
export interface InitrdContents {
  /** Its archives, as far as it was read. */
  readonly archives: readonly InitrdArchive[];
  /** The list of its modules that dracut leaves in every initrd; `undefined` where something else made it. */
  readonly dracutModules: readonly string[] | undefined;
  /** Such as `059-4`. */
  readonly dracutVersion: string | undefined;
  /** What it holds of what boots live systems, by dracut's list and by the files that are there. */
  readonly parts: ReadonlySet<InitrdPart>;
  /** False where reading stopped early, since dracut's list had said everything. */
  readonly isWhole: boolean;
}

interface InitrdLimits {
  /** Bytes that its compressed archives may unpack to; 4 GiB unless told. */
  readonly unpackedBytes?: number;
}

/** Two or three are usual. */
const maxArchives = 10_000;
const defaultUnpackedBytes = 4 * 1024 * 1024 * 1024;

/**
 * Shows `visit` every file of an initrd, in order, until it says 'stop': cpio archives one after the other with zeros
 * between, each plain or compressed, as Linux unpacks them
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Memory is bounded, whatever is in it. What comes after
 * the last archive and is none, such as a boot configuration, is left alone. `isWhole` is false where it was stopped.
 * `begins` is told of each archive: hard links are among the files of one.
 * Throws INITRD_NOT_CPIO, INITRD_COMPRESSION_UNKNOWN, INITRD_DAMAGED or INITRD_TOO_LARGE.
 */
export async function visitInitrd(
  source: ByteSource,
  visit: VisitCpio,
  limits: InitrdLimits = {},
  begins: (archive: InitrdArchive) => void = () => {},
): Promise<Pick<InitrdContents, 'archives' | 'isWhole'>> {
  const limitBytes = limits.unpackedBytes ?? defaultUnpackedBytes;
  const reading = new Reading(source, visit, begins, { limitBytes, leftBytes: limitBytes });
  const isWhole = await reading.run();
  return { archives: reading.archives, isWhole };
}

/** Looks into an initrd, as far as is needed to say what it boots. Throws as `visitInitrd`. */
export async function inspectInitrd(source: ByteSource, limits: InitrdLimits = {}): Promise<InitrdContents> {
  const findings = new Findings();
  return { ...(await visitInitrd(source, findings.visit, limits)), ...findings.result() };
}

class Reading {
  readonly archives: InitrdArchive[] = [];
  readonly #source: ByteSource;
  readonly #visit: VisitCpio;
  readonly #begins: (archive: InitrdArchive) => void;
  readonly #allowance: Allowance;

  constructor(source: ByteSource, visit: VisitCpio, begins: (archive: InitrdArchive) => void, allowance: Allowance) {
    this.#source = source;
    this.#visit = visit;
    this.#begins = begins;
    this.#allowance = allowance;
  }

  /** True where it read to the end. */
  async run(): Promise<boolean> {
    let offsetBytes = 0;
    for (;;) {
      const input = inputOfSource(this.#source, offsetBytes);
      await skipZeros(input);
      const start = offsetBytes + input.position;
      const end = await this.#readAt(start, await input.peek(6));
      if (typeof end === 'string') return end === 'end';
      offsetBytes = end;
    }
  }

  /** Reads what starts at an offset; where the next may start, or how it ended. */
  async #readAt(offsetBytes: number, start: Uint8Array): Promise<number | 'end' | 'stop'> {
    if (isCpio(start)) {
      const input = inputOfSource(this.#source, offsetBytes);
      this.#begin({ compression: 'none', offsetBytes });
      return (await readCpio(input, this.#visit)) === 'stop' ? 'stop' : offsetBytes + input.position;
    }
    const compression = recogniseCompression(start);
    if (compression !== undefined) return this.#readCompressed(offsetBytes, compression);
    if (this.archives.length === 0) throw notCpio(describe(start));
    return 'end';
  }

  #begin(archive: InitrdArchive): void {
    if (this.archives.push(archive) > maxArchives) {
      throw new BootwrightError('INITRD_TOO_LARGE', { what: 'archives', limit: maxArchives });
    }
    this.#begins(archive);
  }

  async #readCompressed(offsetBytes: number, { name, decompress }: Compression): Promise<number | 'stop'> {
    if (decompress === undefined) throw new BootwrightError('INITRD_COMPRESSION_UNKNOWN', { compression: name });
    const unpacking = new Unpacking(this.#source, offsetBytes, decompress, this.#allowance);
    const input = inputOfPieces(unpacking.pieces);
    try {
      for (let isFirst = true; ; isFirst = false) {
        await skipZeros(input);
        const start = await input.peek(6);
        if (start.byteLength === 0 && !isFirst) return unpacking.endBytes;
        if (!isCpio(start)) {
          if (isFirst) throw notCpio(`what ${name} unpacks to is no cpio archive`);
          throw new BootwrightError('INITRD_DAMAGED', { what: 'junk after an archive', offsetBytes });
        }
        this.#begin({ compression: name, offsetBytes });
        if ((await readCpio(input, this.#visit)) === 'stop') return 'stop';
      }
    } finally {
      await unpacking.pieces.return();
    }
  }
}

async function skipZeros(input: Input): Promise<void> {
  for (;;) {
    const bytes = await input.peek(4096);
    const zeros = bytes.findIndex((byte) => byte !== 0);
    await input.skip(zeros < 0 ? bytes.byteLength : zeros);
    if (zeros >= 0 || bytes.byteLength === 0) return;
  }
}

function describe(start: Uint8Array): string {
  return start.byteLength === 0 ? 'it is empty' : 'it starts with neither a cpio archive nor a compression';
}

function notCpio(found: string): BootwrightError {
  return new BootwrightError('INITRD_NOT_CPIO', { found });
}
