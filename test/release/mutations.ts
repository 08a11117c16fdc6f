/** Gives a number from 0 up to, and without, `sides`. */
export type Dice = (sides: number) => number;

/** The same numbers for the same seed. (mulberry32) */
export function dice(seed: number): Dice {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % sides;
  };
}

export function oneOf<Item>(items: readonly Item[], roll: Dice): Item {
  return items[roll(items.length)] as Item;
}

const interesting = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x2f, 0x2e];

/** Bytes of which some between `start` and `end` are spoiled, in one of five ways; and the name of that way. */
export function spoil(original: Uint8Array, roll: Dice, start = 0, end = original.length): [string, Buffer] {
  const bytes = Buffer.from(original);
  const at = () => start + roll(Math.max(1, end - start));
  const kind = roll(5);
  const times = 1 + roll(8);
  if (kind === 0) return ['cut off', bytes.subarray(0, at())];
  if (kind === 1) return ['zeros to its end', bytes.fill(0, at(), end)];
  for (let count = 0; count < times; count += 1) {
    const offset = at();
    if (kind === 2) bytes[offset] = (bytes[offset] ?? 0) ^ (1 << roll(8));
    else if (kind === 3) bytes[offset] = oneOf(interesting, roll);
    else bytes.copyWithin(offset, at(), Math.min(end, at() + 40));
  }
  return [['bits', 'bytes', 'copies'][kind - 2] ?? '', bytes];
}

/** What scripts, entries and settings are made of, where nobody expects it. */
const words = [
  ...[
    '"',
    "'",
    '{',
    '}',
    '$',
    '\\',
    ';',
    '\n',
    '\r\n',
    '\0',
    '\x80',
    ' ',
    '${',
    '$(',
    '`',
    '[',
    ']',
    '&&',
    '|',
    '#',
    '=',
  ],
  ...[
    'menuentry x {',
    'submenu "x" {',
    'function f {',
    'if true; then',
    'fi',
    'done',
    'for a in b c; do',
    'while true; do',
  ],
  ...[
    'linux ',
    'initrd ',
    'linux /boot/vmlinuz',
    'initrd /boot/initrd.img',
    'blscfg',
    'chainloader /x',
    'load_env -f ',
  ],
  ...['configfile $prefix/grub.cfg', 'source /boot/grub2/grub.cfg', 'search --label X --set root', 'set a=$a$a$a'],
  ...[
    'root=live:http://x',
    'root=',
    '/../../etc/passwd',
    '//',
    'version ',
    'title ',
    'options ',
    'linux: ',
    'efi /x.efi',
  ],
  ...[
    'a: &a [*a]',
    '- ',
    '? ',
    '!!js/function ',
    '<<: *x',
    '---\n',
    '%YAML 9.9\n',
    'pxe:\n',
    '  initramfsType: both\n',
  ],
  ...['A'.repeat(5000), '9'.repeat(400), '{'.repeat(300), "'".repeat(301), '\u{1f4be}', '\u202e', '-1', '1e999'],
];

/** A text of which lines and words are spoiled; and the name of the way. */
export function spoilText(original: string, roll: Dice): [string, string] {
  const kind = roll(4);
  let text = original;
  for (let count = 1 + roll(3); count > 0; count -= 1) {
    const lines = text.split('\n');
    const at = roll(text.length + 1);
    if (kind === 0) text = text.slice(0, at) + oneOf(words, roll) + text.slice(at);
    else if (kind === 1) text = text.slice(0, at) + text.slice(at + 1 + roll(30));
    else if (kind === 2) text = lines.toSpliced(roll(lines.length), roll(4), oneOf(lines, roll)).join('\n');
    else text = text.replaceAll(oneOf(text.trim().split(/\s+/), roll) || ' ', oneOf(words, roll));
  }
  return [['put in', 'left out', 'lines', 'replaced'][kind] ?? '', text];
}
