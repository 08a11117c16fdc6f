import { stringify } from 'yaml';
import { BootwrightError } from '../errors.ts';
import type { ImageConfig, IsoUrls, OutputConfig } from './config.ts';
import { parseImageConfig } from './parse.ts';
import { quoteWord } from './words.ts';

/** Where an output keeps the settings that it was built with. */
export const savedConfigPath = 'bootwright/image.yaml';

const preface = `# The settings that this was built with. Building from it takes them up again.
`;

function outputToSave({ kernelArguments, additionalFiles: _, ...output }: OutputConfig & IsoUrls) {
  const urls = ['isoImageBaseUrl', 'isoImageFileUrl', 'bootstrapBaseUrl', 'bootstrapFileUrl'] as const;
  return {
    initramfsType: output.initramfsType,
    // It is of no use there, and both together are an error.
    ...(output.initramfsType === 'full-os' ? {} : Object.fromEntries(urls.map((key) => [key, output[key]]))),
    kernelCommandLine:
      kernelArguments.length === 0 ? undefined : { extraCommandLine: kernelArguments.map((word) => quoteWord(word)) },
    kdumpBootFiles: output.kdumpBootFiles,
  };
}

function isEmpty(section: object): boolean {
  return Object.values(section).every((value) => value === undefined);
}

/**
 * The text of `savedConfigPath`: a configuration of a build with what a later one must know. Paths and additional
 * files are left out: the files are in the output, and the paths are of the machine that built it. The same settings
 * always give the same text.
 */
export function formatSavedConfig(config: ImageConfig): string {
  const iso = { ...(config.iso && outputToSave(config.iso)), volumeLabel: config.volumeLabel };
  const pxe = config.pxe && outputToSave(config.pxe);
  const whole = {
    liveRoot: config.liveRoot,
    iso: isEmpty(iso) ? undefined : iso,
    pxe: pxe === undefined || isEmpty(pxe) ? undefined : pxe,
  };
  if (isEmpty(whole)) return `${preface}{}\n`;
  const style = { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN', lineWidth: 0, version: '1.2' } as const;
  return preface + stringify(whole, style);
}

/**
 * Reads what `formatSavedConfig` wrote; `where` names the file in messages. It comes with an image, and may be
 * anybody's: it names no file of this machine.
 *
 * @throws SAVED_SETTINGS_FOREIGN, and as `parseImageConfig`.
 */
export function parseSavedConfig(text: string | Uint8Array, where: string): ImageConfig {
  const { config, ignored } = parseImageConfig(text, where);
  const foreign = [
    ...ignored,
    ...(['inputPath', 'outputPath', 'outputFormat'] as const).filter((key) => config[key] !== undefined),
    ...(['iso', 'pxe'] as const).flatMap((key) =>
      (config[key]?.additionalFiles.length ?? 0) > 0 ? [`${key}.additionalFiles`] : [],
    ),
  ];
  const [key] = foreign;
  if (key !== undefined) throw new BootwrightError('SAVED_SETTINGS_FOREIGN', { where, key });
  return config;
}
