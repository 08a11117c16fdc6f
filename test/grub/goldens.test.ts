import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeEnvironment } from '../../src/grub/load-env.ts';
import type { Medium } from '../../src/grub/medium.ts';
import { type RenderOptions, renderGrubConfig } from '../../src/grub/render.ts';
import { type RewriteOptions, rewriteForPxe } from '../../src/grub/rewrite.ts';
import { describeWith } from '../support/programs.ts';

const folder = join(import.meta.dirname, 'configs');
const read = (name: string) => readFileSync(join(folder, name), 'latin1');

const url = 'http://10.0.0.1:8080/releases/azl-1/liveos.iso';
const server = { address: '10.0.0.1', httpPort: 8080 };

/** An image with these files, and folders above them. */
function mediumWith(files: readonly string[]): Medium {
  return {
    kindOf(path) {
      if (files.includes(path)) return 'file';
      return files.some((file) => file.startsWith(`${path}/`)) ? 'directory' : undefined;
    },
  };
}

interface Golden {
  readonly name: string;
  readonly rewrite: RewriteOptions;
  readonly render: RenderOptions;
}

/** `<name>.cfg` is what the image holds, `<name>.pxe.cfg` what we publish, `<name>.rendered.cfg` what a machine gets. */
const goldens: readonly Golden[] = [
  {
    name: 'azure-linux-3-pxe',
    rewrite: {
      liveUrl: url,
      kernelArguments: ['console=ttyS0'],
      from: 'grub-pxe.cfg',
      medium: mediumWith(['/boot/vmlinuz', '/boot/initrd.img', '/boot/mariner.cfg', '/boot/grub2/grubenv']),
    },
    render: { releaseId: 'azl-1', server, http: 'unknown' },
  },
  {
    name: 'azure-linux-2-iso',
    rewrite: { liveUrl: 'http://h/a.iso?x=1&y=2;z#{f}', kernelArguments: ['a=$b c'], from: 'grub.cfg' },
    render: { releaseId: 'azl-2', server: { address: '10.0.0.1', httpPort: 80 }, http: 'built-in', liveUrl: url },
  },
  {
    name: 'azure-linux-2-variables',
    rewrite: {
      liveUrl: url,
      kernelArguments: [],
      from: 'grub.cfg',
      medium: mediumWith(['/boot/vmlinuz-5.15.1', '/boot/initrd.img-5.15.1', '/boot/mariner.cfg']),
      environments: new Map([
        [
          '/boot/mariner.cfg',
          decodeEnvironment(`# GRUB Environment Block
mariner_linux=vmlinuz-5.15.1
mariner_initrd=initrd.img-5.15.1
mariner_cmdline=lockdown=integrity sysctl.x=1
###
`),
        ],
      ]),
    },
    render: { releaseId: 'azl-2', server, http: 'missing' },
  },
  {
    name: 'grub-mkconfig',
    rewrite: { liveUrl: undefined, kernelArguments: ['console=ttyS0'], from: 'grub.cfg' },
    render: { releaseId: 'full-os-1', server, http: 'missing' },
  },
  {
    name: 'debian-live',
    rewrite: { liveUrl: url, kernelArguments: ['ip=dhcp', 'fetch=http://h/fs.squashfs'], from: 'grub.cfg' },
    render: { releaseId: 'debian-1', server: { address: 'fd00::1', httpPort: 80 }, http: 'unknown' },
  },
  {
    name: 'by-hand',
    rewrite: {
      liveUrl: 'http://$net_default_server/it\'s "x".iso',
      variablesInUrl: true,
      kernelArguments: [],
      from: 'grub.cfg',
    },
    render: { releaseId: 'hand-1', server, http: 'unknown', liveUrl: url },
  },
];

describe.each(goldens)('$name', ({ name, rewrite, render }) => {
  it('is rewritten for PXE, and stays so when rewritten again', () => {
    const { text } = rewriteForPxe(read(`${name}.cfg`), rewrite);
    expect(text).toBe(read(`${name}.pxe.cfg`));
    expect(rewriteForPxe(text, rewrite).text).toBe(text);
  });

  it('is rendered for a machine, and stays so when rendered again', () => {
    const text = renderGrubConfig(read(`${name}.pxe.cfg`), render);
    expect(text).toBe(read(`${name}.rendered.cfg`));
    expect(renderGrubConfig(text, render)).toBe(text);
  });
});

describeWith({ programs: ['grub-script-check'] }, 'GRUB accepts every golden configuration', () => {
  const names = goldens.flatMap(({ name }) => [`${name}.cfg`, `${name}.pxe.cfg`, `${name}.rendered.cfg`]);
  it.each(names)('%s', (name) => {
    expect(() => execFileSync('grub-script-check', [join(folder, name)], { stdio: 'pipe' })).not.toThrow();
  });
});
