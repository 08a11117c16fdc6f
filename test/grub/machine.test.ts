import { expect, it } from 'vitest';
import { renderGrubConfig } from '../../src/grub/render.ts';
import { rewriteForPxe } from '../../src/grub/rewrite.ts';
import { describeWith } from '../support/programs.ts';
import { grubPrograms, runInGrub } from './grub-itself.ts';

/** Functions in place of the commands that grub-emu lacks: they print what they were given, one argument in brackets. */
const printing = `
function linux { echo "<linux>"; for word in "$@"; do echo "<$word>"; done; }
function initrd { echo "<initrd>"; for word in "$@"; do echo "<$word>"; done; }
function boot { exit; }
`;

const image = `set timeout=0
set bootdir=/boot
search --no-floppy --set=media --label 'My Disk'
menuentry 'Live' {
  search --set=root --label 'My Disk'
  linux ($root)$bootdir/vmlinuz "root=live:LABEL=My Disk" quiet \\
    rd.live.image
  initrd ($media)/boot/microcode.img $bootdir/initrd.img
  exit
}
`;

describeWith({ programs: grubPrograms }, 'GRUB, given what we made of an image', () => {
  it('loads the release from the server and passes the URL on unchanged', () => {
    const url = 'http://10.0.0.1/a.iso?x=1&y=$2;{z}#*';
    const options = { liveUrl: url, kernelArguments: ['note=it is $5'], from: 'grub.cfg' } as const;
    const rendered = renderGrubConfig(rewriteForPxe(image, options).text, {
      releaseId: 'r1',
      server: { address: '10.0.0.1', httpPort: 80 },
      http: 'missing',
    });
    const printed = runInGrub(rendered.replace('set timeout', `${printing}set timeout`));
    expect([...printed.matchAll(/<(.*?)>/g)].map(([, word]) => word)).toEqual([
      'linux',
      '(tftp,10.0.0.1)/releases/r1/boot/vmlinuz',
      `root=live:${url}`,
      'quiet',
      'rd.live.image',
      'ip=dhcp',
      'note=it is $5',
      'initrd',
      '(tftp,10.0.0.1)/releases/r1/boot/microcode.img',
      '(tftp,10.0.0.1)/releases/r1/boot/initrd.img',
    ]);
    expect(printed).not.toContain('error');
  });
});
