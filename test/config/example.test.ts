import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkSettings } from '../../src/config/check.ts';
import { readSettingsFile } from '../../src/config/file.ts';
import { allKeys, schemaAt } from '../../src/config/keys.ts';

const name = 'bootwright.example.yaml';
const text = readFileSync(join(import.meta.dirname, '../..', name), 'utf8');
/** As it is after somebody took away the "#" of every setting. */
const everything = text.replace(/^( *)#(?=\w)/gm, '$1');
const { settings, lineOf } = readSettingsFile(name, everything);
const lines = everything.split('\n');

function settingOf(key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], settings);
}

/** The comment directly above a key. */
function explanationOf(key: string): string {
  const above = lines.slice(0, lineOf(key) - 1);
  const first = above.findLastIndex((line) => !/^ *# /.test(line)) + 1;
  return above.slice(first).join('\n');
}

it('is valid with every setting in it taken over', () => {
  expect(() => checkSettings(settings, (key) => `${name}, line ${lineOf(key)}`)).not.toThrow();
});

it('changes nothing as it is', () => {
  const { settings: asItIs } = readSettingsFile(name, text);
  expect(Object.values(asItIs).every((section) => section === null)).toBe(true);
});

it.each(allKeys())('explains %s, with its default or an example', (key) => {
  expect(settingOf(key)).toBeDefined();
  const explanation = explanationOf(key);
  expect(explanation).not.toBe('');
  const standard = schemaAt(key.split('.'))?.default;
  if (standard === undefined) {
    expect(explanation).toContain('No default');
  } else {
    expect(settingOf(key)).toEqual(standard);
    expect(explanation).not.toContain('No default');
  }
});
