import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type Batch, batchStatements, type Write } from './batch.ts';
import type { Store } from './database.ts';

/** What the thread of writer.ts is started with. */
export interface WriterData {
  readonly path: string;
  readonly sql: readonly string[];
}

/** What it answers to one transaction: what went wrong, or `null` once everything is safe. */
export type Outcome = string | null;

/** Where batches become safe. */
export interface Committer {
  /**
   * Resolves once the whole batch is safe, also from a power cut; rejects where nothing of it was written. Batches that
   * come while another is being written become one transaction, in the order in which they came.
   */
  commit(batch: Batch): Promise<void>;
  /** Finishes what was given before. */
  close(): Promise<void>;
}

/**
 * Under load, transactions begin so long after one another: the disk makes each of them cost about the same, whether it
 * writes one row or fifty. What comes alone does not wait.
 */
const gatherMs = 10;

/** Rows live as long as their transaction; V8 would let the thread grow to some 100 MiB all the same. */
const resourceLimits = { maxYoungGenerationSizeMb: 8 };

interface Waiting {
  readonly writes: readonly Write[];
  readonly done: (outcome: Outcome) => void;
}

/** Writes to the store that `path` names beside whoever else reads and writes it. The store must have been opened. */
export function startCommitter(store: Store, path: string): Committer {
  const { sql, writes } = batchStatements(store);
  let waiting: Waiting[] = [];
  let writing: Waiting[] = [];
  let thread: Worker | undefined;
  let begunMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  /** A thread that ended takes its transaction with it; the next batch starts another one. */
  function writer(): Worker {
    if (thread !== undefined) return thread;
    const workerData: WriterData = { path, sql };
    const started = new Worker(new URL('writer.ts', import.meta.url), { workerData, resourceLimits });
    let reason = 'the thread that writes the state has ended';
    started.on('message', finish);
    started.on('error', (error) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    started.on('exit', () => {
      thread = undefined;
      finish(reason);
    });
    thread = started;
    return started;
  }

  function begin(): void {
    timer = undefined;
    begunMs = performance.now();
    writing = waiting;
    waiting = [];
    writer().postMessage(writing.flatMap((each) => each.writes));
  }

  function beginSoon(): void {
    if (writing.length > 0 || timer !== undefined) return;
    const restMs = begunMs + gatherMs - performance.now();
    if (restMs <= 0) begin();
    else timer = setTimeout(begin, restMs);
  }

  function finish(outcome: Outcome): void {
    const finished = writing;
    writing = [];
    if (waiting.length > 0) beginSoon();
    for (const { done } of finished) done(outcome);
  }

  function give(work: readonly Write[], done: (outcome: Outcome) => void): void {
    waiting.push({ writes: work, done });
    beginSoon();
  }

  writer();
  return {
    commit(batch) {
      const work = writes(batch);
      if (work.length === 0) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const done = (outcome: Outcome) => (outcome === null ? resolve() : reject(new Error(outcome)));
        give(work, done);
      });
    },
    async close() {
      await new Promise<Outcome>((done) => give([], done));
      const last = thread;
      if (last === undefined) return;
      last.postMessage(null);
      await once(last, 'exit');
    },
  };
}
