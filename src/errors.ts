/**
 * Every error that a person can meet: its code, what went wrong, what to do, and the exit status of a command that
 * ends with it. `docs/reference/errors.md` lists the same rows; a test holds the two together.
 *
 * `{name}` in a text is filled from the data of the error.
 */
const exit = {
  /** A fault of Bootwright itself. */
  internal: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** The image that was given can't be used. */
  image: 3,
  /** The output can't be written. */
  output: 4,
  /** This machine does not allow what was asked: a port, a permission, an interface. */
  environment: 5,
  /** A machine would not boot. */
  unbootable: 6,
} as const;

interface ErrorRow {
  readonly exit: number;
  readonly problem: string;
  readonly remedy: string;
}

export const errorTable = {
  // wire
  WIRE_TRUNCATED: {
    exit: exit.internal,
    problem: 'the data ends too early: {neededBytes} bytes needed at offset {offset}, {availableBytes} there',
    remedy: 'Nothing: what was received is incomplete and is ignored.',
  },

  // config
  CONFIG_UNREADABLE: {
    exit: exit.usage,
    problem: 'the configuration {path} cannot be read: {reason}',
    remedy: 'Name a file that is there, or leave --config out to use the defaults.',
  },
  CONFIG_NOT_YAML: {
    exit: exit.usage,
    problem: '{path}, line {line}: {reason}',
    remedy: 'Correct the line; bootwright.example.yaml shows how a configuration looks.',
  },
  CONFIG_UNKNOWN_KEY: {
    exit: exit.usage,
    problem: '{where}: there is no setting "{key}"',
    remedy: 'The nearest one is "{nearest}"; bootwright.example.yaml explains them all.',
  },
  CONFIG_BAD_VALUE: {
    exit: exit.usage,
    problem: '{where}: {value} is not a good value of "{key}"',
    remedy: 'It must be {expected}.',
  },

  // release
  IMAGE_NO_LOADER: {
    exit: exit.image,
    problem: 'the image has no UEFI loader: {path} is not there',
    remedy: 'Build it with shim and GRUB in EFI/BOOT, as an ISO for UEFI machines has them.',
  },
  IMAGE_NO_GRUB: {
    exit: exit.image,
    problem: 'the image has no GRUB: {path} is not one, and there is no grubx64.efi beside it',
    remedy: 'Put grubx64.efi beside the loader in EFI/BOOT.',
  },
  IMAGE_LOADER_INVALID: {
    exit: exit.image,
    problem: 'the loader {path} cannot be used: {reason}',
    remedy: 'Take shim and GRUB for the architecture of the image, whole, from the distribution.',
  },
  IMAGE_NO_GRUB_CONFIG: {
    exit: exit.image,
    problem: 'the image has no configuration of GRUB; looked for {paths}',
    remedy: 'Build the image with boot/grub2/grub-pxe.cfg, or with boot/grub2/grub.cfg to derive it from.',
  },
  IMAGE_CONFIG_TOO_LARGE: {
    exit: exit.image,
    problem: "{path} is no configuration of GRUB's: it is larger than {limitBytes} bytes",
    remedy: 'Look at how the image was made.',
  },
  IMAGE_NOTHING_TO_BOOT: {
    exit: exit.image,
    problem: "GRUB's configuration in the image has no entry that loads a kernel and an initrd",
    remedy: 'Give it a menuentry with "linux" and "initrd" commands that name files of the image.',
  },
  IMAGE_NOTHING_LIVE: {
    exit: exit.image,
    problem: 'the image has a live system, but no entry of {path} boots it',
    remedy: 'Give an entry the kernel arguments root=live:… and rd.live.image.',
  },
  IMAGE_NO_KERNEL: {
    exit: exit.image,
    problem: 'the menu entry "{title}" loads the kernel {path}, which is not in the image',
    remedy: 'Put the kernel there, or correct the path in the configuration of GRUB.',
  },
  IMAGE_NO_INITRD: {
    exit: exit.image,
    problem: 'the menu entry "{title}" loads the initrd {path}, which is not in the image',
    remedy: 'Put the initrd there, or correct the path in the configuration of GRUB.',
  },
  IMAGE_FAMILY_UNSUPPORTED: {
    exit: exit.image,
    problem: 'the initrd {path} is of {family}, whose live systems Bootwright does not know how to boot',
    remedy: 'Use a live image that is made with dracut (Azure Linux, Fedora and others).',
  },
  INITRD_MODULE_MISSING: {
    exit: exit.image,
    problem: "the initrd {path} holds no dracut module '{module}': it could not fetch and mount the live system",
    remedy: 'Make it with: dracut --add "dmsquash-live livenet" (Debian: packages dracut-live and dracut-network).',
  },
  IMAGE_LINK_OUTSIDE: {
    exit: exit.image,
    problem: 'the symbolic link {path} leads out of the image, to {target}',
    remedy: 'Remove the link from the image, or let it point to a file of the image.',
  },
  IMAGE_NAME_TWICE: {
    exit: exit.image,
    problem: 'two files would both become {path}',
    remedy: 'Rename one of them in the image, or the image itself.',
  },
  LIVE_URL_INVALID: {
    exit: exit.usage,
    problem: '"{url}" is no URL',
    remedy: 'Give a whole URL, such as http://10.0.0.1/liveos.iso.',
  },
  LIVE_URL_SCHEME: {
    exit: exit.usage,
    problem: 'dracut cannot fetch {url}: it does not know "{scheme}"',
    remedy: 'Use one of: {schemes}.',
  },
  LIVE_URL_NOT_ISO: {
    exit: exit.usage,
    problem: 'the path of {url} does not end in .iso, so dracut would not take it for an ISO',
    remedy: 'Let the URL end in .iso, lower case; --base-url appends the name of the ISO.',
  },
  LIVE_URL_UNUSED: {
    exit: exit.usage,
    problem: 'the image holds its whole system in the initrd, and would fetch nothing from {url}',
    remedy: 'Leave --iso-url and --base-url out for this image.',
  },
  SOURCE_CHANGED: {
    exit: exit.image,
    problem: '{path} changed while it was read',
    remedy: 'Write the image under another name and rename it when it is whole.',
  },
  MANIFEST_INVALID: {
    exit: exit.output,
    problem: '{where} is no manifest of a release: {reason}',
    remedy: 'Build the release again.',
  },
  RELEASE_NOT_FOUND: {
    exit: exit.usage,
    problem: 'there is no release "{id}" in {root}',
    remedy: 'Look at "bootwright releases".',
  },
  OUTPUT_FULL: {
    exit: exit.output,
    problem: 'no space left for {path}',
    remedy: 'Free some space, or choose another folder; nothing was left behind.',
  },
  OUTPUT_UNWRITABLE: {
    exit: exit.output,
    problem: 'cannot write to {path}: {reason}',
    remedy: 'Check the permissions of the folder and the health of the disk.',
  },
  OUTPUT_NOT_OURS: {
    exit: exit.output,
    problem: '{path} is there already, and Bootwright did not make it',
    remedy: 'Choose another --output, or remove it yourself.',
  },

  // root
  ROOT_NOT_OURS: {
    exit: exit.output,
    problem: 'the folder {root} holds "{name}", so it is in use for something else',
    remedy: 'Choose an empty or a new folder for --root.',
  },
  ROOT_IN_USE: {
    exit: exit.environment,
    problem: 'the folder {root} is served by {holder} already',
    remedy: 'Stop that one first, or choose another --root.',
  },
  ADDRESS_NOT_HERE: {
    exit: exit.environment,
    problem: 'the address {address} is not on that interface, or not on this machine',
    remedy: 'Choose one of: {known}.',
  },
  INTERFACE_DOWN: {
    exit: exit.environment,
    problem: 'the interface {interface} is switched off or has no link',
    remedy: 'Switch it on ("ip link set {interface} up"), plug in its cable, or choose another --interface.',
  },
  INTERFACE_WITHOUT_ADDRESS: {
    exit: exit.environment,
    problem: 'the interface {interface} has no IPv4 address',
    remedy: 'Give it one: "ip address add 10.0.0.1/24 dev {interface}".',
  },
  INTERFACE_NOT_NAMED: {
    exit: exit.usage,
    problem: 'this machine has {count} networks, and one must be chosen',
    remedy: 'Name it with --interface; there are: {known}.',
  },
  SERVER_NOT_RUNNING: {
    exit: exit.environment,
    problem: 'no server serves the folder {root}',
    remedy: 'Start one with "bootwright serve", or name the right --root.',
  },
  SERVER_UNHEALTHY: {
    exit: exit.environment,
    problem: 'the server does not answer at {url}: {reason}',
    remedy: 'Look at its log.',
  },

  // http
  TCP_PORT_IN_USE: {
    exit: exit.environment,
    problem: 'TCP port {port} of {address} is in use by another program',
    remedy:
      'Find it with "ss -ltnp sport = :{port}" and stop it (often nginx or apache), or choose another --http-port.',
  },
  TCP_PORT_FORBIDDEN: {
    exit: exit.environment,
    problem: 'no permission to open TCP port {port} of {address}',
    remedy: 'Run as root, or give the capability CAP_NET_BIND_SERVICE, or choose an --http-port above 1023.',
  },
  TCP_ADDRESS_NOT_HERE: {
    exit: exit.environment,
    problem: 'this machine has no address {address}, so TCP port {port} cannot be opened on it',
    remedy: 'Look at "ip address" and name an address or an interface of this machine.',
  },

  // store
  STORE_UNREADABLE: {
    exit: exit.environment,
    problem: 'the state in {path} cannot be opened: {reason}',
    remedy: 'Check the permissions of the file; a newer Bootwright may have written it.',
  },

  // platform
  PLATFORM_UNSUPPORTED: {
    exit: exit.environment,
    problem: 'this needs Linux, and this machine runs {platform}',
    remedy: 'Run Bootwright on Linux, in a virtual machine or a container with the host network.',
  },
  UDP_PORT_IN_USE: {
    exit: exit.environment,
    problem: 'UDP port {port} of {address} is in use by another program',
    remedy:
      'Find it with "ss -lunp sport = :{port}" and stop it (often dnsmasq, tftpd or a DHCP server), or choose another port.',
  },
  UDP_PORT_FORBIDDEN: {
    exit: exit.environment,
    problem: 'no permission to open UDP port {port} of {address}',
    remedy:
      'Run as root, or give the capability CAP_NET_BIND_SERVICE (packaging/bootwright.service does), or choose ports above 1023.',
  },
  UDP_ADDRESS_NOT_HERE: {
    exit: exit.environment,
    problem: 'this machine has no address {address}, so port {port} cannot be opened on it',
    remedy: 'Look at "ip address" and name an address or an interface of this machine.',
  },
  INTERFACE_NOT_FOUND: {
    exit: exit.environment,
    problem: 'there is no network interface "{interface}"',
    remedy: 'Choose one of: {known}.',
  },

  // files and images (platform/files-node, iso/)
  FILE_NOT_FOUND: {
    exit: exit.usage,
    problem: 'there is no file {path}',
    remedy: 'Check the path.',
  },
  FILE_UNREADABLE: {
    exit: exit.environment,
    problem: '{path} cannot be read: {reason}',
    remedy: 'Give this user the right to read it, or name a regular file.',
  },
  IMAGE_NOT_A_FILE: {
    exit: exit.image,
    problem: '{path} in the image is a {kind}, not a file',
    remedy: 'Name a file in the image.',
  },
  ISO_NOT_ISO9660: {
    exit: exit.image,
    problem: 'this is not an ISO9660 image: {found}',
    remedy: 'Give a LiveOS ISO, unpacked where it came compressed.',
  },
  ISO_TRUNCATED: {
    exit: exit.image,
    problem: 'the image is cut off: it needs {neededBytes} bytes and has {sizeBytes}',
    remedy: 'Download or copy the image again, and compare its checksum with the published one.',
  },
  ISO_DAMAGED: {
    exit: exit.image,
    problem: 'the image is damaged: {what} (at byte {offsetBytes})',
    remedy: 'Download or copy the image again, and compare its checksum with the published one.',
  },
  ISO_NAME_UNSAFE: {
    exit: exit.image,
    problem: 'the image names a file {name} in /{directory}, which no file can be called',
    remedy: 'Do not trust this image: get it from its publisher again.',
  },
  ISO_TREE_TOO_LARGE: {
    exit: exit.image,
    problem: 'the file tree of the image is larger than Bootwright reads: more than {limit} {what}',
    remedy: 'Do not trust this image: no live system has such a tree.',
  },
  ISO_UNSUPPORTED: {
    exit: exit.image,
    problem: '{path} in the image is stored in a way that Bootwright does not read: {what}',
    remedy: 'Make the image again without that, for example with xorriso -as mkisofs -R -J.',
  },
  INITRD_NOT_CPIO: {
    exit: exit.image,
    problem: 'this is no initrd: {found}',
    remedy: 'Name the initrd or initramfs of the image, made of cpio archives (newc).',
  },
  INITRD_COMPRESSION_UNKNOWN: {
    exit: exit.image,
    problem: 'the initrd is compressed by {compression}, which Bootwright does not read',
    remedy: 'Make the initrd again with gzip, zstd, xz or lz4, for example dracut --zstd.',
  },
  INITRD_DAMAGED: {
    exit: exit.image,
    problem: 'the initrd is damaged: {what} (at byte {offsetBytes})',
    remedy: 'Make or download the image again, and compare its checksum with the published one.',
  },
  INITRD_TOO_LARGE: {
    exit: exit.image,
    problem: 'the initrd holds more than {limit} {what}',
    remedy: 'Do not trust this image, or allow more: no machine would have the memory to unpack it.',
  },
  LOADER_NOT_PE: {
    exit: exit.image,
    problem: 'this is no EFI program: {found}',
    remedy: 'Name a boot loader for UEFI, such as bootx64.efi or grubx64.efi.',
  },
  LOADER_DAMAGED: {
    exit: exit.image,
    problem: 'the EFI program is damaged: {what}',
    remedy: 'Download or copy the image again, and compare its checksum with the published one.',
  },
  FAT_NOT_FAT: {
    exit: exit.image,
    problem: 'this is no FAT file system: {found}',
    remedy: 'Make the EFI boot image again, for example with mkfs.vfat and mcopy.',
  },
  FAT_DAMAGED: {
    exit: exit.image,
    problem: 'the FAT file system is damaged: {what} (at byte {offsetBytes})',
    remedy: 'Download or copy the image again, and compare its checksum with the published one.',
  },

  // dhcp
  DHCP_MALFORMED: {
    exit: exit.internal,
    problem: 'the DHCP message is malformed: {what}',
    remedy: 'Nothing: the message is ignored; "tcpdump -vv port 67" shows who sends it.',
  },
  DHCP_POOL_INVALID: {
    exit: exit.usage,
    problem: 'the pool {first} to {last} cannot be served from {address} with netmask {netmask}: {reason}',
    remedy: 'Choose a first and a last address, in this order, from the network of the interface.',
  },
  DHCP_NO_OFFER: {
    exit: exit.unbootable,
    problem: 'no DHCP server offered an address within {waitedMs} ms',
    remedy:
      'See that a server runs on this network, that no firewall drops UDP ports 67 and 68, and that its pool has a free address.',
  },
  DHCP_NO_ACKNOWLEDGEMENT: {
    exit: exit.unbootable,
    problem: 'the DHCP server {server} offered {address}, but did not answer the request for it within {waitedMs} ms',
    remedy: 'Look at the events of that server: it says why it did not answer.',
  },
  DHCP_REFUSED: {
    exit: exit.unbootable,
    problem: 'the DHCP server {server} refused the address {address}: {reason}',
    remedy: 'Ask again: the server forgot the address or gave it to another machine.',
  },

  // tftp
  TFTP_MALFORMED: {
    exit: exit.internal,
    problem: 'the TFTP datagram is malformed: {reason}',
    remedy: 'Nothing: it is not obeyed; "tcpdump -vv udp" shows who sends it.',
  },
  TFTP_FILE_CUT: {
    exit: exit.environment,
    problem: 'the file ended after {availableBytes} bytes of {sizeBytes} while it was being sent',
    remedy: 'Do not change files that machines boot from: publish a new release instead.',
  },
  TFTP_REFUSED: {
    exit: exit.unbootable,
    problem: 'the TFTP server {server} refused {path}: ERROR {errorCode}, "{text}"',
    remedy: 'ERROR 1 means that there is no such file: compare the name with what the server offers.',
  },
  TFTP_TIMED_OUT: {
    exit: exit.unbootable,
    problem: 'the TFTP server {server} fell silent after {receivedBytes} bytes of {path}, for {waitedMs} ms',
    remedy:
      'See that the server runs, and that no firewall drops its answers: they come from another port than the one asked.',
  },
  TFTP_BAD_OPTIONS: {
    exit: exit.unbootable,
    problem: 'the TFTP server {server} answered with an option that was not asked for: {option} = {value}',
    remedy: 'Ask without options, or use another server: firmware refuses such an answer too.',
  },
  TFTP_WRONG_SIZE: {
    exit: exit.unbootable,
    problem: 'the TFTP server {server} announced {announcedBytes} bytes of {path} and sent {receivedBytes}',
    remedy: 'Ask again: the file may have changed meanwhile.',
  },

  // grub
  GRUB_CONFIG_MALFORMED: {
    exit: exit.image,
    problem: 'line {line} of the GRUB configuration: {reason}',
    remedy: 'Correct the configuration in the image; `grub-script-check` shows what GRUB itself thinks of it.',
  },
  GRUB_ARGUMENT_UNUSABLE: {
    exit: exit.usage,
    problem: 'the kernel argument {argument} holds a control character, which no kernel command line can carry',
    remedy: 'Leave line ends, tabs and other control characters out of kernel arguments and URLs.',
  },

  // probe
  PROBE_OFFER_UNUSABLE: {
    exit: exit.unbootable,
    problem: 'the offer of the DHCP server {server} does not boot a machine: {reason}',
    remedy:
      'Let that server send siaddr, the file field, and option 60 only together with option 43 (6 = 8); or look for a second DHCP server on this network.',
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
  PROBE_LIVE_UNCHECKED: {
    exit: exit.unbootable,
    problem: 'whether the machine could fetch {url} is not known: only http, https and tftp can be tried',
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

export type ErrorCode = keyof typeof errorTable;

type Names<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;

/** The values that the texts of one code name. */
export type ErrorData<Code extends ErrorCode> = Record<
  Names<(typeof errorTable)[Code]['problem'] | (typeof errorTable)[Code]['remedy']>,
  string | number
>;

function fill(text: string, data: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(data[name]));
}

/** An error with a code of `errorTable`, the values that caused it, and what to do. */
export class BootwrightError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'BootwrightError';
  readonly code: Code;
  readonly data: Readonly<Record<string, string | number>>;
  readonly remedy: string;
  readonly exitStatus: number;

  constructor(code: Code, data: ErrorData<Code>, options?: ErrorOptions) {
    const row: ErrorRow = errorTable[code];
    super(fill(row.problem, data), options);
    this.code = code;
    this.data = data;
    this.remedy = fill(row.remedy, data);
    this.exitStatus = row.exit;
  }
}

/** True where `error` is a BootwrightError with that code. */
export function hasCode<Code extends ErrorCode>(error: unknown, code: Code): error is BootwrightError<Code> {
  return error instanceof BootwrightError && error.code === code;
}
