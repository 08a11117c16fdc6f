import { basename } from 'node:path';
import { Command, Option } from 'commander';
import { formatBytes, formatDuration } from '../format.ts';
import type { OutputFormat } from '../release/occupied.ts';
import { endOnSignals } from './signals.ts';
import { splitWords } from './words.ts';

interface Flags {
  readonly output?: string;
  readonly format: OutputFormat;
  readonly isoUrl?: string;
  readonly baseUrl?: string;
  readonly kernelArgs?: string;
  readonly json?: boolean;
}

function defaultOutput(iso: string, format: OutputFormat): string {
  const name = basename(iso).replace(/\.iso$/i, '');
  return format === 'pxe-dir' ? `${name}-pxe` : `${name}-pxe.tar`;
}

/** Ends a build on a signal in order, so that it can remove what it began. */
function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  endOnSignals(['SIGINT', 'SIGTERM', 'SIGHUP'], () => controller.abort());
  return controller.signal;
}

/** `bootwright build`: a LiveOS ISO becomes what machines boot from. */
export function buildCommand(): Command {
  return new Command('build')
    .description('Extract a LiveOS ISO into the files that machines boot from, checked and with a manifest.')
    .argument('<iso>', 'the LiveOS ISO')
    .option('--output <path>', 'where to (default: the name of the ISO with "-pxe")')
    .addOption(new Option('--format <format>', 'what to make').choices(['pxe-dir', 'pxe-tar']).default('pxe-dir'))
    .addOption(new Option('--iso-url <url>', 'the URL of the ISO, for root=live:').conflicts('baseUrl'))
    .option('--base-url <url>', 'the URL of the folder that the ISO will be in')
    .option('--kernel-args <words>', 'arguments to add for the kernel, such as "console=ttyS0 quiet"')
    .option('--json', 'print one JSON object a line; the last one says how it ended')
    .addHelpText(
      'after',
      '\nWithout a URL, root=live: points at port 80 of the server that the machine was booted by.' +
        '\nExit status: 0 built, 2 wrong use, 3 the image cannot be used, 4 the output cannot be written.',
    )
    .action(async (iso: string, flags: Flags) => {
      const startedMs = Date.now();
      const output = flags.output ?? defaultOutput(iso, flags.format);
      const signal = abortOnSignals();
      const [{ deliver }, { showProgress }] = await Promise.all([
        import('../release/deliver.ts'),
        import('./progress.ts'),
      ]);
      const manifest = await showProgress(flags.json === true, (onProgress) =>
        deliver(
          {
            image: iso,
            isoUrl: flags.isoUrl,
            baseUrl: flags.baseUrl,
            kernelArguments: splitWords(flags.kernelArgs ?? ''),
            signal,
            onProgress,
          },
          output,
          flags.format,
        ),
      );
      const durationMs = Date.now() - startedMs;
      const sizeBytes = manifest.entries.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.sizeBytes : 0), 0);
      if (flags.json) {
        console.log(JSON.stringify({ event: 'built', id: manifest.id, output, durationMs, sizeBytes, manifest }));
      } else {
        const took = formatDuration(durationMs);
        console.log(`Built ${manifest.id} into ${output} (${formatBytes(sizeBytes)}, ${took}).`);
      }
    });
}
