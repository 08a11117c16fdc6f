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

/** Debian's netboot images start with a configuration in their memory disk, which names two files below the prefix. */
const startsFromMemory = /\(memdisk\)\/grub\.cfg/;

/**
 * The names under which GRUB looks for its configuration by TFTP, in its order: in the folder it was loaded from (Red
 * Hat's does, and any without a prefix), then below its prefix; in each by the machine's id, its MAC, its address cut
 * digit by digit, and then without any (grub-core/net/net.c: grub_net_search_config_file).
 *
 * @param grub `undefined`: not known
 */
export function configNames(grub: GrubImage | undefined, place: Place): string[] {
  // A prefix with a device, such as (memdisk)/boot/grub, is not on the server.
  const prefix = grub?.prefix === undefined || grub.prefix.startsWith('(') ? '' : grub.prefix.replace(/^\/+|\/+$/g, '');
  if (grub?.config !== undefined && startsFromMemory.test(grub.config)) {
    return [`/${prefix}/${place.platform}/grub.cfg`, `/${prefix}/grub.cfg`];
  }
  const folders = [...new Set(prefix === '' ? [place.folder] : [place.folder, prefix])];
  return folders.flatMap((folder) =>
    ownNames(place).map((name) => `${folder === '' ? '' : `/${folder}`}/grub.cfg${name}`),
  );
}

function ownNames({ mac, address, machineId }: Place): string[] {
  const hexadecimal = (parseIpv4(address) ?? 0).toString(16).toUpperCase().padStart(8, '0');
  const cut = Array.from(hexadecimal, (_, index) => `-${hexadecimal.slice(0, hexadecimal.length - index)}`);
  return [`-${machineId}`, `-01-${mac.replaceAll(':', '-')}`, ...cut, ''];
}
