import { loadsInitrd, loadsKernel } from './boot-commands.ts';
import { type Command, commands } from './commands.ts';
import { Edits } from './edits.ts';
import { addArguments } from './kernel-arguments.ts';
import { isLiveRoot } from './live.ts';
import { quoted, urlForKernel } from './quote.ts';
import { prologueOf, releaseReference, releaseVariable, withoutPrologue } from './release-device.ts';
import { tokenize } from './tokenize.ts';
import { type Variables, walkWithVariables } from './variables.ts';
import type { Word } from './word.ts';

export interface RenderOptions {
  readonly releaseId: string;
  /** Where the machine reaches us. GRUB can't name a TFTP port: that one is always 69. */
  readonly server: { readonly address: string; readonly httpPort: number };
  /** Where the live system comes from; what stands in the configuration is left if this is undefined. */
  readonly liveUrl?: string;
  /** Where the manifest of the release is: told to a system that fetches nothing, and so has no URL of us. */
  readonly manifestUrl?: string;
  /**
   * Whether the machine's GRUB has its http module. Where it is `missing`, GRUB isn't asked to load it: under Secure
   * Boot it can't, and says so on the screen.
   */
  readonly http: 'built-in' | 'missing' | 'unknown';
}

const fileCommands = new Set(['loadfont', 'source', '.', 'configfile', 'background_image', 'devicetree']);

/** A device in front of a path; the word may be quoted. */
const deviceInPath = /^(["']?)\(([^()'"]*)\)(?=["']?[/$])/;
const disk = /^(?:hd|cd|fd)\d*(?:,\w+)*$/;
const rootCopy = /^([A-Za-z_]\w*)=\$(?:root|\{root\})$/;

/** The devices that, on a machine that boots from the network, are all the same: our server. */
function ourDevices(all: readonly Command[]): (name: string) => boolean {
  const variables = new Set(['root']);
  for (const { name, words } of all) {
    const copy = name === 'set' ? rootCopy.exec(words[1]?.text ?? '')?.[1] : undefined;
    if (copy !== undefined) variables.add(copy);
  }
  const named = new Set(['tftp', 'http', 'pxe', ...[...variables].flatMap((name) => [`$${name}`, `\${${name}}`])]);
  return (name) => named.has(name) || disk.test(name);
}

function device(protocol: 'http' | 'tftp', { releaseId, server }: RenderOptions): string {
  const address = server.address.includes(':') ? `[${server.address}]` : server.address;
  const port = protocol === 'tftp' || server.httpPort === 80 ? '' : `:${server.httpPort}`;
  return quoted(`(${protocol},${address}${port})/releases/${releaseId}`);
}

function prologueFor(options: RenderOptions): string {
  const http = `set ${releaseVariable}=${device('http', options)}`;
  const tftp = `set ${releaseVariable}=${device('tftp', options)}`;
  const choice = options.http === 'missing' ? tftp : `if insmod http; then ${http}; else ${tftp}; fi`;
  return prologueOf(options.releaseId, choice);
}

/** The words of a command that name files to load. */
function fileWords(command: Command): readonly Word[] {
  if (loadsKernel(command)) return command.words.slice(1, 2);
  const loadsFiles = loadsInitrd(command) || (command.name !== undefined && fileCommands.has(command.name));
  return loadsFiles ? command.words.slice(1) : [];
}

/** The word with the release in front of its path; undefined if it is no absolute path on a device of ours. */
function below(
  word: Word,
  command: Command,
  variables: Variables,
  isOurs: (device: string) => boolean,
): string | undefined {
  const [first] = word.parts;
  if (first?.kind === 'variable' && first.name === releaseVariable) return undefined;
  const device = deviceInPath.exec(word.raw)?.[2];
  if (device !== undefined && isOurs(device)) return releaseReference + word.raw.replace(deviceInPath, '$1');
  return variables.expand(word, command.list)[0]?.startsWith('/') ? releaseReference + word.raw : undefined;
}

const manifestArgument = 'bootwright.manifest=';

/** Once, whatever was there before. */
function setManifest(command: Command, argument: string, edits: Edits): void {
  const [first, ...others] = command.words.slice(2).filter((word) => word.text.startsWith(manifestArgument));
  for (const word of others) edits.removeArgument(word.index);
  if (first === undefined) addArguments(command, [argument], edits);
  else edits.replace(first.index, argument);
}

/**
 * The configuration as one machine gets it: every absolute path of a kernel, an initrd, a font, a picture or a further
 * configuration lies below the release and names its device, and `root=live:` names `liveUrl`. What it prints and how
 * long it waits does not change. A path that starts with a variable gets the release in front where the variable is
 * known to hold an absolute path, else it stays. Rendering again replaces what was rendered.
 *
 * @throws GRUB_CONFIG_MALFORMED, GRUB_ARGUMENT_UNUSABLE
 */
export function renderGrubConfig(text: string, options: RenderOptions): string {
  const tokens = tokenize(withoutPrologue(text));
  const edits = new Edits(tokens);
  const root = options.liveUrl === undefined ? undefined : quoted(`root=live:${urlForKernel(options.liveUrl)}`);
  const all = commands(tokens);
  const manifest = options.manifestUrl && quoted(`${manifestArgument}${urlForKernel(options.manifestUrl)}`);
  const withInitrd = new Set(all.filter(loadsInitrd).map((command) => command.scope));
  const isOurs = ourDevices(all);
  walkWithVariables(all, (command, variables) => {
    for (const word of fileWords(command)) {
      const path = below(word, command, variables, isOurs);
      if (path !== undefined) edits.replace(word.index, path);
    }
    if (!loadsKernel(command)) return;
    if (manifest !== undefined && withInitrd.has(command.scope)) setManifest(command, manifest, edits);
    if (root === undefined) return;
    for (const word of command.words.slice(2)) {
      const words = variables.expand(word, command.list);
      if (words.length === 1 && isLiveRoot(words[0] ?? '')) edits.replace(word.index, root);
    }
  });
  return prologueFor(options) + edits.apply().text;
}
