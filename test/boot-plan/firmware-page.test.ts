import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type FirmwareRow, firmwareTable } from '../../src/boot/firmware.ts';

const page = join(import.meta.dirname, '../../docs/reference/firmware.md');
const start = /^<!-- from src\/boot\/firmware\.ts.*-->\n/m;
const end = '<!-- to here -->\n';

function line([name, row]: [string, FirmwareRow]): string {
  const { text, architectures, release = 'none yet', file, otherwise, by, shapes, proxyShapes } = row;
  const loads = `${file}${otherwise === undefined ? '' : ` (${otherwise})`}`;
  const what = row.release === undefined ? ['–', '–'] : [loads, by.toUpperCase()];
  const cells = [`\`${name}\``, text, architectures.join(', '), release, ...what];
  return `| ${[...cells, shapes.join(', '), proxyShapes.join(', ')].join(' | ')} |\n`;
}

function withTable(text: string): string {
  const heads = ['Name', 'Firmware', 'Numbers', 'Releases', 'File', 'By', 'Shapes', 'Shapes of a proxy'];
  const table = [
    `| ${heads.join(' | ')} |\n|${'---|'.repeat(heads.length)}\n`,
    ...Object.entries(firmwareTable).map(line),
  ];
  const begins = start.exec(text);
  if (begins === null) throw new Error(`no place for the table in ${page}`);
  const before = text.slice(0, begins.index + begins[0].length);
  return `${before}\n${table.join('')}\n${text.slice(text.indexOf(end))}`;
}

it('the page of firmware shows the table that decides (UPDATE=1 writes it)', () => {
  const text = readFileSync(page, 'utf8');
  const expected = withTable(text);
  if (process.env['UPDATE'] === '1') writeFileSync(page, expected);
  else expect(text).toBe(expected);
});
