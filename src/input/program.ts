import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';
import { BootwrightError } from '../errors.ts';
import { piecesOf } from '../iso/input.ts';
import type { ByteSource } from '../platform/files.ts';
import type { Layer } from './layer.ts';

/** Programs that unpack from their standard input to their standard output, and check all sums. */
const unpackers = {
  // `xz -9` needs 65 MiB of memory.
  xz: { options: ['-dc', '-T0', '--memlimit-decompress=1GiB'], packages: 'xz-utils or xz' },
  bzip2: { options: ['-dc'], packages: 'bzip2' },
  lz4: { options: ['-dcq'], packages: 'lz4' },
} as const;

/** Whether the program xz of XZ Utils is there: that of BusyBox knows neither threads nor limits. */
export async function hasXzUtils(): Promise<boolean> {
  const { failed, stdout } = await execa('xz', ['--version'], { reject: false, stdin: 'ignore', env: { LC_ALL: 'C' } });
  return !failed && stdout.startsWith('xz (XZ Utils)');
}

/**
 * What a program makes of a source. It is ended when nobody reads on. Throws PROGRAM_MISSING, PROGRAM_ENDED, or
 * PACKED_DAMAGED with the program's own words.
 */
export async function* throughProgram(
  layer: Layer,
  source: ByteSource,
  program: keyof typeof unpackers,
): AsyncGenerator<Uint8Array, void> {
  const { path, signal } = layer;
  const { options, packages } = unpackers[program];
  signal?.throwIfAborted();
  const child = execa(program, options, {
    stdin: 'pipe',
    buffer: { stdout: false },
    encoding: 'buffer',
    maxBuffer: { stderr: 64 * 1024 },
    env: { LC_ALL: 'C' },
    reject: false,
  });
  const end = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', end, { once: true });
  // A program that is done before its input is breaks the pipe; its exit says more than that.
  const fed = pipeline(Readable.from(piecesOf(source, 0)), child.stdin).catch((error: unknown) => error);
  try {
    for await (const piece of child.stdout) yield piece as Uint8Array;
    const [result, feeding] = await Promise.all([child, fed]);
    signal?.throwIfAborted();
    if (result.code === 'ENOENT') throw new BootwrightError('PROGRAM_MISSING', { path, program, packages });
    if (feeding instanceof BootwrightError) throw feeding;
    // So much is said about nothing but damage.
    if (result.signal !== undefined && !result.isMaxBuffer) {
      throw new BootwrightError('PROGRAM_ENDED', { path, program, signal: result.signal });
    }
    const words = Buffer.from(result.stderr ?? '')
      .toString()
      .trim();
    // bzip2 only warns of it.
    if (result.failed || words.includes('trailing garbage')) throw damaged(path, program, words);
  } finally {
    signal?.removeEventListener('abort', end);
    end();
    await Promise.all([child, fed]);
  }
}

function damaged(path: string, program: string, words: string): BootwrightError {
  const said = words.split('\n')[0]?.replace(/^[\w ]+: (\(stdin\)|stdin): /, '');
  return new BootwrightError('PACKED_DAMAGED', { path, what: `${program} says "${said || 'nothing'}"` });
}
