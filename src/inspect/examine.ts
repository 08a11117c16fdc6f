import type { BootMenu } from '../grub/entries.ts';
import type { ImageEntry } from '../iso/tree.ts';
import type { Loaders } from '../release/recognise.ts';
import { type Bootable, findBootables } from './bootables.ts';
import { attempt, type Finding, finding } from './finding.ts';
import { identify } from './identify.ts';
import { type InspectedInitrd, inspectWholeInitrd } from './initrd.ts';
import { checkAbilities, checkFamily } from './initrd-checks.ts';
import { versionInName } from './kernel.ts';
import { askLiveUrl } from './live-url.ts';
import { grubFacts, type LoadersOf, type ReadLoaders, readLoaders } from './loaders.ts';
import { checkMemory, memoryFor } from './memory.ts';
import { type Kernel, readKernel } from './program.ts';
import { programFacts } from './program-facts.ts';
import { checkPrompts } from './prompts.ts';
import type { Facts } from './report.ts';
import { judgeSecureBoot } from './secure-boot.ts';

/** What is known of an image before anybody looks into its parts. */
export interface Examined {
  readonly tree: LoadersOf;
  readonly name: string;
  readonly kind: Facts['image']['kind'];
  readonly label?: string | undefined;
  /** Of the ISO; absent where there is none. */
  readonly isoSizeBytes?: number | undefined;
}

export interface ExamineOptions {
  /** The live system's file; absent where the whole system is in the initrd. */
  readonly liveFilesystem?: ImageEntry | undefined;
  /** What machines fetch of it. */
  readonly fetched?: 'iso' | 'squashfs' | undefined;
  /** The path of the configuration in the image, for findings, and its text as machines get it. */
  readonly config: string;
  readonly configText?: string | undefined;
  /** Where machines fetch the live system from; it is asked only if `askUrl` says so. */
  readonly url?: string | undefined;
  readonly askUrl?: boolean | undefined;
  /** A build will write the configuration: it tells an initrd with Azure Linux' downloader to use it. */
  readonly tellsDownloader?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Facts and findings, errors first, and what a build goes on with. */
export interface Examination {
  readonly facts: Facts;
  readonly findings: readonly Finding[];
  readonly loaders: Loaders | undefined;
  /** What the menu boots, as far as all of it is there. */
  readonly bootables: readonly Bootable[];
}

/**
 * Looks into an image: what it is, whether its parts are there and fit together, and what a machine would stumble
 * over. Nothing that is wrong with the image is thrown: it is a finding. Errors come in the order in which a build
 * looks. `menu` is that of the configuration that the release will have; `undefined` where there is none.
 */
export async function examine(
  image: Examined,
  menu: BootMenu | undefined,
  options: ExamineOptions,
): Promise<Examination> {
  const { tree } = image;
  const { signal, config, configText, liveFilesystem } = options;
  const live = liveFilesystem !== undefined;
  const findings: Finding[] = [];
  const loaders = await readLoaders(tree, findings);
  signal?.throwIfAborted();
  const bootables = menu === undefined ? [] : findBootables(tree, menu, { live, config }, findings);
  const read = new Parts(tree, findings, signal);
  const initrds = new Map<string, InspectedInitrd>();
  for (const each of new Set(bootables.flatMap((bootable) => bootable.initrds))) {
    const inspected = await read.initrd(each);
    if (inspected !== undefined) initrds.set(each.path, inspected);
  }
  const kernels = new Map<string, Kernel>();
  for (const { kernel } of bootables)
    if (!kernels.has(kernel.path)) kernels.set(kernel.path, await read.kernel(kernel));

  for (const bootable of bootables) {
    const kernel = kernels.get(bootable.kernel.path);
    const entry = {
      bootable,
      initrds: bootable.initrds.flatMap(({ path }) => initrds.get(path) ?? []),
      kernelVersion: kernel?.header.version ?? versionInName(bootable.kernel.path),
    };
    // One that cannot be read was reported, and has nothing that could be missing.
    if (entry.initrds.length < bootable.initrds.length) continue;
    findings.push(...checkFamily(entry, live), ...checkAbilities(entry, options));
  }
  checkMachines(loaders, kernels.values(), findings);
  const secureBoot = judgeSecureBoot(chainOf(loaders, kernels), findings);
  if (configText !== undefined) findings.push(...checkPrompts(configText, config));
  const memory = memoryOf(image, options, bootables, kernels, initrds, menu);
  if (memory !== null) findings.push(...checkMemory(memory));
  const url =
    options.url === undefined || !options.askUrl ? null : await askLiveUrl(expected(image, options), findings);

  const facts: Facts = {
    image: {
      name: image.name,
      kind: image.kind,
      sizeBytes: image.isoSizeBytes ?? null,
      label: image.label || null,
    },
    system: await identify(
      tree,
      [...initrds].map(([path, { osRelease }]) => ({ path, osRelease })),
      image.label,
    ),
    architecture: loaders.loaders?.architecture ?? null,
    initramfs: live ? 'bootstrap' : 'full-os',
    rootFile: liveFilesystem?.path ?? null,
    config: menu === undefined ? null : config,
    menu: menu === undefined ? null : menuFacts(menu),
    programs: programFacts(loaders, kernels.values()),
    initrds: [...initrds].map(([path, { osRelease: _, ...inspected }]) => ({
      path,
      sizeBytes: tree.find(path)?.sizeBytes ?? 0,
      ...inspected,
    })),
    grub: grubFacts(loaders.last),
    secureBoot,
    memory,
    url,
  };
  return { facts, findings: sorted(findings), loaders: loaders.loaders, bootables };
}

/** Reads kernels and initrds of an image. */
class Parts {
  readonly #tree: LoadersOf;
  readonly #findings: Finding[];
  readonly #signal: AbortSignal | undefined;

