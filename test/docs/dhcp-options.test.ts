import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { knownOptions, type OptionForm, ownCodes } from '../../src/dhcp/known-options.ts';

const page = join(import.meta.dirname, '../../docs/reference/dhcp-options.md');

const written: Readonly<Record<OptionForm, string>> = {
  address: 'an IPv4 address',
  addresses: 'IPv4 addresses',
  text: 'a text',
  names: 'domain names',
  routes: 'routes, such as `10.1.0.0/16 via 10.0.0.254`',
  flag: '`true` or `false`',
  u8: 'a number up to 255',
  u16: 'a number up to 65535',
  u32: 'a number up to 4294967295',
  i32: 'a number, which may be negative',
  u16s: 'numbers up to 65535',
  bytes: 'bytes in hexadecimal, such as `01:04:c0a80001`',
};

function render(): string {
  const rows = Object.entries(knownOptions).map(
    ([name, { code, form }]) => `| \`${name}\` | ${code} | ${written[form]} |`,
  );
  return [
    '# Options of DHCP\n',
    'What machines are told beside the settings of their network. Under `options` each option stands with its value, by the',
    'name of this table or by its code:\n',
    '```yaml',
    'dhcp:',
    '  options:',
    '    ntp-servers: [10.0.0.5, 10.0.0.6]',
    '    interface-mtu: 9000',
    '    252: http://wpad.example.net/wpad.dat',
    '    224: hex:0102ff',
    '```\n',
    'A machine that lists what it wants (option 55) is sent those of them that it lists; one that lists nothing, all. Where',
    'its buffer is small, they are the first to be left out. An option that there is also a setting for (`router`, `dns`,',
    '`ntp`, `domain`, `routes`) counts before that setting. Firmware that is given a boot file never hears of 43, 60, 66',
    'and 67 as they stand here: those are for other machines, such as telephones.\n',
    'Several values are a list, or stand in one text with commas between them. For a code without a name, and wherever',
    'another form is wanted than that of the table, the value says its form: `hex:0102ff`, `ip:10.0.0.1,10.0.0.2`,',
    '`names:a.example.net`, `u8:7`, `u16:258`, `u32:1`, `text:hex:`. A list of these goes out one after the other. What says',
    'no form is a text, or for `true` and `false` one byte.\n',
    `The server itself decides these, and refuses them here: ${[...ownCodes].join(', ')}.\n`,
    'This page is made of the table in [src/dhcp/known-options.ts](../../src/dhcp/known-options.ts): `UPDATE=1 npx vitest run',
    'test/docs/dhcp-options.test.ts`.\n',
    '| Name | Code | Value |\n|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

it('docs/reference/dhcp-options.md lists the options that a configuration can name', () => {
  if (process.env['UPDATE'] !== undefined) writeFileSync(page, render());
  expect(readFileSync(page, 'utf8')).toBe(render());
});
