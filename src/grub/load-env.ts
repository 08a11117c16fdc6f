import { type Command, commands } from './commands.ts';
import { pathOnMedium } from './medium.ts';
import { tokenize } from './tokenize.ts';
import { type Variables, walkWithVariables } from './variables.ts';

/** The variables of one environment block. */
type Environment = ReadonlyMap<string, string>;

/** Environment blocks of an image, by their paths as `environmentPaths` gives them. */
export type Environments = ReadonlyMap<string, Environment>;

const signature = '# GRUB Environment Block\n';

/** The block that a command loads, and the variables that it takes of it; all of them if it names none. */
function loadOf(command: Command, variables: Variables): { path: string; names: readonly string[] } | undefined {
  if (command.name !== 'load_env') return undefined;
  const names: string[] = [];
  let path: string | undefined;
  for (let at = 1; at < command.words.length; at += 1) {
    const text = command.words[at]?.text ?? '';
    const file = text === '-f' || text === '--file' ? command.words[++at] : undefined;
    if (file !== undefined) path = pathOnMedium(file, command, variables);
    else if (!text.startsWith('-')) names.push(text);
  }
  return path === undefined ? undefined : { path, names };
}

/** The paths on the image of the environment blocks that a script loads. @throws GRUB_CONFIG_MALFORMED */
export function environmentPaths(text: string): readonly string[] {
  const paths = new Set<string>();
  walkWithVariables(commands(tokenize(text)), (command, variables) => {
    const path = loadOf(command, variables)?.path;
    if (path !== undefined) paths.add(path);
  });
  return [...paths];
}

/** Lines of `name=value`, where a backslash stands before what is meant as it is. GRUB: grub-core/lib/envblk.c */
export function decodeEnvironment(text: string): Environment {
  const values = new Map<string, string>();
  if (!text.startsWith(signature)) return values;
  for (const [line] of text.matchAll(/(?:\\[\s\S]|[^\\\n])+/g)) {
    const found = /^([^#=][^=]*)=([\s\S]*)$/.exec(line);
    if (found !== null) values.set(found[1] as string, (found[2] as string).replace(/\\([\s\S])/g, '$1'));
  }
  return values;
}

/** What a command loads out of the image into variables. */
export function valuesLoaded(
  command: Command,
  variables: Variables,
  environments: Environments,
): readonly (readonly [name: string, value: string])[] {
  const load = loadOf(command, variables);
  const values = load === undefined ? undefined : environments.get(load.path);
  if (load === undefined || values === undefined) return [];
  return [...values].filter(([name]) => load.names.length === 0 || load.names.includes(name));
}
