import { Worker } from 'node:worker_threads';
import type { ResolveBootFile } from '../boot/files.ts';
import type { Report } from '../boot/timeline.ts';
import { HeldDescriptors } from '../platform/held-descriptors.ts';
import type { Endpoint } from '../platform/udp.ts';
import { bundled } from './bundled.ts';
import { LentFiles } from './lent-files.ts';
import {
  type Answer,
  carriedError,
  carryError,
  type FromThread,
  type ThreadData,
  type ThreadServer,
  type ToThread,
} from './thread-messages.ts';

export interface TftpThreadOptions {
  readonly servers: readonly ThreadServer[];
  readonly resolve: ResolveBootFile;
  readonly report: Report;
  /** Something went wrong that the thread recovers from. */
  readonly warn: (text: string) => void;
  /** What runs in the thread; for tests. */
  readonly entry?: URL;
}

export interface TftpThread {
  /** In the order of `servers`. */
  readonly locals: readonly Endpoint[];
  /** Takes no more requests, lets running transfers finish for `graceMs` (default 0), then ends them. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/** A thread that fails again and again is started anew this often. */
const firstPauseMs = 100;
const longestPauseMs = 10_000;
/** What it makes lives for one datagram; V8 would let it grow to some 100 MiB all the same. */
const resourceLimits = { maxYoungGenerationSizeMb: 8 };
/** A thread that has served for so long was well. */
const wellMs = 60_000;

/**
 * Serves TFTP in a thread of its own. Throws UDP_PORT_IN_USE, UDP_PORT_FORBIDDEN, UDP_ADDRESS_NOT_HERE or
 * INTERFACE_NOT_FOUND. A thread that crashes takes its transfers with it (machines ask again) and is started anew, on
 * the same ports.
 */
export async function startTftpThread(options: TftpThreadOptions): Promise<TftpThread> {
  let run = startRun(options, options.servers);
  const locals = await run.listening.catch(async (error: unknown) => {
    await run.ended;
    throw error;
  });
  // Where the port was any free one, it must be the same one after a crash.
  const servers = options.servers.map((server, index) => ({ ...server, port: locals[index]?.port ?? server.port }));
  let pauseMs = firstPauseMs;
  let isClosed = false;
  let pause: { readonly over: Promise<void>; readonly end: () => void } | undefined;

  async function keepRunning(): Promise<void> {
    for (;;) {
      const startedMs = performance.now();
      const reason = await run.ended;
      if (isClosed) return;
      if (performance.now() - startedMs > wellMs) pauseMs = firstPauseMs;
      options.warn(`the thread that serves TFTP has ended and is started anew in ${pauseMs} ms: ${reason}`);
      pause = waitFor(pauseMs);
      await pause.over;
      if (isClosed) return;
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      run = startRun(options, servers);
      // Where it can't listen, it ends, and says so above.
      run.listening.catch(() => {});
    }
  }

  const over = keepRunning();
  return {
    locals,
    async close({ graceMs = 0 } = {}) {
      isClosed = true;
      pause?.end();
      run.stop(graceMs);
      await over;
    },
  };
}

interface Run {
  readonly listening: Promise<readonly Endpoint[]>;
  /** Done when the thread has ended and nothing is left of it; why it has. */
  readonly ended: Promise<string>;
  stop(graceMs: number): void;
}

function startRun({ resolve, report, warn, entry }: TftpThreadOptions, servers: readonly ThreadServer[]): Run {
  const descriptors = new HeldDescriptors();
  const workerData: ThreadData = { servers, descriptors: descriptors.shared };
  const thread = new Worker(entry ?? new URL('thread.ts', import.meta.url), { workerData, resourceLimits });
  const files = new LentFiles({
    resolve,
    report,
    onLost: (count) => warn(`${count} events of TFTP came too fast to be told`),
  });
  const post = (message: ToThread) => thread.postMessage(message);
  const answer = bundled<Answer>((answers) => post({ kind: 'answers', answers }));
  const listening = Promise.withResolvers<readonly Endpoint[]>();
  let reason = 'it did not say why';

  thread.on('message', (message: FromThread) => {
    switch (message.kind) {
      case 'asks':
        for (const { id, request } of message.questions) {
          files.answer(request).then(
            (value) => answer({ id, value }),
            (error: unknown) => answer({ id, error: carryError(error) }),
          );
        }
        break;
      case 'listening':
        listening.resolve(message.locals);
        break;
      case 'failed':
        reason = message.error.text;
        listening.reject(carriedError(message.error));
        break;
    }
  });
  thread.on('error', (error) => {
    reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  });
  const ended = new Promise<string>((done) => {
    thread.on('exit', () => {
      descriptors.closeAll();
      listening.reject(new Error(`the thread that serves TFTP has ended: ${reason}`));
      files.close().then(() => done(reason));
    });
  });
  return { listening: listening.promise, ended, stop: (graceMs) => post({ kind: 'stop', graceMs }) };
}

function waitFor(ms: number): { readonly over: Promise<void>; readonly end: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  return {
    over: promise,
    end() {
      clearTimeout(timer);
      resolve();
    },
  };
}
