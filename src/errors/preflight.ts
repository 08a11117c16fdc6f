import { type ErrorRow, exit } from './row.ts';

/** What is said of an image and ends no build. */
const warning = { exit: exit.image, severity: 'warning' } as const;

/** What is found out about an image before it is built, and by `bootwright inspect`. */
export const preflightErrors = {
  SIGNATURE_INVALID: {
    exit: exit.image,
    problem: 'the signature does not hold: {reason}',
    remedy: 'Take the file from its publisher again, whole.',
  },
  LOADER_SIGNATURE_BROKEN: {
    exit: exit.image,
    problem: 'the signature of {path} does not hold: {reason}',
    remedy: 'Take the file from the packages of its distribution again; a machine with Secure Boot refuses this one.',
  },
  IMAGE_KERNEL_INVALID: {
    exit: exit.image,
    problem: 'the kernel {path} cannot be booted: {reason}',
    remedy: 'Take the kernel for the architecture of the loaders.',
  },
  SECURE_BOOT_UNSIGNED: {
    ...warning,
    problem: '{path} is not signed',
    remedy: 'Take the signed one of the distribution, or switch Secure Boot off in the machines.',
  },
  SECURE_BOOT_UNTRUSTED: {
    ...warning,
    problem: '{path} is signed by "{signer}", and the shim of this image trusts {trusted}',
    remedy:
      'Take shim, GRUB and kernel of one distribution, or enroll the certificate of the signer (MOK) in the machines.',
  },
  SECURE_BOOT_REVOKED_BY_SHIM: {
    ...warning,
    problem: '{path} is on the list of programs that the shim of this image never loads',
    remedy: 'Take a newer one: this one has a known hole.',
  },
  SECURE_BOOT_NO_SBAT: {
    ...warning,
    problem: '{path} says nothing of its generation (SBAT), and shim loads no such program',
    remedy: 'Take a newer GRUB, made with SBAT data.',
  },
  SBAT_REVOKED: {
    ...warning,
    problem:
      '{path} is of generation {generation} of "{component}", and machines with the revocations of {level} or later want {neededGeneration}',
    remedy: 'Take a newer one of the distribution; such a machine with Secure Boot stops at "{screen}".',
  },
  SBAT_REVOKED_BY_SHIM: {
    ...warning,
    problem:
      '{path} is of generation {generation} of "{component}", and the shim beside it wants {neededGeneration} (so do machines with the revocations of {level})',
    remedy: 'Take shim and GRUB of one release of the distribution; a machine with Secure Boot stops at "{screen}".',
  },
  GRUB_NO_NETWORK: {
    ...warning,
    problem: 'the GRUB {path} has neither TFTP nor HTTP built in: it could not fetch its configuration',
    remedy:
      'Take the GRUB that is made for the network (Debian: grubnetx64.efi.signed), or build it with the modules tftp, http and efinet.',
  },
  GRUB_PREFIX_ON_DISK: {
    ...warning,
    problem: 'the GRUB {path} looks for its configuration on a disk only, at {prefix}',
    remedy:
      'Take the GRUB that is made for the network, or build it with a prefix without a disk, such as /boot/grub2.',
  },
  DRACUT_NETWORKD_LIVENET: {
    ...warning,
    problem:
      'the initrd {path} has dracut {version} with systemd-networkd, which never starts the fetching of the live system (dracut-ng issue 719)',
    remedy:
      'Make it with dracut 103 or later, or with network-legacy or network-manager; Azure Linux 3 has a fetcher of its own, with the kernel argument rd.live.azldownloader=enable.',
  },
  INITRD_NO_NETWORK: {
    ...warning,
    problem: 'the initrd {path} has nothing that brings the network up',
    remedy: 'Make it with: dracut --add "network" (Debian: package dracut-network).',
  },
  INITRD_NO_CURL: {
    ...warning,
    problem: 'the initrd {path} has no curl, with which livenet fetches the live system',
    remedy: 'Install curl where the initrd is made, and make it again.',
  },
  INITRD_NO_TLS_ROOTS: {
    ...warning,
    problem: 'the initrd {path} has no certificates to trust by, and the live system comes from {url}',
    remedy: 'Make it with the package ca-certificates and a dracut that takes it in, or use http.',
  },
  INITRD_KERNEL_MODULE_MISSING: {
    ...warning,
    problem: 'neither the initrd {path} nor its kernel has "{module}", which a live system is mounted by',
    remedy: 'Make it with: dracut --add-drivers "squashfs overlay loop iso9660".',
  },
  INITRD_OTHER_KERNEL: {
    ...warning,
    problem: 'the initrd {path} has modules for {versions}, and the menu loads it with a kernel {version}',
    remedy: 'Make the initrd for that kernel: without its modules it finds no network card and no file system.',
  },
  MEMORY_LARGE: {
    ...warning,
    problem: 'a machine needs about {needed} of memory, more than the {usual} that many have',
    remedy:
      'Let root=live: point at the squashfs alone, make the image smaller, or see to it that the machines have it.',
  },
  LIVE_URL_UNREACHABLE: {
    ...warning,
    problem: 'nothing answers at {url}: {reason}',
    remedy: 'See to it that the live system is there before machines boot, or correct the URL.',
  },
  LIVE_URL_STATUS: {
    ...warning,
    problem: 'the server answers {status} for {url}',
    remedy: 'Put the live system there before machines boot, or correct the URL.',
  },
  LIVE_URL_OTHER_SIZE: {
    ...warning,
    problem: '{url} has {answered}, and this image {sizeBytes} bytes',
    remedy: 'Put this image there before machines boot: one that is not the same would not fit its kernel.',
  },
  LIVE_URL_NO_RANGES: {
    ...warning,
    problem: 'the server of {url} does not send parts of it (it answers {status} to a range)',
    remedy: 'Fetching works, but one that broke off starts from the beginning; use a server that knows ranges.',
  },
  PROMPT_MENU: {
    ...warning,
    problem: 'the menu of {path} waits until somebody chooses ({what})',
    remedy: 'Give it "set timeout=5", or another number of seconds.',
  },
  PROMPT_OVERLAY: {
    ...warning,
    problem: 'with {what}, a machine that finds no place to keep changes in waits for a key',
    remedy:
      'Add rd.live.overlay.nouserconfirmprompt to the kernel arguments (dracut 106 or later, Azure Linux 3), or take {what} away.',
  },
  PROMPT_OVERLAY_UNANSWERED: {
    ...warning,
    problem:
      'with {what}, a machine that finds no place to keep changes in waits for a key: dracut {version} in {path} does not know rd.live.overlay.nouserconfirmprompt yet',
    remedy: 'Make the initrd with dracut 106 or later, or take {what} away.',
  },
  PROMPT_STOPS: {
    ...warning,
    problem: 'with "{what}" in {path}, a machine waits for a person: {reason}',
    remedy: 'Take it out of the configuration that machines boot by.',
  },
} as const satisfies Record<string, ErrorRow>;
