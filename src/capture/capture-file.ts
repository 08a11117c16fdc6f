import { closeSync, openSync, writeSync } from 'node:fs';
import { BootwrightError } from '../errors.ts';
import { type CaptureHeader, fileHeader, packetBlock, statisticsBlock } from './pcapng-write.ts';

type Packet = Parameters<typeof packetBlock>[0];

/** A capture that is being written. What was written is whole at any moment, also after `kill -9`. */
export class CaptureFile {
  readonly #path: string;
  readonly #fd: number;
  readonly #failed: (error: unknown) => void;
  #waiting: Uint8Array[] = [];
  #failure: BootwrightError<'CAPTURE_UNWRITABLE'> | undefined;

  /** `failed` is called once, where the disk takes no more. Throws CAPTURE_UNWRITABLE. */
  constructor(path: string, header: CaptureHeader, failed: (error: unknown) => void) {
    this.#path = path;
    this.#failed = failed;
    try {
      this.#fd = openSync(path, 'w', 0o600);
    } catch (cause) {
      throw this.#unwritable(cause);
    }
    this.#waiting.push(fileHeader(header));
    this.#flush();
  }

  /** Written together with what else comes in this turn of the event loop. */
  add(packet: Packet): void {
    if (this.#waiting.length === 0) setImmediate(() => this.#flush());
    this.#waiting.push(packetBlock(packet));
  }

  /** Throws CAPTURE_UNWRITABLE where not everything is in the file. */
  close(timeNs: bigint, received: number, dropped: number): void {
    this.#waiting.push(statisticsBlock(timeNs, received, dropped));
    this.#flush();
    try {
      closeSync(this.#fd);
    } catch (cause) {
      this.#failure ??= this.#unwritable(cause);
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    if (this.#failure !== undefined || bytes.length === 0) return;
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done);
    } catch (cause) {
      this.#failure = this.#unwritable(cause);
      this.#failed(this.#failure);
    }
  }

  #unwritable(cause: unknown): BootwrightError<'CAPTURE_UNWRITABLE'> {
    const { code, message } = cause as NodeJS.ErrnoException;
    return new BootwrightError('CAPTURE_UNWRITABLE', { path: this.#path, reason: code ?? message }, { cause });
  }
}
