import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasCode } from '../../src/errors.ts';
import { type BlsFile, blsEntries } from '../../src/grub/bls-entry.ts';
import { commands } from '../../src/grub/commands.ts';
import { bootEntries } from '../../src/grub/entries.ts';
import { expandBls } from '../../src/grub/expand-bls.ts';
import { decodeEnvironment } from '../../src/grub/load-env.ts';
import { tokenize } from '../../src/grub/tokenize.ts';
import { describeWith } from '../support/programs.ts';
import { grubPrograms, runInGrub } from './grub-itself.ts';

const entry = (name: string, ...lines: string[]): BlsFile => ({
  path: `boot/loader/entries/${name}.conf`,
  text: ['title T', 'linux /vmlinuz', ...lines].join('\n'),
});
const argumentsOf = (script: string, file: BlsFile, environment = '') =>
  bootEntries(
    expandBls(script, {
      entries: [file],
      environment: decodeEnvironment(`# GRUB Environment Block\n${environment}`),
    }),
  ).map((found) => found.arguments.join(' '));

describe('$kernelopts in an entry', () => {
  const file = entry('a', 'options $kernelopts last');

  it.each([
    ['blscfg', '', 'last'],
    ['set kernelopts="a b"\nblscfg', '', 'a b last'],
    ['load_env\nblscfg', 'kernelopts=from grubenv\n', 'from grubenv last'],
    ['blscfg', 'kernelopts=from grubenv\n', 'last'],
    ['load_env\nif [ -z "$kernelopts" ]; then set kernelopts=b; fi\nblscfg', 'kernelopts=a\n', 'a last'],
    ['load_env\nif [ -z "$kernelopts" ]; then set kernelopts=b; fi\nblscfg', '', 'b last'],
    ['if [ -s $prefix/grubenv ]; then load_env; fi\nset kernelopts=c\nblscfg', 'kernelopts=a\n', 'c last'],
    ['load_env other\nblscfg', 'kernelopts=a\n', 'last'],
    ['load_env -f /boot/other.cfg\nblscfg', 'kernelopts=a\n', 'last'],
    ['load_env -f ($root)/boot/grub2/grubenv\nblscfg', 'kernelopts=a\n', 'a last'],
  ])('after %j with %j is %j', (script, environment, expected) => {
    expect(argumentsOf(script, file, environment)).toEqual([expected]);
  });
});

describe('options', () => {
  it.each([
    ['a  b\tc', ['a', 'b', 'c']],
    ['dyndbg="file x +p" b', ['dyndbg=file x +p', 'b']],
    ["'single quotes' a\\ b \\$5", ['single quotes', 'a b', '$5']],
    ['a;reboot "b c" {d}', ['a;reboot', 'b c', '{d}']],
    ['open="never closed x', ['open=never closed x']],
    ['#no comment', ['#no', 'comment']],
    [`$nothing $\{nothing}x`, ['x']],
  ])('%j are %j', (options, words) => {
    expect(bootEntries(expandBls('blscfg', { entries: [entry('a', `options ${options}`)] }))[0]?.arguments).toEqual(
      words,
    );
  });

  it('of several lines are one', () => {
    expect(argumentsOf('blscfg', entry('a', 'options a', '', '# note', 'options b'))).toEqual(['a b']);
  });

  it('that an entry lacks come from the environment block', () => {
    expect(argumentsOf('load_env\nblscfg', entry('a'), 'default_kernelopts=a b\n')).toEqual(['a b']);
  });
});

