import { Command } from 'commander';
import { BootwrightError } from '../errors.ts';
import { printJson } from './print.ts';
import { type RootFlags, whichRoot, withRoot } from './which-root.ts';

const patienceMs = 5000;

async function askServer(root: string): Promise<Record<string, unknown>> {
  const [{ rootLayout }, { serverOf }] = await Promise.all([
    import('../release/layout.ts'),
    import('../release/root.ts'),
  ]);
  const { address, httpPort } = await serverOf(rootLayout(root));
  if (address === undefined || httpPort === undefined) throw new BootwrightError('SERVER_NOT_RUNNING', { root });
  const url = `http://${address}:${httpPort}/healthz`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(patienceMs) });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    return (await response.json()) as Record<string, unknown>;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BootwrightError('SERVER_UNHEALTHY', { url, reason }, { cause });
  }
}

/** `bootwright health`: whether the server of a root answers; for containers and monitoring. */
export function healthCommand(): Command {
  return withRoot(new Command('health'))
    .description('Ask the server that serves a root whether all is well. Exit status 0 if it is, 5 if not.')
    .option('--json', 'print JSON')
    .action(async ({ json, ...flags }: RootFlags & { json?: boolean }) => {
      const health = await askServer(await whichRoot(flags));
      if (json) printJson(health);
      else console.log(`The server is well; machines boot ${String(health['activeRelease'] ?? 'nothing yet')}.`);
    });
}
