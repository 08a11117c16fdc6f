import type { ResolveBootFile } from '../boot/files.ts';
import type { BootEvent, Report } from '../boot/timeline.ts';
import type { ByteSource } from '../platform/files.ts';
import { bundled } from './bundled.ts';
import { type Answer, carriedError, type FoundFile, type Question, type ThreadRequest } from './thread-messages.ts';

/** A flood of events must not fill the memory faster than somebody writes them down. */
const mostEvents = 4096;

interface Waiting {
  readonly done: (value: FoundFile | number | undefined) => void;
  readonly failed: (error: Error) => void;
}

/** The thread's side of what it cannot do alone: files are found, opened and read by the thread that started it. */
export class BorrowedFiles {
  readonly #put: (question: Question) => void;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #events: BootEvent[] = [];
  #lost = 0;
  #isTelling = false;

  constructor(ask: (questions: readonly Question[]) => void) {
    this.#put = bundled(ask);
  }

  /** Questions that have not been answered. */
  get asked(): number {
    return this.#waiting.size;
  }

  take(answers: readonly Answer[]): void {
    for (const answer of answers) {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ('value' in answer) waiting?.done(answer.value);
      else waiting?.failed(carriedError(answer.error));
    }
  }

  readonly resolve: ResolveBootFile = async (path, asker) => {
    const found = (await this.#ask({ kind: 'find', path, asker })) as FoundFile | undefined;
    // It is open already: whoever resolves a path here opens the file next.
    return found === undefined ? undefined : { ...found, open: () => Promise.resolve(this.#sourceOf(found)) };
  };

  /** Events go in one message after the other, all that have come meanwhile in the next. */
  readonly report: Report = (event) => {
    if (this.#events.length < mostEvents) this.#events.push(event);
    else this.#lost += 1;
    if (!this.#isTelling) this.#tell();
  };

  /** Done when all events have been taken. */
  async told(): Promise<void> {
    while (this.#isTelling) await new Promise((resolve) => setImmediate(resolve));
  }

  #tell(): void {
    this.#isTelling = this.#events.length > 0;
    if (!this.#isTelling) return;
    const request = { kind: 'report', events: this.#events, lost: this.#lost } as const;
    this.#events = [];
    this.#lost = 0;
    const goOn = () => this.#tell();
    this.#ask(request).then(goOn, goOn);
  }

  #sourceOf({ file, sizeBytes }: FoundFile): ByteSource {
    return {
      sizeBytes,
      read: async (into, positionBytes) => {
        const isShared = into.buffer instanceof SharedArrayBuffer;
        const shared = isShared ? into : new Uint8Array(new SharedArrayBuffer(into.byteLength));
        const readBytes = (await this.#ask({ kind: 'read', file, into: shared, positionBytes })) as number;
        if (!isShared) into.set(shared);
        return readBytes;
      },
      close: async () => void (await this.#ask({ kind: 'close', file })),
    };
  }

  #ask(request: ThreadRequest): Promise<FoundFile | number | undefined> {
    return new Promise((done, failed) => {
      const id = this.#nextId++;
      this.#waiting.set(id, { done, failed });
      this.#put({ id, request });
    });
  }
}
