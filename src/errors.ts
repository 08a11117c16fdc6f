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
    remedy: 'nothing: what was received is incomplete and is ignored',
  },

  // config
  CONFIG_UNREADABLE: {
    exit: exit.usage,
    problem: 'the configuration {path} can not be read: {reason}',
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
      'Run as root, or give the capabilities CAP_NET_BIND_SERVICE and CAP_NET_RAW (the systemd unit in packaging/ does), or choose ports above 1023.',
  },
  UDP_ADDRESS_NOT_HERE: {
    exit: exit.environment,
    problem: 'this machine has no address {address}, so port {port} can not be opened on it',
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
    remedy: 'check the path',
  },
  FILE_UNREADABLE: {
    exit: exit.environment,
    problem: '{path} cannot be read: {reason}',
    remedy: 'give this user the right to read it, or name a regular file',
  },
  IMAGE_NOT_A_FILE: {
    exit: exit.image,
    problem: '{path} in the image is a {kind}, not a file',
    remedy: 'name a file in the image',
  },
  ISO_NOT_ISO9660: {
    exit: exit.image,
    problem: 'this is not an ISO9660 image: {found}',
    remedy: 'give a LiveOS ISO, unpacked where it came compressed',
  },
  ISO_TRUNCATED: {
    exit: exit.image,
    problem: 'the image is cut off: it needs {neededBytes} bytes and has {sizeBytes}',
    remedy: 'download or copy the image again, and compare its checksum with the published one',
  },
  ISO_DAMAGED: {
    exit: exit.image,
    problem: 'the image is damaged: {what} (at byte {offsetBytes})',
    remedy: 'download or copy the image again, and compare its checksum with the published one',
  },
  ISO_NAME_UNSAFE: {
    exit: exit.image,
    problem: 'the image names a file {name} in /{directory}, which no file can be called',
    remedy: 'do not trust this image: get it from its publisher again',
  },
  ISO_TREE_TOO_LARGE: {
    exit: exit.image,
    problem: 'the file tree of the image is larger than Bootwright reads: more than {limit} {what}',
    remedy: 'do not trust this image: no live system has such a tree',
  },
  ISO_UNSUPPORTED: {
    exit: exit.image,
    problem: '{path} in the image is stored in a way that Bootwright does not read: {what}',
    remedy: 'make the image again without that, for example with xorriso -as mkisofs -R -J',
  },

  // dhcp
  DHCP_MALFORMED: {
    exit: exit.internal,
    problem: 'the DHCP message is malformed: {what}',
    remedy: 'nothing: the message is ignored; "tcpdump -vv port 67" shows who sends it',
  },
  DHCP_POOL_INVALID: {
    exit: exit.usage,
    problem: 'the pool {first} to {last} can not be served from {address} with netmask {netmask}: {reason}',
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
