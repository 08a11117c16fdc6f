import { bootMenu } from '../grub/entries.ts';
import { rewriteForPxe } from '../grub/rewrite.ts';
import type { OutputConfig } from '../image-config/config.ts';
import { formatSavedConfig, savedConfigPath } from '../image-config/saved.ts';
import { convert } from '../initramfs/convert.ts';
import { kernelsOf } from '../initramfs/kernels.ts';
import { type InitramfsKind, kindOf } from '../initramfs/kind.ts';
import type { OpenedImage } from '../input/open-image.ts';
import { errorOf } from '../inspect/finding.ts';
import type { ImageEntry, ImageTree } from '../iso/tree.ts';
import { additionalFiles } from './additional-files.ts';
import { type BaseImage, baseImage } from './base-image.ts';
import { joinUrl } from './live-url.ts';
import { type Menu, readMenu } from './menus.ts';
import { isUnchanged, noChanges, overlayTree, type PutFile, type TreeChanges, together } from './overlay-tree.ts';
import { type Preflight, preflight } from './preflight.ts';
import { findLiveFilesystem, findLoaders } from './recognise.ts';
import type { BuildRequest } from './request.ts';
import { type BuildSettings, type LivePlace, livePlace, settle, type Target, urlAskedFor } from './settings.ts';
import { textFile } from './text-file.ts';

/** All that was decided about a build, and nothing of it written but what had to be converted. */
export interface Prepared {
  /** What the image is called, without ending. */
  readonly name: string;
  readonly base: BaseImage;
  readonly settings: BuildSettings;
  /** What is otherwise in the image than in the one that came in, but for what GRUB reads. */
  readonly changes: TreeChanges;
  /** The image with these changes. */
  readonly tree: ImageTree;
  /** The file of the live system; absent where the initrd holds it all. */
  readonly live: ImageEntry | undefined;
  readonly place: LivePlace;
  /** The initramfs was turned into the other kind. */
  readonly turn: boolean;
  /** GRUB's configuration for the network, as the image has it, and as machines get it. */
  readonly menu: Menu;
  readonly configBytes: Buffer;
  readonly checked: Preflight;
  /** The settings, as a file of the output. */
  readonly saved: PutFile;
}

type Decided = Omit<Prepared, 'menu' | 'configBytes' | 'checked' | 'saved'>;

export interface PrepareOptions {
  readonly target: Target;
  /** An empty folder on the file system of the output, for what has to be unpacked or converted. */
  readonly scratch: string;
}

// GRUB fills this in with the server that it was loaded from.
const bootServerUrl = 'http://$net_default_server';

/** Which kind the system has to be packed as; `undefined` where it is as it shall be. */
function kindToPack(tree: ImageTree, { initramfsType, kdumpBootFiles }: OutputConfig): InitramfsKind | undefined {
  const is = kindOf(tree);
  if (initramfsType !== undefined && initramfsType !== is) return initramfsType;
  // Files of kdump that lie beside the system shall be in it.
  return kdumpBootFiles === 'keep' && kernelsOf(tree).some(({ kdump }) => kdump !== undefined) ? is : undefined;
}

/** Packs the system anew where it has to be otherwise than it is. */
async function converted(
  base: BaseImage,
  output: OutputConfig,
  { image, signal, onProgress }: BuildRequest,
  scratch: string,
): Promise<TreeChanges> {
  const kind = kindToPack(base.tree, output);
  if (kind === undefined) return noChanges;
  const { text } = await readMenu(base.tree, 'network', undefined);
  let doneBytes = 0;
  return convert(base.tree, kind, {
    kdumpBootFiles: output.kdumpBootFiles,
    kernelArguments: [...bootMenu(text).entries.flatMap((entry) => entry.arguments), ...output.kernelArguments],
    scratch,
    signal,
    onBytes(count) {
      doneBytes += count;
      onProgress?.({ phase: 'convert', path: image, doneBytes, totalBytes: 0 });
    },
  });
}

