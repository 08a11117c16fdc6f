import { BootwrightError } from '../errors.ts';
import { readable } from './entry-path.ts';
import { isLeftOut, LiveRoot } from './live-root.ts';
import type { Content, System, SystemEntry, SystemSink } from './system.ts';

/** What is taken from an image at most. The largest live systems have some hundred thousand files, 20 GB of them. */
export const systemLimits = { files: 1_000_000, bytes: 64 * 1024 * 1024 * 1024 } as const;

/** Small files of a system that decide something, by their paths. */
const texts =
  /^(etc\/selinux\/config|(etc|usr\/lib)\/os-release|(usr\/)?lib\/modules\/[^/]+\/config|boot\/config-[^/]+)$/;
const maxTextBytes = 1024 * 1024;
const maxTexts = 64;

const landmarks = {
  init: /^init$/,
  systemd: /^(usr\/)?lib\/systemd\/systemd$/,
  sbinInit: /^(usr\/)?sbin\/init$/,
  dracut: /^(usr\/)?s?bin\/dracut$/,
  'dmsquash-live': /^(usr\/)?lib\/dracut\/modules\.d\/\d+dmsquash-live\/module-setup\.sh$/,
  livenet: /^(usr\/)?lib\/dracut\/modules\.d\/\d+livenet\/module-setup\.sh$/,
  selinux: /^(usr\/)?lib\/dracut\/modules\.d\/\d+selinux\/module-setup\.sh$/,
  locale: /^usr\/lib\/locale$/,
  squashedImage: /^LiveOS\/(rootfs|ext3fs)\.img$/,
} as const;

type Landmark = keyof typeof landmarks;

/** What was seen of a system, before anything is made of it. */
export interface Survey {
  readonly landmarks: ReadonlySet<Landmark>;
  /** Versions of kernels that have a list of their modules. */
  readonly moduleVersions: readonly string[];
  readonly texts: ReadonlyMap<string, string>;
  /** Files under `boot`, by path. */
  readonly boot: ReadonlyMap<string, SystemEntry>;
  /** How many more names each file has that stays, by its first name. */
  readonly linkCounts: ReadonlyMap<string, number>;
  /** Files that do not stay, and of which other names do. */
  readonly linkedFromOutside: ReadonlySet<string>;
}

/**
 * Reads a whole system once. Throws INITRAMFS_TOO_LARGE, INITRAMFS_FILE_TOO_LARGE, and what the system's `walk` throws.
 *
 * @param name its path in the image, for errors
 * @param maxFileBytes how large its files may be
 */
export async function surveySystem(system: System, name: string, maxFileBytes: number = Infinity): Promise<Survey> {
  const surveyor = new Surveyor(name, maxFileBytes);
  await system.walk(surveyor);
  return surveyor.result();
}

class Surveyor implements SystemSink {
  readonly #name: string;
  readonly #maxFileBytes: number;
  readonly #landmarks = new Set<Landmark>();
  readonly #modules = new Set<string>();
  readonly #texts = new Map<string, string>();
  readonly #boot = new Map<string, SystemEntry>();
  readonly #linkCounts = new Map<string, number>();
  readonly #root: LiveRoot;
  #files = 0;
  #bytes = 0;

  constructor(name: string, maxFileBytes: number) {
    this.#name = name;
    this.#maxFileBytes = maxFileBytes;
    const countLinks: SystemSink = {
      add: async ({ kind, target = '' }) => {
        if (kind === 'link') this.#linkCounts.set(target, (this.#linkCounts.get(target) ?? 0) + 1);
      },
    };
    this.#root = new LiveRoot(countLinks, () => undefined);
  }

  async add(entry: SystemEntry, content: Content): Promise<void> {
    this.#files++;
    this.#bytes += entry.sizeBytes;
    this.#limit('files');
    this.#limit('bytes');
    const { path, sizeBytes } = entry;
    // Before any of its bytes is read.
    if (sizeBytes > this.#maxFileBytes && !isLeftOut(path)) {
      throw new BootwrightError('INITRAMFS_FILE_TOO_LARGE', { path: readable(path), sizeBytes });
    }
    for (const [landmark, pattern] of Object.entries(landmarks)) {
      if (pattern.test(path)) this.#landmarks.add(landmark as Landmark);
    }
    const version = /^(?:usr\/)?lib\/modules\/([^/]+)\/modules\.dep$/.exec(path)?.[1];
    if (version !== undefined) this.#modules.add(version);
    if (isLeftOut(path) && entry.kind === 'file') this.#boot.set(path, entry);
    const isText = entry.kind === 'file' && entry.sizeBytes <= maxTextBytes && this.#texts.size < maxTexts;
    if (isText && texts.test(path)) this.#texts.set(path, await textOf(content));
    await this.#root.add(entry, content);
  }

  #limit(what: keyof typeof systemLimits): void {
    const limit = systemLimits[what];
    const count = what === 'files' ? this.#files : this.#bytes;
    if (count > limit) throw new BootwrightError('INITRAMFS_TOO_LARGE', { path: this.#name, what, limit });
  }

  result(): Survey {
    return {
      landmarks: this.#landmarks,
      moduleVersions: [...this.#modules].sort(),
      texts: this.#texts,
      boot: this.#boot,
      linkCounts: this.#linkCounts,
      linkedFromOutside: this.#root.linkedFromOutside,
    };
  }
}

async function textOf(content: Content): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

/** The system's own /etc/os-release, which may be a symbolic link to the other. */
export function osReleaseOf({ texts: found }: Survey): string | undefined {
  return found.get('etc/os-release') ?? found.get('usr/lib/os-release');
}
