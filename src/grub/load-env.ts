import { type Command, commands } from './commands.ts';
import { pathOnMedium } from './medium.ts';
import { tokenize } from './tokenize.ts';
import { type Variables, walkWithVariables } from './variables.ts';
import type { Word } from './word.ts';

/** The variables of one environment block. */
export type Environment = ReadonlyMap<string, string>;

/** Environment blocks of an image, by their paths as `environmentPaths` gives them. */
export type Environments = ReadonlyMap<string, Environment>;

const signature = '# GRUB Environment Block\n';

interface Load {
  /** On the image; undefined where it is not known, or elsewhere. */
  readonly path: string | undefined;
  /** It is the block that GRUB takes when none is named, or has its name. */
  readonly isOwn: boolean;
  /** The variables to be taken of it; all of them if it names none. */
  readonly names: readonly string[];
}

function loadOf(command: Command, variables: Variables): Load | undefined {
  if (command.name !== 'load_env') return undefined;
  const names: string[] = [];
  let file: Word | undefined;
  for (let at = 1; at < command.words.length; at += 1) {
    const text = command.words[at]?.text ?? '';
    const given = text === '-f' || text === '--file' ? command.words[++at] : undefined;
    if (given !== undefined) file = given;
    else if (!text.startsWith('-')) names.push(text);
  }
  const path = file === undefined ? undefined : pathOnMedium(file, command, variables);
  return { path, isOwn: file === undefined || /(?:^|\/)grubenv$/.test(file.text), names };
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

/** What a command loads out of the image into variables. `own` is GRUB's own block, `grubenv`, wherever that is. */
export function valuesLoaded(
  command: Command,
  variables: Variables,
  environments: Environments,
  own?: Environment,
): Iterable<readonly [name: string, value: string]> {
  const load = loadOf(command, variables);
  if (load === undefined) return [];
  const values = environments.get(load.path ?? '') ?? (load.isOwn ? own : undefined) ?? new Map<string, string>();
  // Not copied: a large block may be loaded again and again.
  if (load.names.length === 0) return values;
  return load.names.filter((name) => values.has(name)).map((name) => [name, values.get(name) ?? '']);
}
