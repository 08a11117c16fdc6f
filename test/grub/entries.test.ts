import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bootEntries, bootMenu } from '../../src/grub/entries.ts';

const golden = (name: string) => readFileSync(join(import.meta.dirname, 'configs', name), 'latin1');

describe('the entries of a configuration', () => {
  it('name kernel, initrds, arguments and live root', () => {
    expect(bootEntries(golden('azure-linux-3-pxe.cfg'))).toMatchObject([
      { title: 'Azure Linux', kernel: '/boot/vmlinuz', initrds: ['/boot/initrd.img'], liveRoot: 'liveos.iso' },
    ]);
  });

  it('are found in functions and submenus, and where no initrd is loaded', () => {
    expect(bootEntries(golden('grub-mkconfig.cfg')).map(({ title, kernel }) => [title, kernel])).toEqual([
      ['Azure Linux GNU/Linux', '/boot/vmlinuz-6.6.57.1-7.azl3'],
      ['Azure Linux GNU/Linux, with Linux 6.6.57.1-7.azl3', '/boot/vmlinuz-6.6.57.1-7.azl3'],
      ['Memory test', '/boot/memtest86+.bin'],
    ]);
  });

  it('have their variables resolved and their devices taken off', () => {
    expect(bootEntries(golden('by-hand.cfg'))[0]).toEqual({
      title: 'My "live" disk',
      kernel: '/boot/vmlinuz-6.1.0',
      initrds: ['/boot/microcode.img', '/boot/initrd.img'],
      arguments: ['root=live:LABEL=My Disk', 'root=live:CDLABEL=other', 'quiet', 'rd.live.image'],
      liveRoot: 'CDLABEL=other',
    });
  });

  it('are the same after rendering', () => {
    const paths = (name: string) => bootEntries(golden(name)).map(({ kernel, initrds }) => [kernel, ...initrds]);
    expect(paths('by-hand.rendered.cfg')).toEqual(paths('by-hand.pxe.cfg'));
    expect(paths('grub-mkconfig.rendered.cfg')).toEqual(paths('grub-mkconfig.pxe.cfg'));
  });

  it.each([
    ['set v=1\nmenuentry a { linux /k-$v }\nset v=2', '/k-2'],
    ['menuentry a { set v=1; linux /k-$v }', '/k-1'],
    ['set v=1\nif [ x = y ]; then set v=2; fi\nmenuentry a { linux /k-$v }', '/k-$v'],
    ['if [ x = y ]; then set v=2; linux /k-$v; fi', '/k-2'],
    ['set v="/k x"\nlinux "$v"', '/k x'],
    ['set v="/k x"\nlinux $v', '/k'],
  ])('%j boots %j', (text, kernel) => {
    expect(bootEntries(text)[0]?.kernel).toBe(kernel);
  });
});

describe('the entry that boots by itself', () => {
  const menu = `
    menuentry 'A' --id a { linux /a }
    submenu 'More' --id more { menuentry 'B' { linux /b }
      menuentry 'C' --id c { linux /c }
    }
    menuentry 'Firmware' { fwsetup }
    menuentry 'D' { linux /d }`;

  it.each([
    ['', '/a'],
    ['set default=0', '/a'],
    ['set default=3', '/d'],
    ['set default="D"', '/d'],
    ['set default="1>1"', '/c'],
    ['set default="More>C"', '/c'],
    ['set default="more>c"', '/c'],
    ['set default=saved', '/a'],
    ['set default="$saved_entry"', '/a'],
  ])('with %j is %j', (setting, kernel) => {
    expect(bootMenu(`${setting}\n${menu}`).defaultEntry?.kernel).toBe(kernel);
  });

  it('waits as long as the configuration says', () => {
    expect(bootMenu('set timeout=5').timeoutSeconds).toBe(5);
    expect(bootMenu('set timeout=-1').timeoutSeconds).toBe(-1);
    expect(bootMenu('').timeoutSeconds).toBeUndefined();
  });
});

describe('a configuration whose blocks do not pair up', () => {
  it.each([
    ['menuentry a {\n linux /k\n', 3],
    ['a\n}\n', 2],
    ['if a; then b; done', 1],
    ['if a\nfi', 2],
    ['for a in b; then', 1],
  ])('%j is refused with line %d', (text, line) => {
    expect(() => bootMenu(text)).toThrow(`line ${line} of`);
  });
});
