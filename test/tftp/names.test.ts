import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanName, shownText } from '../../src/tftp/names.ts';

describe('the name that a client means', () => {
  it.each([
    ['bootx64.efi', 'bootx64.efi'],
    ['/bootx64.efi', 'bootx64.efi'],
    ['//grubx64.efi', 'grubx64.efi'],
    ['\\boot\\grub2\\grub.cfg', 'boot/grub2/grub.cfg'],
    ['boot//x86_64-efi/./fs.lst', 'boot/x86_64-efi/fs.lst'],
    ['releases/one/../two/vmlinuz', 'releases/two/vmlinuz'],
    ['bootx64.efi\xff', 'bootx64.efi'],
    ['bootx64.efi\xff\xff\n', 'bootx64.efi'],
  ])('%j is %j', (name, clean) => {
    expect(cleanName(name)).toBe(clean);
  });

  it.each(['../etc/passwd', '/../x', 'a/../../x', '..\\..\\x', '.\x80./x', '..', '', '/', '\xff'])(
    '%j is no file',
    (name) => {
      expect(cleanName(name)).toBeUndefined();
    },
  );

  it('never leaves the root, and clean names stay as they are', () => {
    const segment = fc.constantFrom('..', '.', '', 'a', 'b c', '\xff', '..\xff', '%2e%2e');
    const name = fc.array(fc.tuple(segment, fc.constantFrom('/', '\\'))).map((parts) => parts.flat().join(''));
    fc.assert(
      fc.property(name, (raw) => {
        const clean = cleanName(raw);
        if (clean === undefined) return;
        expect(clean.split('/')).not.toContain('..');
        expect(clean.startsWith('/')).toBe(false);
        expect(cleanName(clean)).toBe(clean);
      }),
      { numRuns: 1000, seed: 1 },
    );
  });

  it('is shown without anything that could forge a line of a log', () => {
    expect(shownText('a\n\x1b[2J\xff')).toBe('a\\x0a\\x1b[2J\\xff');
  });
});
