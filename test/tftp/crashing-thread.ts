/** The thread that serves TFTP, with a bug: it does not survive that a file named `crash` is found. */
import { parentPort } from 'node:worker_threads';
import '../../src/tftp/thread.ts';

parentPort?.on('message', (message: { readonly value?: { readonly path?: string } }) => {
  if (message.value?.path === 'crash') throw new Error('a bug');
});