/** The configuration of GRUB for machines that boot over the network. */
function networkText(menu: Menu, { settings, live, place, turn }: Decided, azureDownloader: boolean): string {
  const fetched = settings.liveRoot === 'squashfs' ? live?.path : place.isoFile;
  const { text } = rewriteForPxe(menu.text, {
    liveUrl: live === undefined ? undefined : (place.url ?? joinUrl(bootServerUrl, fetched ?? '')),
    variablesInUrl: place.url === undefined,
    kernelArguments: settings.network.kernelArguments,
    from: menu.found.from,
    medium: menu.medium,
    environments: menu.environments,
    turn,
    azureDownloader,
  });
  return text;
}

/** The image with its changes, as far as it is told by its files. */
async function decide(opened: OpenedImage, request: BuildRequest, options: PrepareOptions): Promise<Decided> {
  const base = await baseImage(opened);
  const settings = settle(base.saved, request);
  const output = options.target === 'network' ? settings.network : settings.disc;
  const put = await additionalFiles(output.additionalFiles, request.configFolder ?? '.');
  const conversion = await converted(base, output, request, options.scratch);
  const changes = together(conversion, { put, remove: [] });
  const tree = overlayTree(base.tree, changes);
  const live = findLiveFilesystem(tree);
  const place = livePlace(settings, { name: opened.name, livePath: live?.path }, request, options.target);
  return { name: opened.name, base, settings, changes, tree, live, place, turn: kindOf(tree) !== kindOf(base.tree) };
}

/** Whether the image would boot: throws the first finding that is an error, or that is a warning where none may be. */
async function check(
  decided: Decided,
  menu: Menu,
  configText: string,
  request: BuildRequest,
  target: Target,
): Promise<Preflight> {
  const { base, tree, live, place, settings, name, changes } = decided;
  const { iso } = base;
  // What else machines fetch is yet to be written, and nobody knows how long it will be.
  const isFetchedAsItIs = target === 'network' && isUnchanged(changes);
  const parsed = bootMenu(configText);
  const checked = await preflight(
    iso === undefined
      ? tree
      : { ...tree, label: iso.label, bootImages: iso.bootImages, openBootImage: iso.openBootImage },
    parsed.entries,
    {
      live: live !== undefined,
      config: menu.found.entry.path,
      menu: parsed,
      configText,
      name,
      isoSizeBytes: isFetchedAsItIs ? base.isoFile?.source.sizeBytes : undefined,
      fetched: live === undefined ? undefined : settings.liveRoot,
      url: place.url,
      // Who made the image does not decide whom this machine asks.
      askUrl: request.checkUrl && urlAskedFor(request, 'network') !== undefined,
      signal: request.signal,
    },
  );
  for (const finding of checked.findings) request.onFinding?.(finding);
  const [warning] = checked.findings;
  if (request.strict && warning !== undefined) throw errorOf(warning);
  return checked;
}

/**
 * Decides what a build of an opened image writes. Throws what is wrong with the image, the settings or the files that
 * they name, each by its code.
 */
export async function prepare(opened: OpenedImage, request: BuildRequest, options: PrepareOptions): Promise<Prepared> {
  const decided = await decide(opened, request, options);
  request.onProgress?.({ phase: 'check', path: request.image, doneBytes: 0, totalBytes: 0 });
  const menu = await readMenu(decided.tree, 'network', findLoaders(decided.tree)?.architecture);
  const text = networkText(menu, decided, false);
  const checked = await check(decided, menu, text, request, options.target);
  const azureDownloader = decided.live !== undefined && checked.facts.initrds.some((each) => each.hasAzureDownloader);
  return {
    ...decided,
    menu,
    configBytes: Buffer.from(azureDownloader ? networkText(menu, decided, true) : text, menu.encoding),
    checked,
    saved: textFile(savedConfigPath, formatSavedConfig(decided.settings.config)),
  };
}
