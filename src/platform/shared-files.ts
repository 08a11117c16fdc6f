import type { Cancel, Clock } from './clock.ts';
import type { ByteSource } from './files.ts';

interface SharedFilesOptions {
  readonly clock: Clock;
  readonly open: (path: string) => Promise<ByteSource>;
}

interface Shared {
  readonly source: Promise<ByteSource>;
  readers: number;
  /** Nobody has read it since the last look. */
  isIdle: boolean;
}

/** In a storm the next machine asks for the same file within this time. */
const keepMs = 100;

/**
 * Files that never change, each of them open once for all who read it at the same time, and for a moment longer: to open,
 * look at and close a file costs more than to send a small one, and a thousand machines ask for the same few.
 */
export class SharedFiles {
  readonly #options: SharedFilesOptions;
  readonly #files = new Map<string, Shared>();
  #cancelLook: Cancel | undefined;
  #isClosed = false;

  constructor(options: SharedFilesOptions) {
    this.#options = options;
  }

  /** A reader of its own, with an end of its own. Throws what `open` throws; then the next one tries again. */
  async open(path: string): Promise<ByteSource> {
    const shared = this.#files.get(path) ?? this.#add(path);
    shared.readers += 1;
    shared.isIdle = false;
    const source = await shared.source.catch((error: unknown) => {
      this.#forget(path, shared);
      throw error;
    });
    let isOpen = true;
    return {
      sizeBytes: source.sizeBytes,
      read: (into, positionBytes) =>
        source.read(into, positionBytes).catch((error: unknown) => {
          this.#forget(path, shared);
          throw error;
        }),
      close: async () => {
        if (!isOpen) return;
        isOpen = false;
        shared.readers -= 1;
        if (shared.readers > 0) return;
        if (this.#isClosed || this.#files.get(path) !== shared) await source.close();
        else this.#cancelLook ??= this.#options.clock.after(keepMs, () => this.#look());
      },
    };
  }

  /** Closes what nobody reads, and the rest as soon as nobody does. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelLook?.();
    const idle = [...this.#files].filter(([, { readers }]) => readers === 0);
    await Promise.all(idle.map(([path, shared]) => this.#close(path, shared)));
  }

  #add(path: string): Shared {
    const shared = { source: this.#options.open(path), readers: 0, isIdle: false };
    if (!this.#isClosed) this.#files.set(path, shared);
    return shared;
  }

  #forget(path: string, shared: Shared): void {
    if (this.#files.get(path) === shared) this.#files.delete(path);
  }

  #look(): void {
    this.#cancelLook = undefined;
    let mayBeIdle = false;
    for (const [path, shared] of this.#files) {
      if (shared.readers > 0) continue;
      if (shared.isIdle) void this.#close(path, shared).catch(() => {});
      else mayBeIdle = true;
      shared.isIdle = true;
    }
    if (mayBeIdle) this.#cancelLook = this.#options.clock.after(keepMs, () => this.#look());
  }

  async #close(path: string, shared: Shared): Promise<void> {
    this.#forget(path, shared);
    await (await shared.source).close();
  }
}
