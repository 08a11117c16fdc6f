import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageConfig, OutputFormat } from '../../src/image-config/config.ts';
import { parseImageConfig } from '../../src/image-config/parse.ts';
import { deliver } from '../../src/release/deliver.ts';
import type { BuildRequest } from '../../src/release/request.ts';
import { masteredLiveOs, masteringPrograms } from '../support/mastered-liveos.ts';
import { tinyInitrd } from '../support/tiny-programs.ts';
import type { Parts } from '../support/tiny-tree.ts';
import { temporaryFolder } from './folder.ts';

/** What a workshop needs from the machine. */
export const workshopPrograms = [...masteringPrograms, 'bsdtar'];

export const formats = ['pxe-dir', 'pxe-tar', 'iso'] as const;
const endings: Readonly<Record<OutputFormat, string>> = { 'pxe-dir': '', 'pxe-tar': '.tar.zst', iso: '.iso' };

/** Changes to a tiny LiveOS that make its initrd the whole system. */
export const fullOsParts: Parts = {
  'liveos/rootfs.img': null,
  'boot/initrd.img': tinyInitrd(['base']),
  'boot/grub2/grub-pxe.cfg': null,
  'boot/grub2/grub.cfg':
    'set timeout=0\nsearch --label CDROM --set root\nmenuentry "Full" {\n  linux /boot/vmlinuz quiet\n  initrd /boot/initrd.img\n}\n',
};

/** What a configuration file asks for. */
export function asked(yaml: string): ImageConfig {
  return parseImageConfig(yaml, 'image.yaml').config;
}

/** The arguments of the first kernel of a configuration of GRUB, with its path in front. */
export function kernelLine(config: string): string {
  return (config.split('\n').find((line) => line.trim().startsWith('linux ')) ?? '').trim();
}

/** A folder in which images are made and built, until the test is over. */
export class Workshop {
  readonly folder = temporaryFolder();

  async image(parts: Parts = {}, label?: string, name = 'liveos.iso'): Promise<string> {
    const path = join(this.folder, name);
    await masteredLiveOs(path, parts, label);
    return path;
  }

  /** Each build in a folder of its own, so that outputs are called the same. */
  output(format: OutputFormat): string {
    return join(mkdtempSync(join(this.folder, 'build-')), `liveos${endings[format]}`);
  }

  async build(image: string, format: OutputFormat, request: Partial<BuildRequest> = {}): Promise<string> {
    const output = this.output(format);
    await deliver({ image, kernelArguments: [], ...request }, output, format);
    return output;
  }

  /** A folder with what is in an output, as libarchive unpacks it. */
  unpacked(output: string, format: OutputFormat): string {
    if (format === 'pxe-dir') return output;
    const folder = mkdtempSync(join(this.folder, 'unpacked-'));
    mkdirSync(join(folder, 'files'));
    execFileSync('bsdtar', ['-xpf', output, '-C', join(folder, 'files')], {
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
      stdio: 'pipe',
    });
    return join(folder, 'files');
  }

  /** The text of one file of an output. */
  text(output: string, format: OutputFormat, path: string): string {
    return readFileSync(join(this.unpacked(output, format), path), 'utf8');
  }
}
