import { BootwrightError } from '../errors.ts';
import { readable } from './entry-path.ts';
import { kindBits } from './kind-bits.ts';
import type { Outlet } from './outlet.ts';
import { type Content, noContent, type SystemEntry, type SystemSink } from './system.ts';

const maxNumber = 0xffff_ffff;
/** How large a file in such an archive can be. */
export const maxCpioFileBytes = maxNumber;

interface Linked {
  readonly entry: SystemEntry;
  readonly inode: number;
}

/**
 * Writes a system as a cpio archive that Linux unpacks as an initramfs: `newc`, initramfs(5). Extended attributes have
 * no place in it. The bytes depend on nothing but the entries: inodes are numbered as they come.
 */
export class CpioWriter implements SystemSink {
  readonly #outlet: Outlet;
  readonly #linkCounts: ReadonlyMap<string, number>;
  readonly #linked = new Map<string, Linked>();
  #inodes = 0;

  /** @param linkCounts how many more names an entry has, by its path: Linux must be told with the first name */
  constructor(outlet: Outlet, linkCounts: ReadonlyMap<string, number>) {
    this.#outlet = outlet;
    this.#linkCounts = linkCounts;
  }

  /** Throws INITRAMFS_FILE_TOO_LARGE, or INITRAMFS_ROOT_DAMAGED for a link to what did not come before. */
  async add(entry: SystemEntry, content: Content): Promise<void> {
    if (entry.kind === 'link') return this.#addLink(entry);
    if (entry.sizeBytes > maxCpioFileBytes) {
      throw new BootwrightError('INITRAMFS_FILE_TOO_LARGE', { path: readable(entry.path), sizeBytes: entry.sizeBytes });
    }
    const inode = ++this.#inodes;
    if (this.#linkCounts.has(entry.path)) this.#linked.set(entry.path, { entry, inode });
    await this.#write(entry, content, inode);
  }

  /** Ends the archive and what it is written to. */
  async end(): Promise<void> {
    await this.#outlet.write(encodeHeader({ name: 'TRAILER!!!', links: 1 }));
    await this.#outlet.end();
  }

  async #addLink({ path, target = '' }: SystemEntry): Promise<void> {
    const linked = this.#linked.get(target);
    if (linked === undefined) {
      const reason = `${readable(path)} is a hard link to ${readable(target)}, which is not there`;
      throw new BootwrightError('INITRAMFS_ROOT_DAMAGED', { path: 'the system', reason });
    }
    // Linux sets owner and mode anew from each name, and makes no hard links of symbolic ones.
    await this.#write({ ...linked.entry, path, sizeBytes: 0 }, noContent, linked.inode, target);
  }

  async #write(entry: SystemEntry, content: Content, inode: number, first = entry.path): Promise<void> {
    const { kind, target = '', device = { major: 0, minor: 0 } } = entry;
    if (kind === 'link') return;
    const link = Buffer.from(kind === 'symlink' ? target : '', 'latin1');
    const header = encodeHeader({
      ...entry,
      name: entry.path === '' ? '.' : entry.path,
      inode,
      mode: kindBits[kind] | entry.mode,
      links: 1 + (this.#linkCounts.get(first) ?? 0),
      sizeBytes: kind === 'symlink' ? link.byteLength : entry.sizeBytes,
      ...device,
    });
    await this.#outlet.write(header);
    await this.#outlet.write(link);
    for await (const piece of entry.sizeBytes === 0 ? noContent : content) await this.#outlet.write(piece);
    await this.#outlet.write(new Uint8Array(-(link.byteLength + entry.sizeBytes) & 3));
  }
}

interface Header {
  readonly name: string;
  readonly inode?: number;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly links: number;
  readonly modifiedSeconds?: number;
  readonly sizeBytes?: number;
  readonly major?: number;
  readonly minor?: number;
}

function encodeHeader(header: Header): Uint8Array {
  const { name, inode = 0, mode = 0, uid = 0, gid = 0, links, modifiedSeconds = 0, sizeBytes = 0 } = header;
  const { major = 0, minor = 0 } = header;
  const numbers = [inode, mode, uid, gid, links, modifiedSeconds, sizeBytes, 0, 0, major, minor, name.length + 1, 0];
  const hex = numbers.map((value) => Math.max(0, Math.min(value, maxNumber)).toString(16).padStart(8, '0'));
  const text = `070701${hex.join('')}${name}\0`;
  return Buffer.from(text + '\0'.repeat(-text.length & 3), 'latin1');
}
