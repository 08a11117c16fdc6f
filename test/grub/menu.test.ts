import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bootMenu } from '../../src/grub/entries.ts';
import { describeWith } from '../support/programs.ts';
import { grubPrograms, runInGrub } from './grub-itself.ts';

const read = (name: string) => readFileSync(join(import.meta.dirname, 'configs', name), 'latin1');

/** They print what they were given, one argument in brackets; an entry ends with its initrds. */
const printing = `
function linux { echo "<linux>"; for word in "$@"; do echo "<$word>"; done; }
function initrd { echo "<initrd>"; for word in "$@"; do echo "<$word>"; done; exit; }
`;

/** What GRUB boots of a menu: the words of `linux` and of `initrd`, devices and releases left out. */
function booted(text: string, entry: string): readonly string[] {
  const printed = runInGrub(`${printing}\n${text}
terminal_output console
set timeout_style=menu
set timeout=0
set default='${entry}'
`);
  // A terminal breaks lines at its edge.
  const words = [...printed.replaceAll(/[\r\n]/g, '').matchAll(/<(.*?)>/g)].map(([, word = '']) => word);
  return words.map((word) => word.replace(/^\([^)]*\)(?:\/releases\/[^/]*)?/, ''));
}

/** The same as we read it. GRUB knows nothing of the variables that we do not know here. */
function expected(text: string, entry: string): readonly string[] {
  const { defaultEntry } = bootMenu(`${text}\nset default='${entry}'\n`);
  if (defaultEntry === undefined) throw new Error(`there is no entry ${entry}`);
  const { kernel, initrds, arguments: args } = defaultEntry;
  const known = args.filter((word) => !/^\$\{?\w+\}?$/.test(word));
  return ['linux', kernel, ...known, 'initrd', ...initrds].map((word) => word.replace(/^\(\$\{?root\}?\)/, ''));
}

describeWith({ programs: grubPrograms }, 'GRUB boots what we read in a menu', () => {
  it.each([
    ['azure-linux-4-bls.rendered.cfg', '0'],
    ['azure-linux-4-bls.rendered.cfg', '1'],
    ['azure-linux-4-bls.disc.cfg', '0'],
    ['azure-linux-3-mkconfig.rendered.cfg', '0'],
    ['azure-linux-3-mkconfig.rendered.cfg', '1>0'],
    ['azure-linux-3-mkconfig.disc.cfg', '1>0'],
    ['fedora-installed.rendered.cfg', '3'],
    ['fedora-installed.rendered.cfg', 'custom'],
    ['fedora-live.rendered.cfg', '0'],
    ['fedora-live.disc.cfg', '0'],
    ['by-hand.disc.cfg', '1'],
    ['by-hand.rendered.cfg', '1'],
  ])('%s: %s', (name, entry) => {
    expect(booted(read(name), entry)).toEqual(expected(read(name), entry));
  });

  it('newest kernel first, with the whole command line', () => {
    expect(booted(read('azure-linux-4-bls.disc.cfg'), '0')).toEqual([
      'linux',
      '/boot/vmlinuz-6.6.10.1-1.azl4.x86_64',
      ...['ro', 'selinux=1', 'enforcing=1', 'console=ttyS0', 'rd.shell=0', 'rd.info'],
      'initrd',
      '/boot/initrd.img',
    ]);
  });

  it('with the initrd that took the place of another, although a test asks for that', () => {
    expect(booted(read('azure-linux-2-variables.disc.cfg'), '0')).toEqual([
      ...['linux', '/boot/', 'rd.auto=1', 'net.ifnames=0', 'initrd', '/boot/initrd.img'],
    ]);
  });
});
