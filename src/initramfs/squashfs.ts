import { join } from 'node:path';
import { BootwrightError, hasCode } from '../errors.ts';
import { inputOfPieces, piecesOf } from '../iso/input.ts';
import type { ByteSource } from '../platform/files.ts';
import { Reader } from '../wire/reader.ts';
import { Outlet } from './outlet.ts';
import { reasonOf, start } from './program.ts';
import { writeScratch } from './scratch.ts';
import type { System, SystemSink } from './system.ts';
import { readTar } from './tar-read.ts';
import { TarWriter } from './tar-write.ts';

/** By their numbers in a squashfs. linux/fs/squashfs/squashfs_fs.h */
const compressors = { 1: 'gzip', 2: 'lzma', 3: 'lzo', 4: 'xz', 5: 'lz4', 6: 'zstd' } as const;

export type SquashfsCompressor = (typeof compressors)[keyof typeof compressors];

/** sqfs2tar holds the whole tree: a million entries need some 500 MiB. */
const memoryBytes = 1024 * 1024 * 1024;

/** A squashfs image in the scratch folder. */
export interface Squashfs extends System {
  readonly compressor: SquashfsCompressor;
}

const others = [
  { found: 'an erofs', offset: 1024, magic: 'e2e1f5e0' },
  { found: 'an ext file system', offset: 1080, magic: '53ef' },
  { found: 'an XFS', offset: 0, magic: '58465342' },
  { found: 'empty', offset: 0, magic: '' },
] as const;

/**
 * Takes a squashfs out of an image.
 * Throws INITRAMFS_ROOT_UNSUPPORTED for another file system; its `walk` throws INITRAMFS_ROOT_DAMAGED,
 * INITRAMFS_NAME_UNSAFE or INITRAMFS_PROGRAM_MISSING.
 *
 * @param name its path in the image, for errors
 */
export async function takeSquashfs(
  source: ByteSource,
  name: string,
  { scratch, signal }: { readonly scratch: string; readonly signal?: AbortSignal | undefined },
): Promise<Squashfs> {
  const head = Buffer.alloc(Math.min(source.sizeBytes, 2048));
  await source.read(head, 0);
  const compressor = compressorOf(head);
  if (compressor === undefined) throw unsupported(name, head);
  const path = join(scratch, 'root-before.squashfs');
  await writeScratch(path, piecesOf(source, 0), signal);
  return { compressor, walk: (sink) => walk(path, name, sink, signal) };
}

function compressorOf(start: Uint8Array): SquashfsCompressor | undefined {
  if (start.byteLength < 96 || new Reader(start).u32LE() !== 0x73717368) return undefined;
  return compressors[new Reader(start).skip(20).u16LE() as keyof typeof compressors];
}

function unsupported(path: string, start: Buffer): BootwrightError {
  const hex = (offset: number) => start.toString('hex', offset);
  const known = others.find(({ offset, magic }) => (magic === '' ? start.length === 0 : hex(offset).startsWith(magic)));
  return new BootwrightError('INITRAMFS_ROOT_UNSUPPORTED', { path, found: known?.found ?? 'no squashfs' });
}

async function walk(path: string, name: string, sink: SystemSink, signal: AbortSignal | undefined): Promise<void> {
  // Without `--root-becomes`, owner and mode of the root would be lost.
  const program = start('sqfs2tar', ['--root-becomes', '.', path], { memoryBytes, signal });
  const pieces: AsyncIterator<Uint8Array> = program.stdout[Symbol.asyncIterator]();
  try {
    await readTar(inputOfPieces(pieces), sink, name).catch(async (error: unknown) => {
      // An archive that is cut off is what a program leaves that failed: it says itself why.
      if (!hasCode(error, 'INITRAMFS_ROOT_DAMAGED')) throw error;
      program.kill();
      const exit = await program.exit;
      throw exit.lines.some((line) => !/^(Skipping|WARNING)/.test(line)) ? damaged(name, reasonOf(exit)) : error;
    });
    for (let end = await pieces.next(); end.done !== true; end = await pieces.next());
    const exit = await program.exit;
    if (!exit.succeeded) throw damaged(name, reasonOf(exit));
  } finally {
    program.kill();
  }
}

function damaged(path: string, reason: string): BootwrightError {
  return new BootwrightError('INITRAMFS_ROOT_DAMAGED', { path, reason });
}

/** tar2sqfs's own are the highest: four times the time for one part in a hundred of the size. */
const levels: Readonly<Partial<Record<SquashfsCompressor, string>>> = { gzip: 'level=6', zstd: 'level=9' };

/** How a system is packed into a squashfs. */
interface Packing {
  readonly path: string;
  readonly compressor: SquashfsCompressor;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Packs a system into a squashfs: the same entries give the same bytes, whatever the number of processors.
 * Throws INITRAMFS_NOT_WRITTEN or INITRAMFS_PROGRAM_MISSING.
 *
 * @param fill shows the system to a sink
 */
export async function packSquashfs(
  { path, compressor, signal }: Packing,
  fill: (sink: SystemSink) => Promise<void>,
): Promise<void> {
  const level = levels[compressor];
  const args = [
    ...['--quiet', '--no-skip', '--compressor', compressor, ...(level === undefined ? [] : ['--comp-extra', level])],
    ...['--num-jobs', '2', '--queue-backlog', '32', path],
  ];
  const program = start('tar2sqfs', args, { memoryBytes, signal });
  const done = program.exit.then((exit) => {
    if (exit.succeeded) return;
    throw new BootwrightError('INITRAMFS_NOT_WRITTEN', { program: 'tar2sqfs', path, reason: reasonOf(exit) });
  });
  program.stdout.resume();
  try {
    const writer = new TarWriter(new Outlet(program.stdin, done));
    await fill(writer);
    await writer.end();
  } finally {
    program.kill();
  }
}
