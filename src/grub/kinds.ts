import { hasLiveMark, isLiveRoot } from './live.ts';
import type { Medium } from './medium.ts';

/** Where Azure Linux's live systems have the file system that dracut fetches. */
const liveFilesystem = '/liveos/rootfs.img';

/**
 * What tells dracut to start from there, in memory. Without `rd.live.overlay=1`, which the reference adds: an overlay is
 * made anyway, and a dracut before 106 that is told to look for one asks somebody to press Enter when there is none.
 */
const bootstrapArguments = [
  'rd.shell',
  'rd.live.image',
  'rd.live.dir=liveos',
  'rd.live.squashimg=rootfs.img',
  'rd.live.overlay.overlayfs',
  'rd.live.overlay.nouserconfirmprompt',
];

const ofBootstrap = /^(?:rd\.live\.|rd_LIVE_|liveimg$|rd\.shell$|ip=dhcp$)/;

/** Where dracut finds the file system, which it would look for under other names. */
const placeArguments = bootstrapArguments.filter((argument) => /^rd\.live\.(?:dir|squashimg)=/.test(argument));

/**
 * The arguments that a live entry must have: all of them where it was none before; in one that was, those without which
 * dracut would not find the file system. How it starts is its own affair.
 */
export function liveArguments(
  medium: Medium | undefined,
  turned: boolean,
  words: readonly string[],
): readonly string[] {
  const isAzure = medium?.kindOf(liveFilesystem) === 'file';
  if (turned || (isAzure && !hasLiveMark(words))) return bootstrapArguments;
  if (isAzure) return placeArguments;
  return hasLiveMark(words) ? [] : ['rd.live.image'];
}

/** True for what only a system that is fetched by dracut is told. */
export function isOfBootstrap(argument: string): boolean {
  return ofBootstrap.test(argument);
}

/** True if a kernel is told to fetch a live system, rather than to start the one in its initramfs. */
export function startsBootstrap(words: readonly string[]): boolean {
  return words.some(isLiveRoot) || hasLiveMark(words);
}

/**
 * The initramfs of a kernel: the whole system in one file for all kernels, or a small one for each, named after its
 * kernel's version. Undefined where the kernel's name is not known without running GRUB.
 */
export function initrdOf(kernel: string, kind: 'bootstrap' | 'full-os', medium?: Medium): string | undefined {
  const whole = '/boot/initrd.img';
  if (kind === 'full-os') return whole;
  if (kernel.includes('$')) return undefined;
  const version = /\/vmlinuz-([^/]+)$/.exec(kernel)?.[1];
  if (version === undefined) return whole;
  const names = [`/boot/initramfs-${version}.img`, `/boot/initrd.img-${version}`] as const;
  return names.find((name) => medium?.kindOf(name) === 'file') ?? names[0];
}
