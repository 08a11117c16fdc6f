import { BootwrightError } from '../errors.ts';
import type { ImageConfig, OutputFormat } from './config.ts';
import { imageKeys } from './keys.ts';
import { type Reading, readIso, readPxe, textAt } from './output.ts';
import { readSections } from './sections.ts';
import { readYaml } from './yaml-document.ts';
import { shown } from './yaml-value.ts';

const ourFormats: readonly string[] = ['iso', 'pxe-dir', 'pxe-tar'] satisfies OutputFormat[];
/** What the other tool writes besides. */
const otherFormats = ['vhd', 'vhd-fixed', 'vhdx', 'qcow2', 'raw', 'cosi', 'baremetal-image'];

/** Letters that stand for themselves in a volume's name and in the kernel's arguments; ECMA-119 §8.4.8 has 32 bytes. */
const volumeLabel = /^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,31}$/;

function choice<Value extends string>(
  reading: Reading,
  key: string,
  test: (text: string) => text is Value,
  expected: string,
) {
  const found = textAt(reading, key);
  if (found === undefined) return undefined;
  if (test(found.text)) return found.text;
  throw new BootwrightError('IMAGE_YAML_BAD_CHOICE', { where: found.where, key, value: shown(found.text), expected });
}

function path(reading: Reading, key: string): string | undefined {
  const found = textAt(reading, key);
  if (found?.text.includes('\0')) {
    const problem = { where: found.where, key, value: shown(found.text), expected: 'a path' };
    throw new BootwrightError('IMAGE_YAML_BAD_CHOICE', problem);
  }
  return found?.text || undefined;
}

/** `output.image`. A format that only the other tool writes is not acted upon, nor is the path that is meant for it. */
function readOutputImage(reading: Reading): Pick<ImageConfig, 'outputPath' | 'outputFormat'> {
  const format = textAt(reading, 'output.image.format');
  const outputPath = path(reading, 'output.image.path');
  if (format !== undefined && otherFormats.includes(format.text)) {
    reading.ignored.add('output.image.format');
    if (outputPath !== undefined) reading.ignored.add('output.image.path');
    return {};
  }
  if (format !== undefined && format.text !== '' && !ourFormats.includes(format.text)) {
    throw new BootwrightError('IMAGE_YAML_BAD_OUTPUT_FORMAT', { where: format.where, value: format.text });
  }
  return {
    ...(outputPath === undefined ? {} : { outputPath }),
    ...(format === undefined || format.text === '' ? {} : { outputFormat: format.text as OutputFormat }),
  };
}

const isLiveRoot = (text: string) => text === 'iso' || text === 'squashfs';
/** Whether a volume may be called so. */
export const isVolumeLabel = (text: string): text is string => volumeLabel.test(text);

/**
 * Reads the configuration of a build: YAML (or JSON) with the keys of Azure Linux Image Customizer. `where` names the
 * file in messages. `ignored` has the keys, such as `os`, which that tool knows and we don't act upon.
 *
 * @throws BootwrightError with a code of `imageConfigErrors`, whatever the text is.
 */
export function parseImageConfig(
  text: string | Uint8Array,
  where: string,
): { config: ImageConfig; ignored: readonly string[] } {
  const document = readYaml(text, where);
  const said = readSections(document, imageKeys);
  const reading: Reading = { document, said, ignored: new Set(said.ignored) };
  const inputPath = path(reading, 'input.image.path');
  const iso = readIso(reading);
  const pxe = readPxe(reading);
  const label = choice(
    reading,
    'iso.volumeLabel',
    isVolumeLabel,
    'up to 32 letters, digits, "_", ".", "+" and "-", such as LIVE_42',
  );
  const liveRoot = choice(reading, 'liveRoot', isLiveRoot, 'iso or squashfs');
  const config: ImageConfig = {
    ...(iso === undefined ? {} : { iso }),
    ...(pxe === undefined ? {} : { pxe }),
    ...(liveRoot === undefined ? {} : { liveRoot }),
    ...(label === undefined ? {} : { volumeLabel: label }),
    ...(inputPath === undefined ? {} : { inputPath }),
    ...readOutputImage(reading),
  };
  return { config, ignored: [...reading.ignored] };
}
