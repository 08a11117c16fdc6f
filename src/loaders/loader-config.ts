/** Below which path our GRUBs look for their configuration, modules and the like. */
export const loaderPrefix = 'loaders/grub';

interface OurServer {
  /** Under which the machine reaches us, IPv4 or IPv6. */
  readonly address: string;
  readonly httpPort: number;
}

/** The network is asked for an address and the server for the configuration so often, with a pause between. */
const attempts = [1, 2, 3] as const;
const pauseSeconds = 5;
/** How long the reason can be read before the firmware goes on to what it boots next. */
const readableSeconds = 30;

/**
 * What our GRUBs do first: they get themselves an address where the firmware left them none, and go on to the
 * configuration of the machine. The server's address is ours and not DHCP's: beside another DHCP server that one names
 * somebody else, or nobody.
 *
 * HTTP Boot leaves no address to most GRUBs. `net_bootp` asks on all cards, and fails where one of several gets no
 * answer: whether the network works is shown by the file.
 */
export function loaderConfig({ address, httpPort }: OurServer): string {
  const isSix = address.includes(':');
  const host = isSix ? `[${address}]` : address;
  const http = `(http,${host}${httpPort === 80 ? '' : `:${httpPort}`})`;
  const configure = isSix ? 'if ! net_bootp6; then net_ipv6_autoconf; fi' : 'net_bootp';
  return `# Menus of some distributions say linuxefi. A command of that name goes before the function.
function linuxefi { linux "$@"; }
function initrdefi { initrd "$@"; }

for attempt in ${attempts.join(' ')}; do
  if [ -z "$net_default_ip" -o "$attempt" != 1 ]; then
    ${configure}
  fi
  for device in '${http}' '(tftp,${host})'; do
    if [ -s "$device/${loaderPrefix}/grub.cfg" ]; then
      set root="$device"
      set prefix="$device/${loaderPrefix}"
      configfile "$prefix/grub.cfg"
      exit
    fi
  done
  sleep ${pauseSeconds}
done
echo
echo 'Bootwright: no configuration from ${address}; its log says more.'
net_ls_addr
sleep --interruptible ${readableSeconds}
exit
`;
}
