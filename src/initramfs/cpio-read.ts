import { BootwrightError } from '../errors.ts';
import type { CpioEntry } from '../iso/cpio.ts';
import { visitInitrd } from '../iso/initrd.ts';
import type { ByteSource } from '../platform/files.ts';
import { entryPath } from './entry-path.ts';
import { kindIn } from './kind-bits.ts';
import { type Content, noContent, type System, type SystemEntry, type SystemSink } from './system.ts';

type Take = (count: number) => Promise<Uint8Array>;

const pieceBytes = 64 * 1024;
/** PATH_MAX of Linux. */
const maxTargetBytes = 4096;

/**
 * The system in a full-os initrd, as Linux would unpack it. Sockets are left out: nobody listens on them any more.
 *
 * @param path of the initrd in the image, for errors
 * @param unpackedBytes how many bytes it may unpack to
 */
export function fullOsSystem(open: () => ByteSource, path: string, unpackedBytes: number): System {
  return {
    async walk(sink) {
      const source = open();
      const names = new HardLinks(sink, path);
      try {
        const visit = async (entry: CpioEntry, take: Take) => {
          await names.add(entry, take);
          return 'go-on' as const;
        };
        await visitInitrd(source, visit, { unpackedBytes }, () => names.begin());
        await names.end();
      } finally {
        await source.close();
      }
    },
  };
}

/** Brings names of the same file together: the first that has its bytes is the file, all others are links to it. */
class HardLinks {
  readonly #sink: SystemSink;
  readonly #archive: string;
  /** Paths of files that have several names, by device and inode. */
  #files = new Map<string, string>();
  /** Names that came before the bytes of their file. */
  #waiting = new Map<string, SystemEntry[]>();
  #isOver = false;

  constructor(sink: SystemSink, archive: string) {
    this.#sink = sink;
    this.#archive = archive;
  }

  /** A new archive begins: its inodes are others. */
  begin(): void {
    this.#isOver = true;
  }

  /** Files of an archive that never had any bytes are empty ones. */
  async end(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = new Map();
    this.#files = new Map();
    this.#isOver = false;
    for (const entries of waiting.values()) {
      const [first, ...others] = entries;
      if (first === undefined) continue;
      await this.#sink.add(first, noContent);
      for (const other of others) await this.#sink.add(linkTo(first.path, other), noContent);
    }
  }

  async add(found: CpioEntry, take: Take): Promise<void> {
    if (this.#isOver) await this.end();
    const entry = await entryOf(found, take, this.#archive);
    if (entry === undefined) return;
    const isLinked = found.links > 1 && entry.kind !== 'directory' && entry.kind !== 'symlink';
    if (!isLinked) return this.#sink.add(entry, contentOf(entry, take));
    const key = `${found.device.major}:${found.device.minor}:${found.inode}`;
    const file = this.#files.get(key);
    const waiting = this.#waiting.get(key) ?? [];
    if (file !== undefined) {
      await this.#sink.add(linkTo(file, entry), noContent);
    } else if (entry.kind === 'file' && entry.sizeBytes === 0) {
      waiting.push(entry);
      this.#waiting.set(key, waiting);
    } else {
      this.#files.set(key, entry.path);
      this.#waiting.delete(key);
      await this.#sink.add(entry, contentOf(entry, take));
      for (const other of waiting) await this.#sink.add(linkTo(entry.path, other), noContent);
    }
  }
}

function linkTo(target: string, entry: SystemEntry): SystemEntry {
  return { ...entry, kind: 'link', sizeBytes: 0, target };
}

async function entryOf(found: CpioEntry, take: Take, archive: string): Promise<SystemEntry | undefined> {
  const kind = kindIn(found.mode);
  if (kind === undefined) return undefined;
  const { uid, gid, modifiedSeconds } = found;
  const path = entryPath(Buffer.from(found.name).toString('latin1'), archive);
  const mode = found.mode & 0o7777;
  const common = { path, kind, mode, uid, gid, modifiedSeconds, sizeBytes: kind === 'file' ? found.sizeBytes : 0 };
  if (kind.endsWith('device')) return { ...common, device: found.standsFor };
  if (kind !== 'symlink') return common;
  if (found.sizeBytes > maxTargetBytes) {
    const reason = `a symbolic link of ${found.sizeBytes} bytes`;
    throw new BootwrightError('INITRAMFS_ROOT_DAMAGED', { path: archive, reason });
  }
  // Some writers end it with a NUL.
  const target = Buffer.from(await take(found.sizeBytes))
    .toString('latin1')
    .replace(/\0.*$/s, '');
  return { ...common, target };
}

async function* contentOf({ sizeBytes }: SystemEntry, take: Take): Content & AsyncGenerator<Uint8Array> {
  for (let left = sizeBytes; left > 0; ) {
    const piece = await take(Math.min(left, pieceBytes));
    // readCpio says so itself once this ends.
    if (piece.byteLength === 0) return;
    left -= piece.byteLength;
    yield piece;
  }
}
