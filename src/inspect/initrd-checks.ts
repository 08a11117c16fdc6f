import { hasLiveMark } from '../grub/live.ts';
import type { Bootable } from './bootables.ts';
import { type Finding, finding } from './finding.ts';
import { type InspectedInitrd, liveKernelModules } from './initrd.ts';

/** Live systems that fetch their root in ways of their own, by what is in their initrd. */
const otherFamilies: Readonly<Record<string, string>> = {
  'live-boot': 'Debian live (live-boot)',
  casper: 'Ubuntu (casper)',
  archiso: 'Arch Linux (archiso)',
};
/** By its arguments: its files are also in whole systems that can make installers. */
const anaconda = 'Anaconda (the installer of Fedora and RHEL)';
const anacondaArgument = /^inst\.(?:stage2|repo)=/;

/** What dracut needs to fetch a live ISO and to mount it. */
const liveParts = ['livenet', 'dmsquash-live'] as const;

/** The initrds that one kernel gets, together. */
export interface InitrdsOfEntry {
  readonly bootable: Bootable;
  readonly initrds: readonly InspectedInitrd[];
  /** The version of the kernel, where it is known. */
  readonly kernelVersion: string | undefined;
}

/** The first of these that is wrong with what an entry loads, or nothing. */
export function checkFamily({ bootable, initrds }: InitrdsOfEntry, live: boolean): Finding[] {
  const path = pathOf(bootable);
  const parts = new Set(initrds.flatMap((initrd) => initrd.parts));
  const missing = liveParts.find((module) => !parts.has(module));
  const [found] = [...parts].flatMap((part) => otherFamilies[part] ?? []);
  const family = bootable.entry.arguments.some((word) => anacondaArgument.test(word)) ? anaconda : found;
  if (family !== undefined && (!live || missing !== undefined)) {
    return [finding('IMAGE_FAMILY_UNSUPPORTED', { path, family })];
  }
  return live && missing !== undefined ? [finding('INITRD_MODULE_MISSING', { path, module: missing })] : [];
}

interface AbilityOptions {
  readonly url?: string | undefined;
  /** What is written for machines will tell an initrd with Azure Linux' downloader to use it, as every build does. */
  readonly tellsDownloader?: boolean | undefined;
}

/** Whether what an entry loads fits its kernel, and could fetch and mount a live system. */
export function checkAbilities(entry: InitrdsOfEntry, { url, tellsDownloader = false }: AbilityOptions): Finding[] {
  const { bootable, initrds, kernelVersion } = entry;
  const path = pathOf(bootable);
  const findings: Finding[] = [];
  const versions = [...new Set(initrds.flatMap((initrd) => initrd.kernelVersions))];
  if (kernelVersion !== undefined && versions.length > 0 && !versions.includes(kernelVersion)) {
    findings.push(finding('INITRD_OTHER_KERNEL', { path, versions: versions.join(', '), version: kernelVersion }));
  }
  const isLive = bootable.entry.liveRoot !== undefined || hasLiveMark(bootable.entry.arguments);
  if (!isLive || initrds.every(({ dracut }) => dracut === null)) return findings;
  findings.push(...checkNetwork(entry, path, tellsDownloader), ...checkOverlay(entry, path));
  if (!initrds.some(({ hasCurl }) => hasCurl)) findings.push(finding('INITRD_NO_CURL', { path }));
  if (url?.startsWith('https:') && !initrds.some(({ hasTlsRoots }) => hasTlsRoots)) {
    findings.push(finding('INITRD_NO_TLS_ROOTS', { path, url }));
  }
  // Without a list of what is built in, nobody can tell what is missing.
  if (versions.length === 0) return findings;
  for (const module of liveKernelModules) {
    if (!initrds.some(({ kernelModules }) => kernelModules.includes(module))) {
      findings.push(finding('INITRD_KERNEL_MODULE_MISSING', { path, module }));
    }
  }
  return findings;
}

/**
 * Before dracut 103, its module systemd-networkd brings the network up and calls nothing that would fetch the live
 * system: the machine waits, and ends in an emergency shell. https://github.com/dracut-ng/dracut-ng/issues/719
 */
const networkdFetchesSince = 103;
const azureArgument = 'rd.live.azldownloader=enable';

function checkNetwork({ bootable, initrds }: InitrdsOfEntry, path: string, tellsDownloader: boolean): Finding[] {
  const network = new Set(initrds.flatMap((initrd) => initrd.network));
  if (network.size === 0) return [finding('INITRD_NO_NETWORK', { path })];
  if (network.size > 1 || !network.has('systemd-networkd')) return [];
  const version = initrds.flatMap(({ dracut }) => dracut?.version ?? []).at(0);
  if (version === undefined || !(Number.parseInt(version, 10) < networkdFetchesSince)) return [];
  const isTold = tellsDownloader || bootable.entry.arguments.includes(azureArgument);
  const fetchesItself = isTold && initrds.some(({ hasAzureDownloader }) => hasAzureDownloader);
  return fetchesItself ? [] : [finding('DRACUT_NETWORKD_LIVENET', { path, version })];
}

/** dracut-ng has had the argument since 106; the initrds of Azure Linux and its forerunner have it from patches. */
const unaskedSince = 106;
const unaskedFromPatches = new Set(['azurelinux', 'mariner']);
const unaskedArgument = /^rd\.live\.overlay\.nouserconfirmprompt(?:=1)?$/;

function checkOverlay({ bootable, initrds }: InitrdsOfEntry, path: string): Finding[] {
  const { arguments: words } = bootable.entry;
  const what = words.findLast((word) => /^rd\.live\.overlay=(?!none$)./i.test(word));
  // Without an answer, it was said already.
  if (what === undefined || !words.some((word) => unaskedArgument.test(word))) return [];
  if (initrds.some(({ osRelease }) => unaskedFromPatches.has(osRelease?.id ?? ''))) return [];
  const version = initrds.flatMap(({ dracut }) => dracut?.version ?? []).at(0);
  if (version === undefined || !(Number.parseInt(version, 10) < unaskedSince)) return [];
  return [finding('PROMPT_OVERLAY_UNANSWERED', { what, version, path })];
}

function pathOf({ initrds }: Bootable): string {
  return initrds.map(({ path }) => path).join(', ');
}
