import { hasCode } from '../errors.ts';
import type { TftpParameters } from './clients.ts';
import type { Context } from './context.ts';
import { hashed } from './received.ts';
import type { Step } from './timeline.ts';

/**
 * Asks for files that a machine asks for and can do without. Each costs it the time of the answer, and a server that
 * is silent instead of saying no costs it half a minute: then the walk ends.
 */
export async function askForSpare(
  { clients, timeline }: Context,
  step: Step,
  server: string,
  paths: readonly string[],
  parameters: TftpParameters,
): Promise<void> {
  await timeline.record(step, `TFTP: ${paths.length} files that need not be there`, async (notes) => {
    let there = 0;
    for (const path of paths) {
      try {
        await hashed((sink) => clients.getByTftp(server, path, parameters, sink));
        there += 1;
      } catch (error) {
        if (!hasCode(error, 'PROBE_FILE_MISSING')) throw error;
      }
    }
    notes.detail = there === 0 ? 'none is' : `${there} of them are`;
  });
}
