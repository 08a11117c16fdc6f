import { BootwrightError } from '../errors.ts';
import type { CpioEntry, VisitCpio } from './cpio.ts';
import { decodeText } from './text.ts';

/**
 * Parts of an initrd that boot live systems, by a file that comes with each. Those of initramfs-tools and mkinitcpio are
 * at its root: further down they are only what such initrds are made from, in a whole system.
 */
const partFiles = {
  /** dracut's fetching of `root=live:http://…` */
  livenet: /(^|\/)livenetroot(\.sh)?$/,
  /** dracut's mounting of a live image */
  'dmsquash-live': /(^|\/)dmsquash-live-root(\.sh)?$/,
  /** Anaconda's installer stage 2 */
  anaconda: /(^|\/)anaconda-netroot(\.sh)?$/,
  /** Debian's `boot=live` */
  'live-boot': /^scripts\/live$/,
  /** Ubuntu's `boot=casper` */
  casper: /^scripts\/casper$/,
  /** Arch's live images, and their part for HTTP */
  archiso: /^hooks\/archiso$/,
  'archiso-http': /^hooks\/archiso_pxe_http$/,
} as const;

export type InitrdPart = keyof typeof partFiles;

/** dracut's modules that are parts under their own names. */
const dracutParts: ReadonlySet<string> = new Set<InitrdPart>(['livenet', 'dmsquash-live', 'anaconda']);
const dracutList = /^(usr\/)?lib\/dracut\/modules\.txt$/;
const dracutVersionFile = /^(?:usr\/)?lib\/dracut\/dracut-(\d[^/]*)$/;
/** dracut has some two hundred modules. */
const maxListBytes = 64 * 1024;
/** The largest initrds, whole systems, have some hundred thousand files. */
const maxFiles = 1_000_000;

/** What was found so far while an initrd is read. */
export class Findings {
  readonly #parts = new Set<InitrdPart>();
  #modules: readonly string[] | undefined;
  #version: string | undefined;
  #files = 0;

  /** Sees one file. There is nothing more to learn once dracut's list was read. Throws INITRD_TOO_LARGE. */
  readonly visit: VisitCpio = async (entry, content) => {
    if (++this.#files > maxFiles) throw new BootwrightError('INITRD_TOO_LARGE', { what: 'files', limit: maxFiles });
    const path = entry.path.replace(/^(\.?\/)+/, '');
    for (const [part, file] of Object.entries(partFiles)) {
      if (file.test(path)) this.#parts.add(part as InitrdPart);
    }
    this.#version ??= dracutVersionFile.exec(path)?.[1];
    if (!dracutList.test(path) || !isFile(entry)) return 'go-on';
    this.#modules = decodeText(await content(maxListBytes))
      .split(/\s+/)
      .filter((name) => name !== '');
    for (const name of this.#modules) if (dracutParts.has(name)) this.#parts.add(name as InitrdPart);
    return 'stop';
  };

  result() {
    return { dracutModules: this.#modules, dracutVersion: this.#version, parts: this.#parts } as const;
  }
}

function isFile({ mode }: CpioEntry): boolean {
  return (mode & 0o170000) === 0o100000;
}
