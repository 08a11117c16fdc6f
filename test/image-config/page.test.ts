import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { imageKeys, leavesOf } from '../../src/image-config/keys.ts';
import { parseImageConfig } from '../../src/image-config/parse.ts';
import { readSections } from '../../src/image-config/sections.ts';
import { readYaml } from '../../src/image-config/yaml-document.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/reference/image-yaml.md'), 'utf8');
const [example = '', older = ''] = [...page.matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1] as string);

const leaves = leavesOf(imageKeys);
const acted = leaves.flatMap(([key, leaf]) => (leaf === 'ignored' ? [] : [key]));
const ignored = leaves.flatMap(([key, leaf]) => (leaf === 'ignored' ? [key] : []));

/** The keys in the first column of a table with so many columns. */
function keysOfTable(columns: number): string[] {
  const rows = page.split('\n').filter((line) => line.startsWith('| `') && line.split('|').length === columns + 2);
  return rows.flatMap((row) =>
    [...(row.split('|')[1] as string).matchAll(/`([^`]+)`/g)].map((match) => match[1] as string),
  );
}

describe('docs/reference/image-yaml.md', () => {
  it('explains every key that is acted upon, and no other', () => {
    expect(keysOfTable(3).sort()).toEqual([...acted].sort());
  });

  it('names every key that is not acted upon, and no other', () => {
    expect(keysOfTable(2).sort()).toEqual([...ignored].sort());
  });

  it('shows every key in its example, but for the URLs, of which there is one', () => {
    const said = readSections(readYaml(example, 'example'), imageKeys);
    const urls = acted.filter((key) => key.endsWith('Url'));
    const others = acted.filter((key) => !urls.includes(key));
    expect(others.filter((key) => !said.values.has(key) && key !== 'pxe.kdumpBootFiles')).toEqual([]);
    expect(urls.filter((key) => said.values.has(key))).toHaveLength(1);
  });

  it('has an example that can be used as it is', () => {
    const { config, ignored: notActedUpon } = parseImageConfig(example, 'example');
    expect(notActedUpon).toEqual([]);
    expect(config.pxe?.kernelArguments).toEqual([
      'console=tty0',
      'console=ttyS0,115200n8',
      'dyndbg=file drivers/usb/* +p',
    ]);
    expect(config.pxe?.additionalFiles).toHaveLength(2);
  });

  it('has an example of the older form that can be used as it is', () => {
    expect(parseImageConfig(older, 'example').config.iso?.additionalFiles).toEqual([
      { destination: 'cloud-init-data/user-data', source: 'files/user-data' },
      { destination: 'setup.sh', source: 'files/setup.sh', permissions: 0o755 },
    ]);
  });
});
