import type { ResolveBootFile } from '../boot/files.ts';
import type { Report } from '../boot/timeline.ts';
import type { ByteSource } from '../platform/files.ts';
import type { FoundFile, ThreadRequest } from './thread-messages.ts';

interface LentFilesOptions {
  readonly resolve: ResolveBootFile;
  readonly report: Report;
  /** So many events came faster than they could be told. */
  readonly onLost: (count: number) => void;
}

/** The files that a thread has open, on the side of whoever opens and reads them for it. */
export class LentFiles {
  readonly #options: LentFilesOptions;
  readonly #sources = new Map<number, ByteSource>();
  readonly #reads = new Set<Promise<unknown>>();
  #nextFile = 1;
  #isOver = false;

  constructor(options: LentFilesOptions) {
    this.#options = options;
  }

  async answer(request: ThreadRequest): Promise<FoundFile | number | undefined> {
    switch (request.kind) {
      case 'find':
        return this.#find(request);
      case 'read': {
        const read = this.#sources.get(request.file)?.read(request.into, request.positionBytes) ?? Promise.resolve(0);
        this.#reads.add(read);
        return read.finally(() => this.#reads.delete(read));
      }
      case 'close': {
        const source = this.#sources.get(request.file);
        this.#sources.delete(request.file);
        await source?.close();
        return undefined;
      }
      case 'report':
        for (const event of request.events) this.#report(event);
        if (request.lost > 0) this.#options.onLost(request.lost);
        return undefined;
    }
  }

  /** The thread has ended: closes what it left open. */
  async close(): Promise<void> {
    this.#isOver = true;
    const sources = [...this.#sources.values()];
    this.#sources.clear();
    await Promise.allSettled(this.#reads);
    await Promise.allSettled(sources.map((source) => source.close()));
  }

  async #find({ path, asker }: Extract<ThreadRequest, { kind: 'find' }>): Promise<FoundFile | undefined> {
    const found = await this.#options.resolve(path, asker);
    if (found === undefined) return undefined;
    const source = await found.open();
    if (this.#isOver) {
      await source.close();
      return undefined;
    }
    const file = this.#nextFile++;
    this.#sources.set(file, source);
    return { file, path: found.path, sha256: found.sha256, sizeBytes: source.sizeBytes };
  }

  #report(event: Parameters<Report>[0]): void {
    try {
      this.#options.report(event);
    } catch {
      // Whoever listens is not the thread's concern: its transfers go on.
    }
  }
}
