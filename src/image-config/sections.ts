import { closest } from 'fastest-levenshtein';
import { BootwrightError } from '../errors.ts';
import { imageKeys, type Keys, leavesOf } from './keys.ts';
import type { YamlDocument } from './yaml-document.ts';
import { describe, type Entry, type Section, type Value } from './yaml-value.ts';

/** What a configuration says: the values of the keys that we act on, by their full names, and the other tool's keys. */
export interface Said {
  readonly values: ReadonlyMap<string, Entry>;
  readonly ignored: readonly string[];
}

function nearestKey(key: string, keys: Keys): string {
  const names = leavesOf(keys).map(([name]) => name);
  const sections = names.flatMap((name) => (name.includes('.') ? [name.slice(0, name.lastIndexOf('.'))] : []));
  const candidates = [...new Set([...names, ...sections])];
  const last = key.slice(key.lastIndexOf('.') + 1).toLowerCase();
  const sameName = candidates.filter((name) => name.slice(name.lastIndexOf('.') + 1).toLowerCase() === last);
  return closest(key, sameName.length > 0 ? sameName : candidates);
}

/** Throws IMAGE_YAML_UNKNOWN_KEY, with the nearest key of `keys`. */
export function rejectKey(key: string, where: string, keys: Keys = imageKeys): never {
  const short = key.length > 120 ? `${key.slice(0, 120)}…` : key;
  throw new BootwrightError('IMAGE_YAML_UNKNOWN_KEY', { where, key: short, nearest: nearestKey(short, keys) });
}

/** Throws IMAGE_YAML_WRONG_KIND. */
export function rejectKind(key: string, value: Value, expected: string, where: string): never {
  throw new BootwrightError('IMAGE_YAML_WRONG_KIND', { where, key, found: describe(value), expected });
}

/** The keys of a section; none where it is empty. Throws IMAGE_YAML_WRONG_KIND. */
export function entriesOf(key: string, value: Value, document: YamlDocument): Section['entries'] {
  if (value.kind === 'nothing') return new Map();
  if (value.kind === 'section') return value.entries;
  const expected = 'a section: keys with values, one a line, indented below it';
  return rejectKind(key, value, expected, document.place(value.at));
}

/** Throws IMAGE_YAML_UNKNOWN_KEY or IMAGE_YAML_WRONG_KIND. */
export function readSections(document: YamlDocument, keys: Keys): Said {
  const values = new Map<string, Entry>();
  const ignored: string[] = [];
  const walk = (value: Value, inner: Keys, above: string): void => {
    for (const [name, entry] of entriesOf(above.slice(0, -1) || 'the configuration', value, document)) {
      const key = `${above}${name}`;
      const kind = Object.hasOwn(inner, name) ? inner[name] : undefined;
      if (kind === undefined) rejectKey(key, document.place(entry.at), keys);
      else if (typeof kind !== 'string') walk(entry.value, kind, `${key}.`);
      else if (kind !== 'ignored') values.set(key, entry);
      else if (entry.value.kind !== 'nothing') ignored.push(key);
    }
  };
  walk(document.root, keys, '');
  return { values, ignored };
}
