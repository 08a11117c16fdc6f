import { execa } from 'execa';
import { expect, it } from 'vitest';
import { memdisk } from '../../src/loaders/memdisk.ts';
import { describeWith } from '../support/programs.ts';

describeWith({ programs: ['tar'] }, 'tar', () => {
  it.each([0, 1, 511, 512, 513, 5000])('finds the one file, of %i bytes', async (length) => {
    const text = 'x'.repeat(length);
    const input = memdisk('boot/grub/grub.cfg', text);
    const { stdout: names, stderr } = await execa('tar', ['--list', '--verbose'], { input });
    expect(names).toMatch(new RegExp(`^-rw-r--r-- 0/0 +${length} .* boot/grub/grub\\.cfg$`));
    expect(stderr).toBe('');
    const { stdout } = await execa('tar', ['--extract', '--to-stdout'], { input, stripFinalNewline: false });
    expect(stdout).toBe(text);
  });
});
