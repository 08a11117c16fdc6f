import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { exit } from '../errors/row.ts';
import { keepYoungSpaceSmall } from '../platform/young-space.ts';
import { printJson } from './print.ts';
import { endOnSignals } from './signals.ts';
import { type RootFlags, whichRoot, withRoot } from './which-root.ts';

interface Flags extends RootFlags {
  readonly json?: boolean;
  readonly strict?: boolean;
  readonly url?: string;
  readonly urlCheck: boolean;
}

/** A file or folder, else the release of that id in the root. */
async function findImage(image: string, flags: Flags): Promise<string> {
  if (image === '-' || existsSync(image)) return image;
  const [{ ReleaseCatalog }, { rootLayout }] = await Promise.all([
    import('../release/catalog.ts'),
    import('../release/layout.ts'),
  ]);
  return new ReleaseCatalog(rootLayout(await whichRoot(flags))).get(image)?.folder ?? image;
}

/** `bootwright inspect`: what is in an image, and what a machine would stumble over. */
export function inspectCommand(): Command {
  return withRoot(new Command('inspect'))
    .description('Look into an image or a release: what it is, what it boots, and what a machine would stumble over.')
    .argument('<image>', 'an ISO (packed or not), a folder, a release or its id, or - for standard input')
    .option('--url <url>', 'where machines will fetch the live system from')
    .option('--no-url-check', 'do not ask the server of that URL')
    .option('--strict', 'warnings fail, too')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nIt changes nothing. docs/reference/inspect.md says what is looked at, and how.' +
        '\nExit status: 0 fine, 3 a machine would not boot it (with --strict: or there are warnings), 2 wrong use.',
    )
    .action(async (image: string, flags: Flags) => {
      keepYoungSpaceSmall();
      const controller = new AbortController();
      endOnSignals(['SIGINT', 'SIGTERM', 'SIGHUP'], () => controller.abort());
      const { inspect } = await import('../inspect/inspect.ts');
      const found = await findImage(image, flags);
      const report = await inspect({ image: found, url: flags.url, askUrl: flags.urlCheck, signal: controller.signal });
      if (flags.json) printJson(report);
      else (await import('./inspect-report.ts')).printReport(report);
      if (!report.ok || (flags.strict && report.findings.length > 0)) process.exitCode = exit.image;
    });
}
