import type { Transform } from 'node:stream';
import { constants, createGzip, createZstdCompress } from 'node:zlib';
import { inspectInitrd } from '../iso/initrd.ts';
import type { FileTree, Kernel } from './kernels.ts';
import type { SquashfsCompressor } from './squashfs.ts';
import type { Survey } from './survey.ts';

export type InitrdCompression = 'gzip' | 'zstd';

/** True where the configuration of every kernel is known and has an option built in. */
async function allHave(option: string, { tree, kernels, survey }: Evidence): Promise<boolean> {
  const versions = kernels.map(({ version }) => version);
  if (versions.length === 0) return false;
  for (const version of versions) {
    if (version === undefined) return false;
    const known = [`usr/lib/modules/${version}/config`, `lib/modules/${version}/config`, `boot/config-${version}`];
    const inSystem = known.map((path) => survey.texts.get(path)).find((text) => text !== undefined);
    const config = inSystem ?? (await textAt(tree, `boot/config-${version}`));
    if (config?.split('\n').includes(`${option}=y`) !== true) return false;
  }
  return true;
}

/** From which it is told what the kernels of an image can unpack. */
interface Evidence {
  readonly tree: FileTree;
  readonly kernels: readonly Kernel[];
  readonly survey: Survey;
}

/**
 * How an initramfs is compressed so that all kernels of the image unpack it: by zstd, which is smaller and faster to
 * unpack, where each of them says it can, by its configuration or by an initramfs that it has now; else by gzip, which
 * no distribution's kernel is without.
 */
export async function initrdCompression(evidence: Evidence): Promise<InitrdCompression> {
  if (await allHave('CONFIG_RD_ZSTD', evidence)) return 'zstd';
  const { tree, kernels } = evidence;
  for (const { initrd } of kernels) {
    if (initrd === undefined) return 'gzip';
    const source = tree.open(initrd);
    const { archives } = await inspectInitrd(source).finally(() => source.close());
    if (!archives.some(({ compression }) => compression === 'zstd')) return 'gzip';
  }
  return 'zstd';
}

/** The same for a squashfs; gzip, which mksquashfs takes unless told, where nothing is known. */
export async function squashfsCompressor(evidence: Evidence): Promise<SquashfsCompressor> {
  return (await allHave('CONFIG_SQUASHFS_ZSTD', evidence)) ? 'zstd' : 'gzip';
}

export function compress(compression: InitrdCompression): Transform {
  if (compression === 'gzip') return createGzip({ level: 6 });
  return createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 9, [constants.ZSTD_c_checksumFlag]: 1 } });
}

const maxConfigBytes = 1024 * 1024;

async function textAt(tree: FileTree, path: string): Promise<string | undefined> {
  const entry = tree.find(path);
  if (entry?.kind !== 'file' || entry.sizeBytes > maxConfigBytes) return undefined;
  const source = tree.open(entry);
  const bytes = Buffer.alloc(entry.sizeBytes);
  await source.read(bytes, 0).finally(() => source.close());
  return bytes.toString('utf8');
}
