/** What kind of system a kernel's arguments start. */
export type System =
  /** A dracut live system: `root=live:URL` tells where it comes from. */
  | 'dracut-live'
  /** A live system of Debian's live-boot or Ubuntu's casper: it has its own arguments. */
  | 'other-live'
  /** An initramfs that is all there is. */
  | 'full-os'
  | 'not-live';

const dracutMarks = new Set(['rd.live.image', 'rd.live.image=1', 'rd_LIVE_IMAGE', 'rd_LIVE_IMAGE=1', 'liveimg']);
const otherMarks = new Set(['boot=live', 'boot=casper']);

export function isRoot(argument: string): boolean {
  return argument.startsWith('root=');
}

/** `root=/dev/ram0` means the initramfs itself: there is no other root to be found. */
export function isRootInMemory(argument: string): boolean {
  return argument.startsWith('root=/dev/ram');
}

export function isLiveRoot(argument: string): boolean {
  return argument.startsWith('root=live:');
}

export function hasLiveMark(words: readonly string[]): boolean {
  return words.some((word) => dracutMarks.has(word));
}

/** What is known of a kernel and of the configuration it stands in. */
interface Kernel {
  readonly arguments: readonly string[];
  readonly hasInitrd: boolean;
  /** The configuration is the ISO's own, where a root on a disk may stand for the live system. */
  readonly derived: boolean;
  /** The initramfs holds the whole system. */
  readonly fullOs: boolean;
}

export function systemOf(kernel: Kernel): System {
  const { arguments: words } = kernel;
  if (words.some((word) => otherMarks.has(word))) return 'other-live';
  if (kernel.fullOs) return kernel.hasInitrd ? 'full-os' : 'not-live';
  if (words.some(isLiveRoot) || hasLiveMark(words)) return 'dracut-live';
  const disk = words.some((word) => isRoot(word) && !isRootInMemory(word));
  return kernel.derived && kernel.hasInitrd && disk ? 'dracut-live' : 'not-live';
}
