import { type DestinationStream, pino } from 'pino';

/** Where there are more, they do not wait for the turn to end. */
const mostBytes = 8 * 1024;

/**
 * Lines to standard output, those of one turn of the event loop in one write: in a storm there are hundreds of them, and
 * each write is a call of the kernel. The last ones are written also where the process ends by an error.
 */
export function linesToOutput(): DestinationStream {
  const output = pino.destination({ sync: true, minLength: mostBytes });
  let isDue = false;
  process.on('exit', () => output.flushSync());
  return {
    write(line) {
      output.write(line);
      if (isDue) return;
      isDue = true;
      setImmediate(() => {
        isDue = false;
        output.flushSync();
      });
    },
  };
}
