import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { BootwrightError } from '../errors.ts';
import { checkSettings } from './check.ts';
import { type Loose, readSettingsFile } from './file.ts';
import { environmentName, type FlagKey, flagTable } from './flags.ts';
import { schemaAt } from './keys.ts';
import type { Settings } from './settings.ts';

/** Settings that are paths. */
const paths = ['root', 'images', 'https.certificate', 'https.key'] as const;

function setDeep(settings: Loose, key: string, value: unknown): void {
  const path = key.split('.');
  const last = path.pop() as string;
  let place = settings;
  for (const part of path) {
    place[part] ??= {};
    place = place[part] as Loose;
  }
  place[last] = value;
}

/** A flag's text as the type that its setting has. What does not fit is left as it is, for the check to name. */
function convert(key: FlagKey, text: string): unknown {
  switch (schemaAt(key.split('.'))?.type) {
    case 'integer':
      return /^\d+$/.test(text) ? Number(text) : text;
    case 'boolean':
      return ({ true: true, false: false } as Readonly<Record<string, boolean>>)[text] ?? text;
    case 'array':
      return text.split(',').map((part) => part.trim());
    default:
      return text;
  }
}

/** Makes every path absolute that is relative to `folder`. */
function fromFolder(settings: Loose, folder: string): void {
  for (const key of paths) {
    const path = key.split('.');
    const last = path.pop() as string;
    const place = path.reduce<Loose | undefined>((inner, part) => inner?.[part] as Loose | undefined, settings);
    if (typeof place?.[last] === 'string') place[last] = resolve(folder, place[last]);
  }
}

function deepFreeze<Tree>(tree: Tree): Tree {
  if (typeof tree === 'object' && tree !== null) {
    Object.values(tree).forEach(deepFreeze);
    Object.freeze(tree);
  }
  return tree;
}

interface Configured {
  readonly settings: Loose;
  readonly where: (key: string) => string;
}

/** The settings of a file, checked by themselves: a fault in it is told also where a flag says otherwise. */
function readConfigured(path: string | undefined): Configured {
  if (path === undefined) return { settings: {}, where: () => 'the settings' };
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new BootwrightError('CONFIG_UNREADABLE', { path, reason: (cause as Error).message }, { cause });
  }
  const { settings, lineOf } = readSettingsFile(path, text);
  for (const [key, value] of Object.entries(settings)) {
    // A section of which every line is commented out.
    if (value === null && schemaAt([key])?.properties !== undefined) delete settings[key];
  }
  const where = (key: string) => `${path}, line ${lineOf(key)}`;
  checkSettings(settings, where);
  fromFolder(settings, dirname(path));
  return { settings, where };
}

/**
 * The settings of one server: the file, over it the environment, over that the flags; checked once and frozen. Folders
 * that a file names are relative to it, others to where the command runs. An empty variable counts as none.
 *
 * Throws CONFIG_UNREADABLE, CONFIG_NOT_YAML, CONFIG_UNKNOWN_KEY or CONFIG_BAD_VALUE.
 */
export function loadSettings(
  path: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  flags: Readonly<Partial<Record<FlagKey, string>>>,
): Settings {
  const { settings, where } = readConfigured(path);
  const sources = new Map<string, string>();
  for (const { key, flag } of flagTable) {
    const name = environmentName(key);
    for (const [value, source] of [
      [environment[name] || undefined, name],
      [flags[key], flag.split(' ')[0] as string],
    ] as const) {
      if (value === undefined) continue;
      setDeep(settings, key, convert(key, value));
      sources.set(key, source);
    }
  }
  const whole = checkSettings(settings, (key) => sources.get(key.replace(/\.\d+$/, '')) ?? where(key));
  fromFolder(whole, '.');
  return deepFreeze(whole);
}
