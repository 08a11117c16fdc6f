import { Listr } from 'listr2';
import { formatBytes, onOneLine } from '../format.ts';
import type { BuildProgress } from '../release/request.ts';

type Phase = BuildProgress['phase'];

const titles: Readonly<Record<Phase, string>> = {
  read: 'Read the image',
  convert: 'Convert the image',
  check: 'Check that it would boot',
  remaster: 'Write the ISO anew',
  extract: 'Extract the boot files',
  copy: 'Take over the ISO',
  pack: 'Write the output',
};

type Work<Result> = (onProgress: (progress: BuildProgress) => void) => Promise<Result>;

/** One JSON object a line: where a phase begins, and each whole percent. */
function forMachines<Result>(work: Work<Result>): Promise<Result> {
  let last = '';
  return work(({ phase, doneBytes, totalBytes }) => {
    const percent = totalBytes === 0 ? 0 : Math.floor((doneBytes / totalBytes) * 100);
    const line = JSON.stringify({ event: 'progress', phase, percent });
    if (line !== last) console.log(line);
    last = line;
  });
}

/** A list of phases that fill up on a terminal; a line a phase elsewhere. */
async function forPeople<Result>(phases: readonly Phase[], work: Work<Result>): Promise<Result> {
  let reached = -1;
  const seen = new Set<Phase>();
  const waiting = phases.map(() => Promise.withResolvers<void>());
  let show: (text: string) => void = () => {};
  const done = work(({ phase, doneBytes, totalBytes, path }) => {
    const index = phases.indexOf(phase);
    seen.add(phase);
    while (reached < index) {
      if (reached >= 0) waiting[reached]?.resolve();
      reached += 1;
    }
    const of = totalBytes > 0 ? ` of ${formatBytes(totalBytes)}` : '';
    if (doneBytes > 0) show(`${formatBytes(doneBytes)}${of}: ${onOneLine(path)}`);
  });
  done.then(
    () => {
      for (const phase of waiting) phase.resolve();
    },
    () => {
      // Without words: the error is printed in full below the list, and lists print it too where they are no terminal.
      for (const phase of waiting.slice(Math.max(reached, 0))) phase.reject(new Error(''));
    },
  );
  for (const { promise } of waiting) promise.catch(() => {});
  const tasks = new Listr(
    phases.map((phase, index) => ({
      title: titles[phase],
      task: async (_: unknown, task: { output: string; skip(): void }) => {
        show = (text) => {
          if (process.stdout.isTTY) task.output = text;
        };
        await waiting[index]?.promise;
        // Only the image tells whether it has to be converted, or has an ISO to take over.
        if (!seen.has(phase)) task.skip();
      },
    })),
    {
      renderer: 'default',
      fallbackRenderer: 'simple',
      registerSignalListeners: false,
      rendererOptions: { showErrorMessage: false, collapseErrors: false },
    },
  );
  await tasks.run().catch(() => done);
  return done;
}

/** Shows how a build goes on while it runs; `phases` are those that it has, in their order. */
export function showProgress<Result>(json: boolean, phases: readonly Phase[], work: Work<Result>): Promise<Result> {
  return json ? forMachines(work) : forPeople(phases, work);
}
