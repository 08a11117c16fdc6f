import fc from 'fast-check';

const letters = fc.stringMatching(/^[a-z0-9/.=:,_()-][a-z0-9/.=:,_#()-]{0,5}$/);
const inside = (extra: string) => fc.string({ unit: fc.constantFrom(...`ab =/;{}&#<>|*?${extra}`), maxLength: 6 });

/** A word without variables, in every quoting that GRUB knows. */
export const staticWord = fc
  .array(
    fc.oneof(
      letters,
      inside('"\\$').map((text) => `'${text}'`),
      fc
        .array(fc.oneof(inside("'"), fc.constantFrom('\\"', '\\\\', '\\$', '\\a', '\\\n')), { maxLength: 4 })
        .map((pieces) => `"${pieces.join('')}"`),
      fc.constantFrom('\\ ', '\\;', '\\{', '\\}', '\\&', "\\'", '\\"', '\\\\', '\\$', '\\x', '\\x41', '\\\n', '\\#'),
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((pieces) => `x${pieces.join('')}`)
  // GRUB drops lines with # in the first column before it reads words; grub-script-check does not.
  .filter((word) => !word.includes('\n#'));

const word = fc.oneof(
  { weight: 3, arbitrary: letters },
  staticWord,
  fc.constantFrom(
    'root=live:CDLABEL=X',
    '"root=live:LABEL=My Disk"',
    "'root=live:a'",
    'root=UUID=1',
    'root=/dev/ram0',
    'rd.live.image',
    'rd.live.overlay=1',
    'selinux=1',
    'security=selinux',
    '/boot/vmlinuz-6.6.1',
    '/vmlinuz-6.6.1',
    '/boot/initrd.img',
    '/initramfs-6.6.1.img',
    'ip=dhcp',
    'boot=live',
    'findiso=$x',
    '$kernelopts',
    '"$a-b"',
    '$live',
    '($root)/boot/vmlinuz',
    '(cd0)/initrd',
    '/boot/vmlinuz',
  ),
);
const name = fc.constantFrom(
  'linux',
  'linuxefi',
  'initrd',
  'set',
  'echo',
  'search',
  'search.file',
  'loadfont',
  '!',
  'true',
);
const assignment = fc.constantFrom(
  'set root=hd0',
  'set live="root=live:x"',
  'a=/boot',
  'search --set=c --label X',
  'search -l X --set',
  '[ -f /boot/initrd.img ]',
  'linux /boot/vmlinuz-6.6.1; initrd /boot/initrd.img',
  'insmod part_gpt',
  'load_env -f /env',
  'load_env --skip-sig --file ($root)/env loaded',
  'test ! -f ($root)/boot/$loaded -a -d $live -o -e',
  '[ -f /boot/vmlinuz ]',
);
const simple = fc.oneof(
  fc.tuple(name, fc.array(word, { minLength: 1, maxLength: 4 })).map(([first, rest]) => [first, ...rest].join(' ')),
  assignment,
);
const end = fc.constantFrom('; ', '\n', ' # note\n', '\r\n', ' ;\n\n');

/** A script that GRUB's parser accepts, of the kind that people write. */
export const script = fc.letrec<{ list: string; command: string }>((tie) => ({
  list: fc.array(fc.tuple(tie('command'), end), { minLength: 1, maxLength: 4 }).map((all) => all.flat().join('')),
  command: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    simple,
    tie('list').map((list) => `menuentry 'An entry' --class x {\n${list}}`),
    tie('list').map((list) => `submenu "More" {${list}}`),
    fc.tuple(simple, tie('list'), tie('list')).map(([test, yes, no]) => `if ${test}; then ${yes}else\n${no}fi`),
    tie('list').map((list) => `for i in a b; do ${list}done`),
  ),
})).list;

/** Text that is no script, but made of what scripts are made of. */
export const rubbish = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          'if',
          'then',
          'fi',
          'function',
          'for',
          'do',
          '\n',
          ';',
          '{',
          '}',
          '"',
          "'",
          '\\',
          '$',
          '#',
          ' ',
        ),
        word,
      ),
      {
        maxLength: 40,
      },
    )
    .map((pieces) => pieces.join(' ')),
  fc.string({ unit: fc.constantFrom(...'\\\n#"\'$ {}x;\r'), maxLength: 40 }),
);
