/**
 * Folders in which GRUB builds look for their files: the prefix that was compiled in, or the folder they were loaded
 * from. What a release has in one of them is found in all of them.
 *
 * Azure Linux: /boot/grub2. Debian's and Ubuntu's signed netboot GRUB: /grub, then /grub/x86_64-efi/grub.cfg. Fedora,
 * RHEL and AZL4: /EFI/<vendor>. Our own: /loaders/grub. No-prefix builds: the folder of the loader, our release's root.
 */
const prefixPattern =
  /^(?:(?:boot\/grub2?|grub2?|efi\/[^/]+|loaders\/grub)(?:\/|$))?(?:(?:x86_64|arm64|i386)-efi\/(?=grub\.cfg$))?/i;

/** Where a release may keep the files that GRUB looks for below its prefix, best first. */
const homes = ['boot/grub2/', 'boot/grub/', 'grub/', ''] as const;

/** The administrator's files that may be what a Raspberry Pi asks for: below its serial number, or its MAC address. */
export function raspberryPiPaths(path: string): string[] {
  if (path === 'bootcode.bin') return [`loaders/raspberry-pi/${path}`];
  const rest = /^(?:[0-9a-f]{8}|[0-9a-f]{2}(?:-[0-9a-f]{2}){5})\/(.+)$/s.exec(path)?.[1];
  return rest === undefined ? [] : [`loaders/raspberry-pi/${path}`, `loaders/raspberry-pi/${rest}`];
}

/**
 * The paths in a release at which a file may be that was asked for by `path`, best first: as it is, then below each
 * place that a GRUB prefix can mean. The configuration has one place. `path` has no leading slash.
 */
export function candidates(path: string): string[] {
  const rest = path.replace(prefixPattern, '');
  if (rest === 'grub.cfg') return ['boot/grub2/grub.cfg'];
  return [...new Set([path, ...homes.map((home) => `${home}${rest}`)])];
}
