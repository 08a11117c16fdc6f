import { execa } from 'execa';
import { BootwrightError } from '../errors.ts';

interface Run {
  /** Everything it reads and writes by name is in here. */
  readonly folder: string;
  /** The file in `folder` with its commands for the tree. */
  readonly commandFile: string;
  /** Commands before those of the file. */
  readonly before: readonly string[];
  /** The time that stands for now, seconds since 1970. */
  readonly epochSeconds: number;
  readonly path: string;
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: ((count: number) => void) | undefined;
}

const sectorBytes = 2048;
const maxLineCharacters = 4096;
const maxComplaints = 5;

/**
 * The same for every disc: no start-up files, names taken as they are, files beyond 4 GiB (level 3), dates in UTC, no
 * 64 KB in front for later sessions, and 300 KB of zeros as the end of the volume. Drives may fail to read the last
 * sectors of a disc, and its checksum leaves 15 of them out.
 */
const ground = [
  '-no_rc',
  ...['-abort_on', 'FAILURE', '-return_with', 'SORRY', '32', '-report_about', 'UPDATE'],
  ...['-charset', 'UTF-8', '-backslash_codes', 'in_double_quotes'],
  ...['-iso_rr_pattern', 'off', '-disk_pattern', 'off', '-follow', 'off'],
  ...['-padding', 'included'],
  ...['-compliance', 'no_emul_toc:iso_9660_level=3:joliet_long_names:joliet_long_paths:always_gmt'],
];

/** What xorriso says on its standard error, as far as we listen. */
class Voice {
  readonly complaints: string[] = [];
  #line = '';
  #sectors = 0;
  readonly #onBytes: (count: number) => void;

  constructor(onBytes: (count: number) => void) {
    this.#onBytes = onBytes;
  }

  hear(text: string): void {
    // It goes back to the start of the line for its progress.
    const lines = (this.#line + text).split(/[\n\r]/);
    this.#line = (lines.pop() ?? '').slice(0, maxLineCharacters);
    for (const line of lines) this.#understand(line);
  }

  #understand(line: string): void {
    const written = /: UPDATE : Writing: +(\d+)s /.exec(line)?.[1];
    if (written !== undefined) {
      const sectors = Math.max(this.#sectors, Number(written));
      this.#onBytes((sectors - this.#sectors) * sectorBytes);
      this.#sectors = sectors;
    }
    const complaint = /: (?:SORRY|MISHAP|FAILURE|FATAL|ABORT) : (.*)/.exec(line)?.[1];
    if (complaint !== undefined && this.complaints.length < maxComplaints) this.complaints.push(complaint);
  }
}

/**
 * Writes a disc with xorriso. Aborting ends it and throws the signal's reason.
 * Throws XORRISO_MISSING, OUTPUT_FULL, or DISC_NOT_READ or DISC_NOT_WRITTEN with what
 * xorriso says.
 */
export async function runXorriso(run: Run): Promise<void> {
  run.signal?.throwIfAborted();
  const voice = new Voice(run.onBytes ?? (() => {}));
  const xorriso = execa('xorriso', [...ground, ...run.before, '-options_from_file', run.commandFile, '-commit'], {
    cwd: run.folder,
    env: { LC_ALL: 'C.UTF-8', TZ: 'UTC', SOURCE_DATE_EPOCH: String(run.epochSeconds) },
    stdin: 'ignore',
    stdout: 'ignore',
    buffer: false,
    reject: false,
    forceKillAfterDelay: 2000,
    ...(run.signal !== undefined && { cancelSignal: run.signal }),
  });
  // There is none where it could not be started.
  xorriso.stderr?.setEncoding('utf8').on('data', (text: string) => voice.hear(text));
  const { code, exitCode, signal } = await xorriso;
  run.signal?.throwIfAborted();
  if (code === 'ENOENT') throw new BootwrightError('XORRISO_MISSING', {});
  if (exitCode === 0 && voice.complaints.length === 0) return;
  const said = voice.complaints.join('; ');
  if (/no space left|quota exceeded|exceeds free space/i.test(said)) {
    throw new BootwrightError('OUTPUT_FULL', { path: run.path });
  }
  if (/cannot read ISO image tree/i.test(said)) throw new BootwrightError('DISC_NOT_READ', { reason: said });
  const ended = signal === undefined ? `it ended with status ${exitCode ?? 'unknown'}` : `it was ended by ${signal}`;
  throw new BootwrightError('DISC_NOT_WRITTEN', { reason: said === '' || signal !== undefined ? ended : said });
}
