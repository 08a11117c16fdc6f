/** The thread that serves TFTP, with a bug: it does not survive that a file named `crash` is found. */
import { parentPort } from 'node:worker_threads';
import '../../src/tftp/thread.ts';

interface Answers {
  readonly answers?: readonly { readonly value?: { readonly path?: string } }[];
}

parentPort?.on('message', ({ answers = [] }: Answers) => {
  if (answers.some(({ value }) => value?.path === 'crash')) throw new Error('a bug');
});
