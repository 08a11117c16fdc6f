import type { GrubImage } from '../iso/grub-image.ts';
import { parseIpv4 } from '../wire/addresses.ts';

/** Where GRUB is, and on which machine. */
interface Place {
  /** The folder that it was loaded from, without slashes around it. */
  readonly folder: string;
  /** `x86_64-efi`. */
  readonly platform: string;
  /** With colons. */
  readonly mac: string;
  /** Dotted decimal. */
  readonly address: string;
  /** The machine's GUID, as text. */
  readonly machineId: string;
}

/**
 * Debian's netboot images start with a configuration in their memory disk. It prefers x86_64-efi/grub.cfg below the
 * prefix if that exists, but to GRUB's `test -e` nothing exists on a network (captured: it is not even asked for).
 */
const startsFromMemory = /\(memdisk\)\/grub\.cfg/;

/**
 * The names under which GRUB looks for its configuration by TFTP, in its order: in the folder it was loaded from (Red
 * Hat's does, and any without a prefix), then below its prefix; in each by the machine's id, its MAC, its address cut
 * digit by digit, and then without any (grub-core/net/net.c: grub_net_search_config_file).
 *
 * @param grub `undefined`: not known
 */
export function configNames(grub: GrubImage | undefined, place: Place): string[] {
  const prefix = prefixOnServer(grub);
  if (grub?.config !== undefined && startsFromMemory.test(grub.config)) return [`/${prefix}/grub.cfg`];
  const folders = [...new Set(prefix === '' ? [place.folder] : [place.folder, prefix])];
  return folders.flatMap((folder) => ownNames(place).map((name) => `${slashed(folder)}/grub.cfg${name}`));
}

/** What GRUB asks for before its configuration, and can do without; none where its modules are in its memory. */
export function moduleLists(grub: GrubImage | undefined, { folder, platform }: Place): string[] {
  if (grub?.prefix?.startsWith('(')) return [];
  const prefix = slashed(prefixOnServer(grub) || folder);
  return ['command', 'fs', 'crypto', 'terminal'].map((list) => `${prefix}/${platform}/${list}.lst`);
}

/** Without slashes around it; empty where it has none, or one with a device, such as (memdisk)/boot/grub. */
function prefixOnServer(grub: GrubImage | undefined): string {
  const prefix = grub?.prefix ?? '';
  return prefix.startsWith('(') ? '' : prefix.replace(/^\/+|\/+$/g, '');
}

function slashed(folder: string): string {
  return folder === '' ? '' : `/${folder}`;
}

function ownNames({ mac, address, machineId }: Place): string[] {
  const hexadecimal = (parseIpv4(address) ?? 0).toString(16).toUpperCase().padStart(8, '0');
  const cut = Array.from(hexadecimal, (_, index) => `-${hexadecimal.slice(0, hexadecimal.length - index)}`);
  return [`-${machineId}`, `-01-${mac.replaceAll(':', '-')}`, ...cut, ''];
}
