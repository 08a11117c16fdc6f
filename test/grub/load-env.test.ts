import { expect, test } from 'vitest';
import { decodeEnvironment, environmentPaths } from '../../src/grub/load-env.ts';

test('an environment block holds lines of name=value, padding, and backslashes before what is meant as it is', () => {
  const text =
    '# GRUB Environment Block\n# WARNING: not by hand=\na=1\nb=x y=z\nc=one\\\ntwo \\\\ three\nd=\n=e\nf\n####';
  expect([...decodeEnvironment(text)]).toEqual([
    ['a', '1'],
    ['b', 'x y=z'],
    ['c', 'one\ntwo \\ three'],
    ['d', ''],
  ]);
  expect([...decodeEnvironment('a=1\n')]).toEqual([]);
});

test('the blocks that a script loads are named by their paths on the image, where those are known', () => {
  const script = `p=/boot
load_env
load_env -f $p/a.cfg one two
if true; then load_env --skip-sig --file ($root)/b.cfg; fi
load_env -f $prefix/grubenv
load_env -f (hd0,1)/c.cfg`;
  expect(environmentPaths(script)).toEqual(['/boot/a.cfg', '/b.cfg']);
});
