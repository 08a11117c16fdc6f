import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BootMenu, bootMenu } from '../grub/entries.ts';
import { rewriteForPxe } from '../grub/rewrite.ts';
import { type OpenedImage, openImage } from '../input/open-image.ts';
import { baseImage } from '../release/base-image.ts';
import { joinUrl } from '../release/live-url.ts';
import { readMenu } from '../release/menus.ts';
import { findLiveFilesystem } from '../release/recognise.ts';
import type { BuildRequest } from '../release/request.ts';
import { livePlace, settle } from '../release/settings.ts';
import { examine } from './examine.ts';
import { attempt, type Finding } from './finding.ts';
import type { Report } from './report.ts';

export interface InspectRequest {
  /** What `openImage` opens: an ISO, packed or not, a folder, a release. */
  readonly image: string;
  /** Where machines shall fetch the live system from; unless told otherwise, where the image's own settings say. */
  readonly url?: string | undefined;
  /** Ask the server of the URL what it has there. */
  readonly askUrl: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** The configuration as machines would get it. */
interface Configuration {
  readonly path: string;
  readonly text: string;
  readonly menu: BootMenu;
}

/** What a build without flags would have machines fetch, and from where. */
interface Place {
  readonly url: string | undefined;
  /** In a release. */
  readonly path: string;
  readonly kernelArguments: readonly string[];
}

/** By the settings that an image brings from the build that made it. Throws what reading those throws. */
async function placeOf(opened: OpenedImage, livePath: string | undefined): Promise<Place> {
  const nothingAsked: BuildRequest = { image: opened.name, kernelArguments: [] };
  const { saved } = await baseImage(opened);
  const settings = settle(saved, nothingAsked);
  const { isoFile, url } = livePlace(settings, { name: opened.name, livePath }, nothingAsked, 'network');
  const path = settings.liveRoot === 'squashfs' ? (livePath ?? '') : isoFile;
  return { url, path, kernelArguments: settings.network.kernelArguments };
}

/**
 * Looks into an image and changes nothing. Throws what opening it throws; whatever else is wrong with it is a finding.
 */
export async function inspect({ image, url, askUrl, signal }: InspectRequest): Promise<Report> {
  const scratch = await mkdtemp(join(tmpdir(), 'bootwright-inspect-'));
  try {
    const opened = await openImage(image, { scratch: () => mkdtemp(join(scratch, 'image-')), signal });
    try {
      return await inspectOpened(opened, url, askUrl, signal);
    } finally {
      await opened.close();
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function inspectOpened(
  opened: OpenedImage,
  askedUrl: string | undefined,
  askUrl: boolean,
  signal: AbortSignal | undefined,
): Promise<Report> {
  const { kind, name, iso, isoFile, manifest } = opened;
  const tree = kind === 'release' ? opened.tree : (iso ?? opened.tree);
  // A release carries the live system in its ISO.
  const liveFilesystem = findLiveFilesystem(kind === 'release' && iso !== undefined ? iso : tree);
  const findings: Finding[] = [];
  const place =
    manifest === undefined ? await attempt(findings, () => placeOf(opened, liveFilesystem?.path)) : undefined;
  const url = askedUrl ?? manifest?.liveUrl ?? place?.url;
  const configuration = await attempt(findings, () => readConfiguration(opened, liveFilesystem?.path, url, place));
  const examined = await examine(
    { tree, name, kind, label: iso?.label, isoSizeBytes: isoFile?.source.sizeBytes },
    configuration?.menu,
    {
      liveFilesystem,
      fetched: fetchedBy(configuration?.menu),
      config: configuration?.path ?? 'grub.cfg',
      configText: configuration?.text,
      url: liveFilesystem === undefined ? undefined : url,
      // Who made an image does not decide whom this machine asks; a release is one that somebody here built.
      askUrl: askUrl && (askedUrl !== undefined || kind === 'release'),
      signal,
    },
  );
  findings.push(...examined.findings);
  return { ok: findings.every(({ severity }) => severity !== 'error'), facts: examined.facts, findings };
}

// GRUB fills this in with the server that it was loaded from.
const bootServerUrl = 'http://$net_default_server';

/** Reads the configuration as a build would write it; that of a release is written already. */
async function readConfiguration(
  { kind, name, tree, iso, manifest }: OpenedImage,
  livePath: string | undefined,
  url: string | undefined,
  place: Place | undefined,
): Promise<Configuration> {
  const isWritten = kind === 'release';
  const menu = await readMenu(isWritten ? tree : (iso ?? tree), 'network', manifest?.architecture);
  const path = menu.found.entry.path;
  if (isWritten) return { path, text: menu.text, menu: bootMenu(menu.text) };
  const { text } = rewriteForPxe(menu.text, {
    liveUrl: livePath === undefined ? undefined : (url ?? joinUrl(bootServerUrl, place?.path ?? `${name}.iso`)),
    variablesInUrl: url === undefined,
    kernelArguments: place?.kernelArguments ?? [],
    from: menu.found.from,
    medium: menu.medium,
    environments: menu.environments,
  });
  return { path, text, menu: bootMenu(text) };
}

/** dracut takes what ends in `.iso` for an ISO, and everything else for the squashfs itself. */
function fetchedBy(menu: BootMenu | undefined): 'iso' | 'squashfs' | undefined {
  const root = menu?.defaultEntry?.liveRoot;
  if (root === undefined) return undefined;
  return root.endsWith('.iso') ? 'iso' : 'squashfs';
}
