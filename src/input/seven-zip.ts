import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';
import sevenZip, { type SevenZipOptions, type ZipStream } from 'node-7z';
import { BootwrightError } from '../errors.ts';
import { Budget } from '../iso/budget.ts';
import type { Layer } from './layer.ts';
import { type Member, readListing } from './listing.ts';

/** What 7-Zip calls the formats that it is used for. Without it, it would guess, and open what is inside. */
type ArchiveType = '7z' | 'zip' | 'udf';

const programs = ['7zz', '7z'] as const;
const packages = '7zip or p7zip-full';
/** Of what 7-Zip says of an error, the part that is kept. */
const maxWords = 64 * 1024;
const watchMs = 100;

const always: SevenZipOptions = {
  // node-7z puts the arguments together. It would run 7-Zip in a process group of its own, which Ctrl-C does not reach,
  // take every end of it for a success, and read its lists by a parser that a comment in an archive makes throw where
  // nobody can catch it. So that is done here.
  $defer: true,
  noWildcards: true,
  charset: 'UTF-8',
  // An empty password, so that none is asked for.
  $raw: ['-p'],
};

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

/** What 7-Zip found wrong, from its exit status and what it wrote to its standard error. */
function failure(path: string, exitCode: number | undefined, words: string): BootwrightError {
  if (/password|encrypted/i.test(words)) return new BootwrightError('ARCHIVE_ENCRYPTED', { path });
  const lines = words.split('\n').map((line) => line.trim());
  const said = lines.find((line) => line !== '' && !line.startsWith('ERROR: /')) ?? `exit status ${exitCode}`;
  return new BootwrightError('PACKED_DAMAGED', { path, what: `7-Zip says "${said.slice(0, 200)}"` });
}

/**
 * Runs 7-Zip with the arguments of a deferred stream, and gives what it writes to `use`, whose end is waited for; if
 * it throws, 7-Zip is ended. Throws PROGRAM_MISSING, PROGRAM_ENDED, ARCHIVE_ENCRYPTED or PACKED_DAMAGED.
 */
async function run<Result>(
  { path, signal }: Layer,
  stream: ZipStream,
  use: (lines: AsyncIterable<string>, done: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { _args } = stream as ZipStream & { readonly _args: readonly string[] };
  const program = await findSevenZip(path);
  signal?.throwIfAborted();
  const child = execa(program, _args, {
    stdin: 'ignore',
    buffer: { stdout: false },
    maxBuffer: { stderr: maxWords },
    reject: false,
  });
  const end = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', end, { once: true });
  const done = new AbortController();
  const exit = child.then((result) => {
    done.abort();
    return result;
  });
  try {
    const result = await use(child.iterable(), done.signal);
    const { failed, exitCode, signal: endedBy, isMaxBuffer, stderr = '' } = await exit;
    signal?.throwIfAborted();
    // So much is said about nothing but damage.
    if (endedBy !== undefined && !isMaxBuffer)
      throw new BootwrightError('PROGRAM_ENDED', { path, program, signal: endedBy });
    if (failed) throw failure(path, exitCode, stderr);
    return result;
  } finally {
    signal?.removeEventListener('abort', end);
    end();
    await exit;
  }
}

/**
 * What is in an archive, as 7-Zip lists it. Throws PROGRAM_MISSING, PROGRAM_ENDED, ARCHIVE_ENCRYPTED, PACKED_DAMAGED or
 * ISO_TREE_TOO_LARGE.
 */
export function listMembers(layer: Layer, type: ArchiveType): Promise<Member[]> {
  const stream = sevenZip.list(layer.file, { ...always, archiveType: type, techInfo: true, $raw: ['-p', '-ba'] });
  return run(layer, stream, (lines) => readListing(lines, layer.path, new Budget()));
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
 * Throws PROGRAM_MISSING, PROGRAM_ENDED, ARCHIVE_ENCRYPTED, PACKED_DAMAGED, and what `watch` throws.
 */
export async function extractMembers(layer: Layer, { type, folder, member, watch }: Extraction): Promise<void> {
  const options: SevenZipOptions = { ...always, archiveType: type, outputStreams: ['o0'] };
  const stream =
    member === undefined
      ? sevenZip.extractFull(layer.file, folder, options)
      : // By the switch, in which a member called -x or @x is a name like any other.
        sevenZip.extract(layer.file, folder, { ...options, include: [`!${member}`], caseSensitive: true });
  await run(layer, stream, async (_, done) => {
    while (!done.aborted) {
      await watch();
      await wait(watchMs, undefined, { signal: done }).catch(() => {});
    }
  });
}
