import type { TSchema } from 'typebox';
import { settingsSchema } from './settings.ts';

interface SettingSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, TSchema & SettingSchema>>;
  readonly items?: TSchema & SettingSchema;
  readonly default?: unknown;
  /** `together`: one explanation is enough for all that is in it. */
  readonly explained?: 'together';
  /** What a good value looks like. */
  readonly description?: string;
}

/** The schema of a setting such as `dhcp.range`, by the parts of its name; a number in it is a place in a list. */
export function schemaAt(path: readonly string[]): SettingSchema | undefined {
  return path.reduce<SettingSchema | undefined>((schema, part) => {
    if (schema?.items !== undefined) return /^\d+$/.test(part) ? schema.items : undefined;
    return Object.hasOwn(schema?.properties ?? {}, part) ? schema?.properties?.[part] : undefined;
  }, settingsSchema);
}

/** Every setting that is explained by itself, such as `dhcp.range`; sections are not among them. */
export function allKeys(schema: SettingSchema = settingsSchema, above = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const key = `${above}${name}`;
    return inner.properties === undefined || inner.explained === 'together' ? [key] : allKeys(inner, `${key}.`);
  });
}

/** Every key that there is, with those of things in lists, such as `networks.interface`, and with sections. */
export function everyKey(schema: SettingSchema = settingsSchema, above = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const key = `${above}${name}`;
    return [...everyKey(inner.items ?? inner, `${key}.`), key];
  });
}
