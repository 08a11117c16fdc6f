import { type ErrorRow, exit } from './row.ts';

export const probeErrors = {
  PROBE_OFFER_UNUSABLE: {
    exit: exit.unbootable,
    problem: 'the offer of the DHCP server {server} does not boot a machine: {reason}',
    remedy:
      'Let that server send siaddr, the file field, and option 60 only together with option 43 (6 = 8); or look for a second DHCP server on this network.',
  },
  PROBE_BOOT_SERVER_SILENT: {
    exit: exit.unbootable,
    problem: 'firmware would have to ask {server} on port 4011 what to boot, and nothing answers there',
    remedy:
      'See that no firewall drops UDP port 4011, and that the server runs; or let it send option 43 (6 = 8) with its offer.',
  },
  PROBE_NO_BOOT_FILE: {
    exit: exit.unbootable,
    problem: 'the DHCP server {server} gives {architecture} an address and nothing to boot',
    remedy: 'See "bootwright releases": one must be active, for this architecture.',
  },
  PROBE_FILE_MISSING: {
    exit: exit.unbootable,
    problem: '{server} does not have {path}, without which the boot ends',
    remedy: 'Publish the release again: put its ISO into the images folder once more, or activate another release.',
  },
  PROBE_FILE_REFUSED: {
    exit: exit.unbootable,
    problem: '{server} cannot send {path}, without which the boot ends: ERROR {errorCode}, "{text}"',
    remedy: 'Look at the log of the server; if the file is gone or cut off, build the release from its ISO again.',
  },
  PROBE_WRONG_BYTES: {
    exit: exit.unbootable,
    problem: '{path} is not the file of its release: its SHA-256 is {got}, the manifest says {expected}',
    remedy: 'Somebody changed the file, or the disk is failing. Remove the release and build it from its ISO again.',
  },
  PROBE_WRONG_SIZE: {
    exit: exit.unbootable,
    problem: '{path} has {gotBytes} bytes, the manifest of its release says {expectedBytes}',
    remedy: 'Somebody changed the file, or the disk is failing. Remove the release and build it from its ISO again.',
  },
  PROBE_MANIFEST_INVALID: {
    exit: exit.unbootable,
    problem: 'the manifest of the release cannot be used: {reason}',
    remedy: 'Somebody changed the release. Remove it and build it from its ISO again.',
  },
  PROBE_TOO_LARGE: {
    exit: exit.unbootable,
    problem: '{path} does not end after {limitBytes} bytes: no file of its kind is as large',
    remedy: 'Look at what the server has under that name.',
  },
  PROBE_NOT_A_LOADER: {
    exit: exit.unbootable,
    problem: 'firmware would not start {path}: {reason}',
    remedy: 'Build the release from an ISO with shim and GRUB in EFI/BOOT.',
  },
  PROBE_WRONG_ARCHITECTURE: {
    exit: exit.unbootable,
    problem: '{path} is for {got}, the machine is {expected}',
    remedy: 'Activate a release for this architecture, or probe with another --arch.',
  },
  PROBE_NO_GRUB_CONFIG: {
    exit: exit.unbootable,
    problem: 'GRUB finds no configuration on {server} and stops at its prompt; it looked for {paths}',
    remedy: 'Serve grub.cfg under one of these names, as "bootwright serve" does.',
  },
  PROBE_CONFIG_WRONG: {
    exit: exit.unbootable,
    problem: 'GRUB cannot follow {path}: {reason}',
    remedy: 'Correct the configuration in the image and build the release again.',
  },
  PROBE_NOTHING_TO_BOOT: {
    exit: exit.unbootable,
    problem: 'GRUB stops at its prompt: {path} loads no kernel',
    remedy: 'Give the configuration in the image a menuentry with "linux" and "initrd", and build the release again.',
  },
  PROBE_MENU_WAITS: {
    exit: exit.unbootable,
    problem: 'GRUB waits for somebody at the keyboard: {path} {reason}',
    remedy: 'Put "set timeout=5" into the configuration in the image, no password, and build the release again.',
  },
  PROBE_GRUB_WITHOUT_HTTP: {
    exit: exit.unbootable,
    problem: 'GRUB stops: {path} loads {url}, and this GRUB has no http module',
    remedy: 'Name the file by (tftp,…), or put a GRUB with its http module built in into the image.',
  },
  PROBE_NO_LIVE_IMAGE: {
    exit: exit.unbootable,
    problem: 'the live system of "{title}" has no root=live:URL to fetch its image from',
    remedy: 'Add root=live:URL to the "linux" command of the configuration, and build the release again.',
  },
  PROBE_ISO_UNNAMED: {
    exit: exit.unbootable,
    problem: '{url} is an ISO whose name does not end in .iso: dracut would mount it as the live system itself',
    remedy: 'Let the URL end in .iso, lower case, or in the name of the squashfs that is in it.',
  },
  PROBE_LIVE_UNCHECKED: {
    exit: exit.unbootable,
    problem: 'whether the machine could fetch {url} is not known: only http, https and tftp URLs can be tried',
    remedy: 'Probe with --quick to leave it out, and watch that server by other means.',
  },
  PROBE_ADDRESS_CHANGED: {
    exit: exit.unbootable,
    problem: 'the firmware got the address {firmware} and the Linux on the same machine {linux}',
    remedy:
      'Let the DHCP server tell machines by their MAC address and not by option 61; or look for a second DHCP server on this network.',
  },
  PROBE_HTTP_FAILED: {
    exit: exit.unbootable,
    problem: '{url} cannot be fetched: {reason}',
    remedy: 'See that the HTTP server runs and has the file, and that no firewall is in between.',
  },
  PROBE_TOO_SLOW: {
    exit: exit.unbootable,
    problem: 'the probe was not at its end after {timeoutSeconds} s',
    remedy: 'The timeline shows what took so long; allow more by --timeout, or read less of the image by --quick.',
  },
} as const satisfies Record<string, ErrorRow>;