describe('the entries of a menu', () => {
  const ids = (...names: string[]) => blsEntries(names.map((name) => entry(name))).entries.map(({ id }) => id);

  it('are sorted as by GRUB, newest first', () => {
    expect(
      ids('m-6.6.9-1.fc42', 'm-6.6.10-1.fc42', 'm-6.6.10-10.fc42', 'm-6.6.10-9.fc42', 'm-6.7~rc1-1', 'm-6.7-1'),
    ).toEqual([
      ...['m-6.7-1', 'm-6.7~rc1-1', 'm-6.6.10-10.fc42', 'm-6.6.10-9.fc42', 'm-6.6.10-1.fc42', 'm-6.6.9-1.fc42'],
    ]);
    expect(ids('linux', 'ostree-2', 'ostree-1')).toEqual(['ostree-2', 'ostree-1', 'linux']);
  });

  it('leave out what is for rescue, for another architecture, no kernel, or there already', () => {
    const files = [
      entry('m-0-rescue'),
      entry('m-0-rescue-4bb1'),
      { path: 'loader/entries/r.conf', text: 'title A Rescue system\nlinux /vmlinuz\n' },
      entry('arm', 'architecture aa64'),
      entry('x64', 'architecture X64'),
      { path: 'loader/entries/x64.conf', text: 'linux /other\n' },
      { path: 'loader/entries/uki.conf', text: 'efi /EFI/Linux/a.efi\n' },
      { path: 'loader/entries/none.conf', text: 'title none\nlinux\n' },
      { path: 'loader/entries/.hidden.conf', text: 'linux /hidden\n' },
      { path: 'loader/entries.srel', text: 'type1\n' },
    ];
    const { entries, skipped } = blsEntries(files, 'x64');
    expect(entries.map(({ id }) => id)).toEqual(['x64']);
    expect(skipped.map(({ reason }) => reason)).toEqual([
      ...['rescue', 'rescue', 'rescue', 'other architecture', 'same name', 'unified kernel image', 'no kernel'],
    ]);
  });

  it('have their kernels where the image has them', () => {
    const medium = {
      kindOf: (path: string) => (path === '/boot/vmlinuz' || path === '/initrd' ? 'file' : undefined),
    } as const;
    const expanded = expandBls('blscfg', { entries: [entry('a', 'initrd /initrd', 'initrd /none')], medium });
    expect(bootEntries(expanded)).toMatchObject([{ kernel: '/boot/vmlinuz', initrds: ['/initrd', '/boot/none'] }]);
  });

  it.each([
    ['set default=b\nblscfg non-default\nsubmenu more { blscfg default; }', ['a', 'b']],
    ['set default=1\nblscfg default', ['a']],
    ['set default="$saved_entry"\nblscfg default\nblscfg', ['b', 'a']],
    ['blscfg\nblscfg', ['b', 'a']],
    ['blscfg a\nblscfg b.conf', ['a', 'b']],
    ['blscfg ($root)/loader/entries', ['b', 'a']],
    ['function show { blscfg; }\nshow', ['b', 'a']],
    ['if [ $x ]; then blscfg non-default; else blscfg; fi', ['b', 'a', 'b', 'a']],
  ])('%j shows %j', (script, shown) => {
    const entries = ['a', 'b'].map((id) => ({
      path: `loader/entries/${id}.conf`,
      text: `title ${id}\nlinux /${id}\n`,
    }));
    expect(bootEntries(expandBls(script, { entries })).map(({ title }) => title)).toEqual(shown);
  });

  it('are refused with their names where nothing sensible can be read', () => {
    for (const text of ['linux /a\u0007', `linux /${'a'.repeat(70_000)}`]) {
      expect(() => expandBls('blscfg', { entries: [{ path: 'loader/entries/a.conf', text }] })).toThrow(
        'loader/entries/a.conf',
      );
    }
    const many = Array.from({ length: 1001 }, (_, number) => entry(String(number)));
    expect(() => expandBls('blscfg', { entries: many })).toThrow('1000');
    const long = entry('a', `options ${'$kernelopts '.repeat(2000)}`);
    expect(() => argumentsOf(`set kernelopts=${'x'.repeat(4000)}\nblscfg`, long)).toThrow('1048576');
  });
});

const hostile = fc.string({ unit: fc.constantFrom(...`ab /=;{}&|#<>$\\"'-~\t*`), minLength: 1, maxLength: 12 });
const hostileEntry = fc
  .record({
    title: hostile,
    linux: hostile,
    initrd: hostile,
    options: hostile,
    users: hostile,
    arg: hostile,
    class: hostile,
  })
  .map(({ title, linux, initrd, options, users, arg, class: className }) => ({
    path: 'boot/loader/entries/e.conf',
    text: `title ${title}\nlinux /k${linux}\ninitrd /i${initrd}\noptions ${options}\ngrub_users ${users}\ngrub_arg ${arg}\ngrub_class ${className}\n`,
  }));

/** What entries may bring into a script, and no other command. */
function commandNames(file: BlsFile): readonly (string | undefined)[] | undefined {
  try {
    return commands(tokenize(expandBls('if a; then blscfg; fi\nb', { entries: [file] }))).map(({ name }) => name);
  } catch (error) {
    if (hasCode(error, 'BLS_ENTRY_UNUSABLE')) return undefined;
    throw error;
  }
}

it('whatever stands in an entry, nothing of it becomes a command', () => {
  fc.assert(
    fc.property(hostileEntry, (file) => {
      const names = commandNames(file);
      if (names === undefined) return;
      const expected = /rescue/i.test(file.text) ? [] : ['menuentry', 'linux', 'initrd'];
      expect(names.filter((name) => name !== 'initrd')).toEqual(['a', ...expected.slice(0, 2), 'b']);
    }),
    { numRuns: 1000, seed: 21 },
  );
});

describeWith({ programs: grubPrograms }, 'GRUB, given hostile entries', () => {
  it('shows and boots them as they are', () => {
    const print = (name: string) => `function ${name} { echo "<${name}>"; for word in "$@"; do echo "<$word>"; done; }`;
    const files = [
      {
        path: 'loader/entries/a.conf',
        text: `title --source=halt; } '"$x\nlinux /k\ninitrd /i\noptions a;b "c d" {e} 'f\n`,
      },
      {
        path: 'loader/entries/b.conf',
        text: 'title B\nlinux /k b\ninitrd /i\ngrub_arg --source=echo <wrong>\noptions \\$x g\\ h\n',
      },
    ];
    const words = (id: string) => {
      const script = expandBls('blscfg', { entries: files }).replaceAll('\n}', '\n\texit\n}');
      const printed = runInGrub(`${print('linux')}\n${print('initrd')}\n${script}\nset timeout=0\nset default=${id}\n`);
      return [...printed.matchAll(/<(.*?)>/g)].map(([, word]) => word);
    };
    expect(words('a')).toEqual(['linux', '/k', 'a;b', 'c d', '{e}', "'f", 'initrd', '/i']);
    expect(words('b')).toEqual(['linux', '/k', '$x', 'g h', 'initrd', '/i']);
  });
});
