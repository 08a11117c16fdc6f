import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { afterAll, expect, test } from 'vitest';
import { inspect } from '../../src/inspect/inspect.ts';
import { reportSchema } from '../../src/inspect/report.ts';
import { tinyLiveOs } from '../support/tiny-liveos.ts';

const page = join(import.meta.dirname, '../../docs/reference/inspect.md');
const [begin, end] = ['<!-- made by test/inspect/report.test.ts -->', '<!-- until here -->'];
const folder = mkdtempSync(join(tmpdir(), 'bootwright-report-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Shape {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly enum?: readonly string[];
}

function kindOf({ type, enum: values, anyOf, items }: Shape): string {
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(', ');
  if (anyOf !== undefined) return anyOf.map(kindOf).join(' or ');
  if (type === 'array') return `list of ${items === undefined ? 'anything' : kindOf(items)}`;
  return type ?? 'anything';
}

/** Rows of a table, what is in a property after it. */
function rowsOf(schema: Shape, path = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, shape]) => {
    const inner = [
      shape,
      ...(shape.anyOf ?? []),
      ...[shape, ...(shape.anyOf ?? [])].flatMap(({ items }) => items ?? []),
    ];
    const isList = shape.type === 'array' || shape.anyOf?.some(({ type }) => type === 'array') === true;
    const at = `${path}${name}`;
    const row = `| \`${at}\` | ${kindOf(shape)} | ${shape.description ?? ''} |`;
    return [row, ...inner.flatMap((each) => rowsOf(each, isList ? `${at}[].` : `${at}.`))];
  });
}

function table(): string {
  const rows = rowsOf(reportSchema as TSchema as Shape);
  return [begin, '', '| Property | Kind | Meaning |', '|---|---|---|', ...rows, '', end].join('\n');
}

test('docs/reference/inspect.md says what the report of an image has', () => {
  const text = readFileSync(page, 'utf8');
  const [start, stop] = [text.indexOf(begin), text.indexOf(end) + end.length];
  if (process.env['UPDATE'] === '1') writeFileSync(page, text.slice(0, start) + table() + text.slice(stop));
  expect(text.slice(start, stop), 'UPDATE=1 npx vitest run test/inspect/report.test.ts makes it anew').toBe(table());
});

test.each<[string, Parameters<typeof tinyLiveOs>[0]]>([
  ['an image', {}],
  ['an image with its system in the initrd', { 'liveos/rootfs.img': null }],
  ['an image without loaders', { 'EFI/BOOT/BOOTX64.EFI': null }],
  ['an image without a menu', { 'boot/grub2/grub-pxe.cfg': null, 'boot/grub2/grub.cfg': null }],
  ['an image with an initrd that is none', { 'boot/initrd.img': 'hello' }],
])('the report of %s has that shape', async (_, parts) => {
  const image = join(folder, 'image.iso');
  writeFileSync(image, tinyLiveOs(parts));
  const report = await inspect({ image, askUrl: false });
  expect(Value.Errors(reportSchema, JSON.parse(JSON.stringify(report)))).toEqual([]);
  expect(report.ok).toBe(report.findings.every(({ severity }) => severity === 'warning'));
});
