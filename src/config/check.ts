import { closest } from 'fastest-levenshtein';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { BootwrightError } from '../errors.ts';
import { settingsSchema } from './settings.ts';

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, TSchema & ObjectSchema>>;
  readonly items?: TSchema & ObjectSchema;
  readonly description?: string;
}

/** The schema at a path of keys; a number in the path is a place in a list. */
function schemaAt(path: readonly string[]): ObjectSchema | undefined {
  return path.reduce<ObjectSchema | undefined>(
    (schema, part) => (/^\d+$/.test(part) ? schema?.items : schema?.properties?.[part]),
    settingsSchema,
  );
}

/** Every key that there is, such as `dhcp.range`. */
function allKeys(schema: ObjectSchema = settingsSchema, above = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const key = `${above}${name}`;
    return inner.properties === undefined ? [key] : [key, ...allKeys(inner, `${key}.`)];
  });
}

function nearestKey(key: string): string {
  const keys = allKeys();
  const name = key.split('.').at(-1) as string;
  const sameName = keys.find((candidate) => candidate.split('.').at(-1) === name);
  return sameName ?? closest(key, keys);
}

function valueAt(settings: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], settings);
}

/** Finds the first fault and throws it as CONFIG_UNKNOWN_KEY or CONFIG_BAD_VALUE; `where` says where a key was set. */
export function checkSettings(settings: unknown, where: (key: string) => string): void {
  for (const error of Value.Errors(settingsSchema, settings)) {
    const path = error.instancePath.split('/').slice(1);
    if (error.keyword === 'additionalProperties') continue;
    const key = path.join('.');
    if (error.keyword === 'boolean') {
      throw new BootwrightError('CONFIG_UNKNOWN_KEY', { key, where: where(key), nearest: nearestKey(key) });
    }
    const expected = schemaAt(path)?.description ?? 'keys and values below it';
    throw new BootwrightError('CONFIG_BAD_VALUE', {
      key,
      where: where(key.replace(/\.\d+$/, '')),
      value: JSON.stringify(valueAt(settings, path)) ?? 'nothing',
      expected,
    });
  }
}
