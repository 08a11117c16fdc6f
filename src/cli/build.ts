import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { formatBytes, formatDuration, onOneLine } from '../format.ts';
import type { ImageConfig, OutputConfig, OutputFormat } from '../image-config/config.ts';
import { isVolumeLabel } from '../image-config/parse.ts';
import { asFileName, imageName } from '../input/image-name.ts';
import { keepYoungSpaceSmall } from '../platform/young-space.ts';
import type { ConfigFile } from '../release/config-file.ts';
import type { BuildProgress, BuildRequest } from '../release/request.ts';
import { endOnSignals } from './signals.ts';
import { showWarnings } from './warnings.ts';
import { splitWords } from './words.ts';

interface Flags {
  readonly config?: string;
  readonly output?: string;
  readonly format?: OutputFormat;
  readonly name?: string;
  readonly isoUrl?: string;
  readonly baseUrl?: string;
  readonly kernelArgs?: string;
  readonly initramfsType?: 'bootstrap' | 'full-os';
  readonly liveRoot?: 'iso' | 'squashfs';
  readonly volumeLabel?: string;
  readonly maxSize?: number;
  readonly strict?: boolean;
  readonly urlCheck: boolean;
  readonly json?: boolean;
}

/** A number of bytes, such as `20G`; K, M, G and T are powers of 1024. */
function parseSize(text: string): number {
  const found = /^(\d{1,15})([KMGT]?)(?:i?B)?$/i.exec(text);
  const power = ' KMGT'.indexOf(found?.[2]?.toUpperCase() || ' ');
  const bytes = Number(found?.[1]) * 1024 ** power;
  if (!Number.isSafeInteger(bytes) || bytes === 0) throw new InvalidArgumentError('Give a size such as 20G.');
  return bytes;
}

function parseLabel(text: string): string {
  if (!isVolumeLabel(text)) {
    throw new InvalidArgumentError('Give up to 32 letters, digits, "_", ".", "+" and "-", such as LIVE_42.');
  }
  return text;
}

const endings: Readonly<Record<OutputFormat, string>> = { 'pxe-dir': '', 'pxe-tar': '.tar.gz', iso: '.iso' };

function defaultOutput(image: string, name: string | undefined, format: OutputFormat): string {
  const bare = imageName(name === undefined ? image : asFileName(name));
  return `${bare.replace(/-pxe$/, '')}-pxe${endings[format]}`;
}

/** What the flags ask for, over what the file asks for. */
function configOf(flags: Flags, file: ConfigFile | undefined, format: OutputFormat): ImageConfig {
  const { initramfsType, liveRoot, volumeLabel } = flags;
  const config = file?.config ?? {};
  const section = format === 'iso' ? 'iso' : 'pxe';
  const nothing: OutputConfig = { kernelArguments: [], additionalFiles: [] };
  return {
    ...config,
    ...(liveRoot === undefined ? {} : { liveRoot }),
    ...(volumeLabel === undefined ? {} : { volumeLabel }),
    ...(initramfsType === undefined ? {} : { [section]: { ...nothing, ...config[section], initramfsType } }),
  };
}

/** What a build of that format goes through, as far as it is known before the image is. */
function phasesOf(format: OutputFormat, { config }: BuildRequest): BuildProgress['phase'][] {
  const output = format === 'iso' ? config?.iso : config?.pxe;
  const type = output?.initramfsType;
  const fetchesIso = format !== 'iso' && type !== 'full-os' && config?.liveRoot !== 'squashfs';
  const hasMore = type !== undefined || (output?.additionalFiles.length ?? 0) > 0;
  return [
    'read',
    ...(type === undefined ? [] : (['convert'] as const)),
    'check',
    ...(fetchesIso && hasMore ? (['remaster'] as const) : []),
    ...(format === 'iso' ? [] : (['extract'] as const)),
    ...(fetchesIso ? (['copy'] as const) : []),
    ...(format === 'pxe-dir' ? [] : (['pack'] as const)),
  ];
}

/** Ends a build on a signal in order, so that it can remove what it began. */
function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  endOnSignals(['SIGINT', 'SIGTERM', 'SIGHUP'], () => controller.abort());
  return controller.signal;
}

function fromConfig(path: string | undefined, file: ConfigFile | undefined): string | undefined {
  return path === undefined || file === undefined ? undefined : resolve(file.folder, path);
}