  constructor(tree: LoadersOf, findings: Finding[], signal: AbortSignal | undefined) {
    this.#tree = tree;
    this.#findings = findings;
    this.#signal = signal;
  }

  initrd(entry: ImageEntry): Promise<InspectedInitrd | undefined> {
    this.#signal?.throwIfAborted();
    return attempt(this.#findings, () => inspectWholeInitrd(this.#tree.open(entry)));
  }

  kernel(entry: ImageEntry): Promise<Kernel> {
    this.#signal?.throwIfAborted();
    const { path, sizeBytes } = entry;
    return readKernel({ path, sizeBytes, open: () => this.#tree.open(entry) }, this.#findings);
  }
}

function checkMachines({ loaders }: ReadLoaders, kernels: Iterable<Kernel>, findings: Finding[]): void {
  for (const { path, program } of kernels) {
    if (loaders === undefined || program === undefined || program.machine === loaders.architecture) continue;
    const reason = `it is for ${program.machine}, and the loaders are for ${loaders.architecture}`;
    findings.push(finding('IMAGE_KERNEL_INVALID', { path, reason }));
  }
}

function chainOf({ boot, last }: ReadLoaders, kernels: ReadonlyMap<string, Kernel>) {
  return { boot, grub: last === boot ? undefined : last, kernels: [...kernels.values()] };
}

function memoryOf(
  { isoSizeBytes }: Examined,
  { liveFilesystem, fetched }: ExamineOptions,
  bootables: readonly Bootable[],
  kernels: ReadonlyMap<string, Kernel>,
  initrds: ReadonlyMap<string, InspectedInitrd>,
  menu: BootMenu | undefined,
): Facts['memory'] {
  const [bootable] = [...bootables.filter(({ entry }) => isDefault(entry, menu)), ...bootables];
  const kernel = bootable && kernels.get(bootable.kernel.path);
  if (bootable === undefined || kernel === undefined) return null;
  const inspected = bootable.initrds.map((entry) => ({ entry, found: initrds.get(entry.path) }));
  if (inspected.some(({ found }) => found === undefined)) return null;
  const isIso = fetched !== 'squashfs' && isoSizeBytes !== undefined;
  return memoryFor({
    kernel: { sizeBytes: kernel.sizeBytes, runningBytes: kernel.header.runningBytes },
    initrds: inspected.map(({ entry, found }) => ({
      sizeBytes: entry.sizeBytes,
      unpackedBytes: found?.unpackedBytes ?? 0,
    })),
    fetched:
      liveFilesystem === undefined
        ? undefined
        : { what: isIso ? 'ISO' : 'squashfs', sizeBytes: isIso ? isoSizeBytes : liveFilesystem.sizeBytes },
  });
}

function isDefault({ title, kernel }: BootMenu['entries'][number], menu: BootMenu | undefined): boolean {
  return menu?.defaultEntry?.title === title && menu.defaultEntry.kernel === kernel;
}

function expected({ isoSizeBytes }: Examined, { url = '', fetched, liveFilesystem, signal }: ExamineOptions) {
  return { url, sizeBytes: fetched === 'squashfs' ? liveFilesystem?.sizeBytes : isoSizeBytes, signal };
}

function menuFacts(menu: BootMenu): NonNullable<Facts['menu']> {
  return {
    timeoutSeconds: menu.timeoutSeconds ?? null,
    entries: menu.entries.map((entry) => ({
      title: entry.title,
      kernel: entry.kernel,
      initrds: [...entry.initrds],
      isDefault: isDefault(entry, menu),
    })),
  };
}

/** Errors first, each said once: several entries of a menu may load the same. */
function sorted(findings: readonly Finding[]): Finding[] {
  const once = new Map(findings.map((each) => [`${each.code} ${each.problem}`, each]));
  const all = [...once.values()];
  return [...all.filter(({ severity }) => severity === 'error'), ...all.filter(({ severity }) => severity !== 'error')];
}
