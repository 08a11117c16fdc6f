import type { ChildProcess } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';
import sevenZip, { type SevenZipOptions, type ZipStream } from 'node-7z';
import { BootwrightError } from '../errors.ts';
import { Budget } from '../iso/budget.ts';
import type { Layer } from './layer.ts';
import { type Member, readListing } from './listing.ts';

/** What 7-Zip calls the formats that it is used for. Without it, it would guess, and open what is inside. */
export type ArchiveType = '7z' | 'zip' | 'udf';

const programs = ['7zz', '7z'] as const;
const packages = '7zip or p7zip-full';
/** An empty password, so that none is asked for; names in UTF-8, whatever the locale; no wildcards in them. */
const always = ['-p', '-sccUTF-8', '-spd'];
/** Of what 7-Zip says of an error, the part that is kept. */
const maxWords = 4096;
const watchMs = 100;

/** The first of the names under which 7-Zip is installed. Throws PROGRAM_MISSING. */
async function findSevenZip(path: string): Promise<string> {
  for (const program of programs) {
    const { code } = await execa(program, ['i'], {
      reject: false,
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'ignore',
    });
    if (code !== 'ENOENT') return program;
  }
  throw new BootwrightError('PROGRAM_MISSING', { path, program: programs[0], packages });
}

/** What 7-Zip found wrong, from what it wrote to its standard error. */
function failure(path: string, words: string): BootwrightError {
  if (/password|encrypted/i.test(words)) return new BootwrightError('ARCHIVE_ENCRYPTED', { path });
  const lines = words.split('\n').map((line) => line.trim());
  const said = lines.find((line) => line !== '' && !line.startsWith('ERROR: /')) ?? lines.find((line) => line !== '');
  return new BootwrightError('PACKED_DAMAGED', { path, what: `7-Zip says "${said ?? 'nothing'}"` });
}

/**
 * What is in an archive, as 7-Zip lists it. node-7z's own reader is not used: a comment in an archive can end the
 * process in it, and a list of more than one chunk is read wrong. Throws PROGRAM_MISSING, ARCHIVE_ENCRYPTED,
 * PACKED_DAMAGED, PROGRAM_ENDED or ISO_TREE_TOO_LARGE.
 */
export async function listMembers({ path, file, signal }: Layer, type: ArchiveType): Promise<Member[]> {
  const program = await findSevenZip(path);
  signal?.throwIfAborted();
  const child = execa(program, ['l', '-slt', '-ba', `-t${type}`, ...always, '--', file], {
    stdin: 'ignore',
    buffer: { stdout: false },
    maxBuffer: { stderr: maxWords },
    reject: false,
  });
  const end = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', end, { once: true });
  try {
    const members = await readListing(child.iterable(), path, new Budget());
    const result = await child;
    signal?.throwIfAborted();
    // So much is said about nothing but damage.
    if (result.signal !== undefined && !result.isMaxBuffer) {
      throw new BootwrightError('PROGRAM_ENDED', { path, program, signal: result.signal });
    }
    if (result.failed) throw failure(path, result.stderr ?? '');
    return members;
  } finally {
    signal?.removeEventListener('abort', end);
    end();
    await child;
  }
}

/** What is asked of 7-Zip. */
interface Extraction {
  readonly type: ArchiveType;
  /** An empty folder. */
  readonly folder: string;
  /** The one member to take, without its folders; without it, all of them. */
  readonly member?: string;
  /** Asked while it runs. */
  readonly watch: () => Promise<void>;
}

/**
 * Unpacks into a folder. 7-Zip writes no more of a member than the list says. The caller compares what came out.
 * Throws PROGRAM_MISSING, ARCHIVE_ENCRYPTED, PACKED_DAMAGED, PROGRAM_ENDED, and what `watch` throws.
 */
export async function extractMembers(layer: Layer, { type, folder, member, watch }: Extraction): Promise<void> {
  const { path, file, signal } = layer;
  const program = await findSevenZip(path);
  signal?.throwIfAborted();
  const options: SevenZipOptions = {
    $bin: program,
    // In a process group of its own, Ctrl-C would not reach it.
    $spawnOptions: { detached: false, stdio: ['ignore', 'pipe', 'pipe'] },
    $raw: always,
    archiveType: type,
    // By its switch, in which a member called -x or @x is a name like any other.
    ...(member !== undefined && { include: [`!${member}`], caseSensitive: true }),
    // Comments of the archive are for people, and node-7z would look for facts in them.
    outputStreams: ['o0'],
  };
  const stream =
    member === undefined ? sevenZip.extractFull(file, folder, options) : sevenZip.extract(file, folder, options);
  await ended(stream, { path, program, signal, watch });
}

interface Ending {
  readonly path: string;
  readonly program: string;
  readonly signal: AbortSignal | undefined;
  readonly watch: () => Promise<void>;
}

/** Waits for the child of node-7z, which itself takes every end for a success. */
async function ended(stream: ZipStream, { path, program, signal, watch }: Ending): Promise<void> {
  const { _childProcess: child } = stream as ZipStream & { readonly _childProcess: ChildProcess };
  let words = '';
  child.stderr?.on('data', (piece: Buffer) => {
    words = (words + piece.toString()).slice(0, maxWords);
  });
  // It repeats what is in `words`, and has to be heard.
  stream.on('error', () => {});
  stream.resume();
  const exit = new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, by) => resolve([code, by]));
  });
  const stopped = new AbortController();
  const watching = keepWatching(watch, AbortSignal.any([stopped.signal, ...(signal === undefined ? [] : [signal])]));
  try {
    const outcome = await Promise.race([exit, watching]);
    signal?.throwIfAborted();
    const [code, by] = outcome ?? (await exit);
    if (by !== null) throw new BootwrightError('PROGRAM_ENDED', { path, program, signal: by });
    if (code !== 0) throw failure(path, words);
  } finally {
    stopped.abort();
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await Promise.allSettled([exit, watching]);
  }
}

/** Resolves when `signal` says so, and throws what `watch` throws. */
async function keepWatching(watch: () => Promise<void>, signal: AbortSignal): Promise<undefined> {
  while (!signal.aborted) {
    await watch();
    await wait(watchMs, undefined, { signal }).catch(() => {});
  }
}
