import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { writeScratch } from './scratch.ts';
import { type Content, noContent, type SystemEntry, type SystemSink } from './system.ts';

/** What a live system goes without: mounts of disks that are not there, and kernels, which lie beside it. */
export function isLeftOut(path: string): boolean {
  return path === 'etc/fstab' || path === 'boot' || path.startsWith('boot/');
}

/**
 * Passes a system on without what `isLeftOut` names. Where something that stays is a hard link to a file that goes, its
 * bytes go there.
 */
export class LiveRoot implements SystemSink {
  readonly #next: SystemSink;
  readonly #keep: (path: string) => string | undefined;
  readonly #leftOut = new Map<string, SystemEntry>();
  readonly #movedTo = new Map<string, string>();

  /** @param keep a new file into which the bytes of a file are written that goes */
  constructor(next: SystemSink, keep: (path: string) => string | undefined) {
    this.#next = next;
    this.#keep = keep;
  }

  /** Files that went and that other names stand for, which stay. */
  get linkedFromOutside(): ReadonlySet<string> {
    return new Set(this.#movedTo.keys());
  }

  async add(entry: SystemEntry, content: Content): Promise<void> {
    if (isLeftOut(entry.path)) return this.#leaveOut(entry, content);
    const original = entry.kind === 'link' ? this.#leftOut.get(entry.target ?? '') : undefined;
    if (original === undefined) return this.#next.add(entry, content);
    const target = this.#movedTo.get(original.path);
    if (target !== undefined) return this.#next.add({ ...entry, target }, noContent);
    this.#movedTo.set(original.path, entry.path);
    const kept = this.#keep(original.path);
    const bytes = kept === undefined || original.sizeBytes === 0 ? noContent : createReadStream(kept);
    await this.#next.add({ ...original, path: entry.path }, bytes as Content);
  }

  async #leaveOut(entry: SystemEntry, content: Content): Promise<void> {
    if (entry.kind === 'directory') return;
    if (entry.kind === 'link') {
      // A second name of what went: it stands for the same.
      const original = this.#leftOut.get(entry.target ?? '');
      if (original !== undefined) this.#leftOut.set(entry.path, original);
      return;
    }
    this.#leftOut.set(entry.path, entry);
    const path = entry.kind === 'file' ? this.#keep(entry.path) : undefined;
    if (path !== undefined) await writeScratch(path, content);
  }
}

/** Names of files in the scratch folder for files of a system, in the order in which they are asked for. */
export function scratchNames(scratch: string, wanted: ReadonlySet<string>): (path: string) => string | undefined {
  const names = new Map([...wanted].map((path, index) => [path, join(scratch, `left-out-${index}`)]));
  return (path) => names.get(path);
}
