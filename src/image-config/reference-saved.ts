import type { ImageConfig, OutputConfig } from './config.ts';
import { readKernelArguments } from './kernel-arguments.ts';
import { orNothing, type Reading, readKdumpBootFiles, readUrls } from './output.ts';
import { entriesOf, type Said } from './sections.ts';
import { readYaml, type YamlDocument } from './yaml-document.ts';
import type { Entry } from './yaml-value.ts';

/** Where an ISO of Azure Linux Image Customizer keeps its settings. */
export const referenceSavedConfigPath = 'azl-image-customizer/saved-configs.yaml';

/** Keys such as `liveos.kdumpBootFiles`, and `extraCommandLine` below them; others are not looked at. */
function flatten(document: YamlDocument): Said {
  const values = new Map<string, Entry>();
  const sections = entriesOf('the saved settings', document.root, document);
  for (const section of ['liveos', 'iso', 'pxe']) {
    const value = sections.get(section)?.value;
    if (value === undefined) continue;
    for (const [name, entry] of entriesOf(section, value, document)) {
      values.set(`${section}.${name}`, entry);
      if (name !== 'kernelCommandLine') continue;
      const inner = entriesOf(`${section}.${name}`, entry.value, document).get('extraCommandLine');
      if (inner !== undefined) values.set(`${section}.${name}.extraCommandLine`, inner);
    }
  }
  return { values, ignored: [] };
}

/**
 * Reads `referenceSavedConfigPath`: of the first version with PXE support (`iso`, `pxe`), and of later ones (`liveos`,
 * which hold the URLs no more). What they hold of package versions is not looked at: an image is examined itself. The
 * arguments are those of discs and of the network alike.
 *
 * @throws as `parseImageConfig`, but not for keys that it does not know: they are of a version to come.
 */
export function parseReferenceSavedConfig(text: string | Uint8Array, where: string): ImageConfig {
  const document = readYaml(text, where);
  const said = flatten(document);
  const reading: Reading = { document, said, ignored: new Set() };
  const section = [...said.values.keys()].some((key) => key.startsWith('liveos.')) ? 'liveos' : 'iso';
  const argumentsKey = `${section}.kernelCommandLine.extraCommandLine`;
  const kernelArguments = readKernelArguments(argumentsKey, said.values.get(argumentsKey), document);
  const kdumpBootFiles = readKdumpBootFiles(reading, `${section}.kdumpBootFiles`);
  const both: OutputConfig = {
    kernelArguments,
    additionalFiles: [],
    ...(kdumpBootFiles === undefined ? {} : { kdumpBootFiles }),
  };
  const iso = orNothing(both);
  const pxe = orNothing({ ...both, ...readUrls(reading, undefined) });
  return { ...(iso === undefined ? {} : { iso }), ...(pxe === undefined ? {} : { pxe }) };
}