/** `bootwright build`: a LiveOS image becomes what machines boot from. */
export function buildCommand(): Command {
  return new Command('build')
    .description('Turn a LiveOS image into the files that machines boot from, checked and with a manifest.')
    .argument('[image]', 'an ISO (packed or not), a folder, an output of ours, or - for standard input')
    .option('--config <file>', 'a configuration of the build (docs/reference/image-yaml.md); flags override it')
    .option('--output <path>', 'where to (default: the name of the image with "-pxe")')
    .addOption(
      new Option('--format <format>', 'what to make (default: pxe-dir)').choices(['pxe-dir', 'pxe-tar', 'iso']),
    )
    .option('--name <name>', 'what the image is called, such as for standard input')
    .addOption(new Option('--iso-url <url>', 'the URL of the ISO, for root=live:').conflicts('baseUrl'))
    .option('--base-url <url>', 'the URL of the folder that the output will be in')
    .option('--kernel-args <words>', 'arguments to add for the kernel, such as "console=ttyS0 quiet"')
    .addOption(
      new Option('--initramfs-type <type>', 'turn the initramfs into this kind').choices(['bootstrap', 'full-os']),
    )
    .addOption(new Option('--live-root <what>', 'what machines fetch (default: iso)').choices(['iso', 'squashfs']))
    .option('--volume-label <label>', 'of an ISO that is written (default: its own)', parseLabel)
    .option('--max-size <size>', 'what a packed image may unpack to, such as 20G (default: 64G)', parseSize)
    .option('--strict', 'warnings fail, too')
    .option('--no-url-check', 'do not ask the server of a given URL what it has there')
    .option('--json', 'print one JSON object a line; the last one says how it ended')
    .addHelpText(
      'after',
      '\nWithout a URL, root=live: points at port 80 of the server that the machine was booted by.' +
        '\nExit status: 0 built, 2 wrong use, 3 the image cannot be used, 4 the output cannot be written,' +
        '\n5 a program or a right is missing.',
    )
    .action(async (named: string | undefined, flags: Flags, command: Command) => {
      const startedMs = Date.now();
      keepYoungSpaceSmall();
      const signal = abortOnSignals();
      const [{ deliver }, { showProgress }, { readConfigFile }] = await Promise.all([
        import('../release/deliver.ts'),
        import('./progress.ts'),
        import('../release/config-file.ts'),
      ]);
      const file = flags.config === undefined ? undefined : await readConfigFile(flags.config);
      const image = named ?? fromConfig(file?.config.inputPath, file);
      if (image === undefined) command.error("error: missing required argument 'image'");
      const format = flags.format ?? file?.config.outputFormat ?? 'pxe-dir';
      const output =
        flags.output ?? fromConfig(file?.config.outputPath, file) ?? defaultOutput(image, flags.name, format);
      const warnings = showWarnings(flags.json === true);
      for (const key of file?.ignored ?? []) warnings.ignoredKey(key, flags.config ?? '');
      const request: BuildRequest = {
        image,
        name: flags.name,
        config: configOf(flags, file, format),
        configFolder: file?.folder,
        isoUrl: flags.isoUrl,
        baseUrl: flags.baseUrl,
        kernelArguments: splitWords(flags.kernelArgs ?? ''),
        strict: flags.strict,
        checkUrl: flags.urlCheck,
        maxBytes: flags.maxSize,
        signal,
        onFinding: warnings.finding,
      };
      const delivered = await showProgress(flags.json === true, phasesOf(format, request), (onProgress) =>
        deliver({ ...request, onProgress }, output, format),
      ).finally(() => warnings.show());
      const { manifest, name, sizeBytes } = delivered;
      const durationMs = Date.now() - startedMs;
      if (flags.json) {
        const event = {
          event: 'built',
          format,
          name,
          ...(manifest && { id: manifest.id }),
          output,
          durationMs,
          sizeBytes,
        };
        console.log(JSON.stringify({ ...event, ...(manifest && { manifest }) }));
      } else {
        const took = formatDuration(durationMs);
        console.log(
          `Built ${onOneLine(manifest?.id ?? name)} into ${onOneLine(output)} (${formatBytes(sizeBytes)}, ${took}).`,
        );
      }
    });
}
