import { BootwrightError } from '../errors.ts';
import type { ByteSource } from '../platform/files.ts';
import { Reader } from '../wire/reader.ts';
import type { Budget } from './budget.ts';
import { readExtent } from './extents.ts';

/** One field of the System Use Sharing Protocol, IEEE P1281: its two letters and what follows its header. */
export interface SystemUseField {
  readonly signature: string;
  readonly data: Uint8Array;
}

/** A continuation area: where more fields of the same record are. */
interface Continuation {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** As many continuation areas as Linux follows for one record. */
const maxContinuations = 32;
const headerBytes = 4;

function damaged(what: string, offsetBytes: number): BootwrightError {
  return new BootwrightError('ISO_DAMAGED', { what, offsetBytes });
}

/** Reads the fields of one area into `fields`; where they go on, if they do. */
function collect(
  area: Uint8Array,
  offsetBytes: number,
  blockBytes: number,
  fields: SystemUseField[],
): Continuation | undefined {
  let next: Continuation | undefined;
  let at = 0;
  while (area.byteLength - at >= headerBytes) {
    const length = area[at + 2] ?? 0;
    // Zeros, or one byte of padding, end an area.
    if (area[at] === 0 || length === 0) break;
    if (length < headerBytes || at + length > area.byteLength) {
      throw damaged('a system use field that does not fit its area', offsetBytes + at);
    }
    const signature = String.fromCharCode(area[at] ?? 0, area[at + 1] ?? 0);
    const data = area.subarray(at + headerBytes, at + length);
    if (signature === 'ST') break;
    if (signature === 'CE') next = decodeContinuation(data, blockBytes, offsetBytes + at);
    else fields.push({ signature, data });
    at += length;
  }
  return next;
}

/** Block, offset in it and size, each 32 bits in both orders. P1281 §5.1. */
function decodeContinuation(data: Uint8Array, blockBytes: number, offsetBytes: number): Continuation {
  if (data.byteLength < 24) throw damaged('a continuation field that is too short', offsetBytes);
  const reader = new Reader(data);
  const block = reader.u32LE();
  const within = reader.seek(8).u32LE();
  const sizeBytes = reader.seek(16).u32LE();
  if (within >= blockBytes || sizeBytes > 64 * 1024) {
    throw damaged(`a continuation of ${sizeBytes} bytes, ${within} into its block`, offsetBytes);
  }
  return { offsetBytes: block * blockBytes + within, sizeBytes };
}

/** Reads the system use fields of directory records, and follows them where they continue elsewhere. */
export class SystemUse {
  readonly #source: ByteSource;
  readonly #blockBytes: number;
  readonly #budget: Budget;
  /** Records side by side continue side by side: the blocks read last answer for the next ones, too. */
  #window: { offsetBytes: number; bytes: Uint8Array } = { offsetBytes: 0, bytes: new Uint8Array(0) };

  constructor(source: ByteSource, blockBytes: number, budget: Budget) {
    this.#source = source;
    this.#blockBytes = blockBytes;
    this.#budget = budget;
  }

  /** `offsetBytes` is where the record is, for errors. Throws ISO_DAMAGED, ISO_TRUNCATED or ISO_TREE_TOO_LARGE. */
  async fields(area: Uint8Array, offsetBytes: number): Promise<SystemUseField[]> {
    const fields: SystemUseField[] = [];
    let next = collect(area, offsetBytes, this.#blockBytes, fields);
    for (let hops = 0; next !== undefined; hops++) {
      if (hops === maxContinuations) throw damaged('system use fields that never end', offsetBytes);
      const bytes = await this.#area(next);
      next = collect(bytes, next.offsetBytes, this.#blockBytes, fields);
    }
    return fields;
  }

  async #area({ offsetBytes, sizeBytes }: Continuation): Promise<Uint8Array> {
    let start = offsetBytes - this.#window.offsetBytes;
    if (start < 0 || start + sizeBytes > this.#window.bytes.byteLength) {
      const first = Math.floor(offsetBytes / this.#blockBytes) * this.#blockBytes;
      const last = Math.ceil((offsetBytes + sizeBytes) / this.#blockBytes) * this.#blockBytes;
      const end = Math.max(offsetBytes + sizeBytes, Math.min(last, this.#source.sizeBytes));
      this.#budget.spend('directoryBytes', end - first);
      this.#window = {
        offsetBytes: first,
        bytes: await readExtent(this.#source, { offsetBytes: first, sizeBytes: end - first }),
      };
      start = offsetBytes - first;
    }
    return this.#window.bytes.subarray(start, start + sizeBytes);
  }
}
