import { describe, expect, it } from 'vitest';
import { redirectTarget } from '../../src/grub/redirect.ts';

describe('a configuration that leads on', () => {
  it.each([
    [
      'search --label CDROM --set root\nset prefix=($root)/boot/grub2\nconfigfile ($root)/boot/grub2/grub.cfg\n',
      '/boot/grub2/grub.cfg',
    ],
    ['search -n -u 1234 -s\nset prefix=($root)"/boot/grub2"\nconfigfile $prefix/grub.cfg', '/boot/grub2/grub.cfg'],
    [
      'search --no-floppy --root-dev-only --fs-uuid --set=dev 1234\nset prefix=($dev)/grub2\nexport $prefix\nconfigfile $prefix/grub.cfg',
      '/grub2/grub.cfg',
    ],
    [
      "search.fs_uuid 1234 root hd0,gpt2\nset prefix=($root)'/boot/grub'\nconfigfile $prefix/grub.cfg",
      '/boot/grub/grub.cfg',
    ],
    ['set prefix=($root)/boot/grub2\nnormal $prefix/grub.cfg', '/boot/grub2/grub.cfg'],
    ['insmod part_msdos\nsource /boot/grub/grub.cfg', '/boot/grub/grub.cfg'],
    ['set a=/boot; set b=$a/grub\nconfigfile (cd0)$b/grub.cfg', '/boot/grub/grub.cfg'],
    [`cryptomount -u 1\nset prefix=($root)"/grub2"\nconfigfile "$\{prefix}/grub.cfg"`, '/grub2/grub.cfg'],
  ])('%j leads to %s', (text, target) => {
    expect(redirectTarget(text)).toBe(target);
  });

  it.each([
    ['set prefix=($root)/boot/grub2\n'],
    ['configfile $prefix/grub.cfg'],
    [`configfile $\{cmdpath}/grub.cfg`],
    ['configfile (memdisk)/grub.cfg'],
    ['menuentry a { linux /k }\nsource $prefix/custom.cfg\nsource /custom.cfg'],
    ['linux /k\nconfigfile /grub.cfg'],
    ['blscfg\nconfigfile /grub.cfg'],
    ['chainloader /x.efi\nconfigfile /grub.cfg'],
    [''],
  ])('%j leads nowhere that we know', (text) => {
    expect(redirectTarget(text)).toBeUndefined();
  });

  it('leads to what the image has', () => {
    const medium = { kindOf: (path: string) => (path === '/boot/grub2/grub.cfg' ? 'file' : undefined) } as const;
    expect(redirectTarget('set prefix=($root)/grub2\nconfigfile $prefix/grub.cfg', medium)).toBe(
      '/boot/grub2/grub.cfg',
    );
    const either = 'if [ -f /a.cfg ]; then configfile /a.cfg; else configfile /boot/grub2/grub.cfg; fi';
    expect(redirectTarget(either, medium)).toBe('/boot/grub2/grub.cfg');
    expect(redirectTarget('configfile /none.cfg', medium)).toBe('/none.cfg');
  });
});
