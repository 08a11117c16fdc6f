import { closest, distance } from 'fastest-levenshtein';
import { Value } from 'typebox/value';
import { BootwrightError } from '../errors.ts';
import type { Loose } from './file.ts';
import { everyKey, schemaAt } from './keys.ts';
import { type Settings, settingsSchema } from './settings.ts';

/** What was probably meant: a key of that name in the same section, or in another, else what is spelled most like it. */
function nearestKey(place: string): string {
  const key = place.replaceAll(/\.\d+(?=\.|$)/g, '');
  const keys = everyKey();
  const section = key.replace(/[^.]+$/, '');
  const name = key.slice(section.length);
  const inSection = keys.filter((candidate) => candidate.startsWith(section) && section !== '');
  const near = closest(key, inSection);
  if (inSection.length > 0 && distance(key, near) <= Math.ceil(name.length / 2)) return near;
  return keys.find((candidate) => candidate.split('.').at(-1) === name) ?? closest(key, keys);
}

function valueAt(settings: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], settings);
}

/** `/dhcp/dns/0` → `dhcp`, `dns`, `0`. RFC 6901. */
function readPointer(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/**
 * The settings with every default filled in. The first fault is thrown as CONFIG_UNKNOWN_KEY or CONFIG_BAD_VALUE;
 * `where` says where a key was set, such as `dhcp.range`, or `dhcp.dns.1` for the second one in a list.
 */
export function checkSettings(settings: Loose, where: (key: string) => string): Settings {
  const whole = Value.Default(settingsSchema, structuredClone(settings));
  if (Value.Check(settingsSchema, whole)) return whole;
  // An unknown key is reported twice: as the key that may not be there, and as the section that may not have it.
  const error = Value.Errors(settingsSchema, whole).find(({ keyword }) => keyword !== 'additionalProperties');
  const path = readPointer(error?.instancePath ?? '');
  const place = path.join('.');
  if (error?.keyword === 'boolean') {
    throw new BootwrightError('CONFIG_UNKNOWN_KEY', { key: place, where: where(place), nearest: nearestKey(place) });
  }
  throw new BootwrightError('CONFIG_BAD_VALUE', {
    key: place.replace(/\.\d+$/, ''),
    where: where(place),
    value: JSON.stringify(valueAt(whole, path)) ?? 'nothing',
    expected: schemaAt(path)?.description ?? 'a section: keys with values, one a line, indented below it',
  });
}
