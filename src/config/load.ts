import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Value } from 'typebox/value';
import { BootwrightError } from '../errors.ts';
import { checkSettings } from './check.ts';
import { type Loose, readSettingsFile } from './file.ts';
import { environmentName, type FlagKey, flagTable } from './flags.ts';
import { type Settings, settingsSchema } from './settings.ts';

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

const numeric = new Set<FlagKey>(['dhcp.port', 'tftp.port', 'http.port']);
const lists = new Set<FlagKey>(['dhcp.dns']);
const folders = new Set<FlagKey>(['root', 'images']);

/** A flag's text as the type that its setting has. What does not fit is left as it is, for the check to name. */
function convert(key: FlagKey, text: string): unknown {
  if (numeric.has(key)) return /^\d+$/.test(text) ? Number(text) : text;
  if (lists.has(key)) return text.split(',').map((part) => part.trim());
  if (folders.has(key)) return resolve(text);
  return text;
}

function deepFreeze<Tree>(tree: Tree): Tree {
  if (typeof tree === 'object' && tree !== null) {
    Object.values(tree).forEach(deepFreeze);
    Object.freeze(tree);
  }
  return tree;
}

function readConfigured(path: string | undefined): { settings: Loose; where: (key: string) => string } {
  if (path === undefined) return { settings: {}, where: () => 'the settings' };
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new BootwrightError('CONFIG_UNREADABLE', { path, reason: (cause as Error).message }, { cause });
  }
  const { settings, lineOf } = readSettingsFile(path, text);
  for (const key of folders) {
    if (typeof settings[key] === 'string') settings[key] = resolve(dirname(path), settings[key]);
  }
  return { settings, where: (key) => `${path}, line ${lineOf(key)}` };
}

/**
 * The settings of one server: the file, over it the environment, over that the flags; checked once and frozen.
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
      [environment[name], name],
      [flags[key], flag.split(' ')[0] as string],
    ] as const) {
      if (value === undefined) continue;
      setDeep(settings, key, convert(key, value));
      sources.set(key, source);
    }
  }
  const whole = Value.Default(settingsSchema, settings) as Settings;
  checkSettings(whole, (key) => sources.get(key) ?? where(key));
  return deepFreeze({ ...whole, root: resolve(whole.root), images: resolve(whole.images) });
}
