import { parseMac } from '../wire/addresses.ts';
import { encodeOptions, type OptionValues, readOption } from './options.ts';
import { type DhcpPacket, noAddress } from './packet.ts';

/** A machine that asks. */
export interface Client {
  /** `52:54:00:12:34:56`. */
  readonly mac: string;
  /** Option 93 of its firmware, such as 7; `undefined`: it is the Linux of the machine that asks. */
  readonly architecture?: number;
}

/** Which of its exchanges a message belongs to. */
interface Transaction {
  readonly xid: number;
  /** Since the client began. */
  readonly seconds: number;
}

const ethernet = 1;
/** Sub-option of option 43. PXE 2.1, table 2-1. */
const bootItem = 71;
/** Option 57 of OVMF: it says in its REQUEST that it takes anything, but takes no more than in its DISCOVER. */
const discoverAllowsBytes = 1472;
const requestAllowsBytes = 0xff00;

/** Option 55 of EDK2, PxeBcDhcp4.c: PxeBcBuildDhcp4Options. */
const firmwareWants = [
  1, 2, 3, 4, 5, 6, 12, 13, 15, 17, 18, 22, 23, 28, 40, 41, 42, 43, 50, 51, 54, 58, 59, 60, 66, 67, 97, 128, 129, 130,
  131, 132, 133, 134, 135,
];

/** Option 55 of dhclient as dracut calls it. */
const linuxWants = [1, 28, 2, 3, 15, 6, 12];

export function discoverMessage(client: Client, transaction: Transaction): DhcpPacket {
  return message(client, transaction, { messageType: 'discover', ...describeClient(client, discoverAllowsBytes) });
}

/** Takes an offer. */
export function requestMessage(client: Client, transaction: Transaction, offer: DhcpPacket): DhcpPacket {
  return message(client, transaction, {
    messageType: 'request',
    serverIdentifier: readOption(offer.options, 'serverIdentifier'),
    requestedAddress: offer.yiaddr,
    ...describeClient(client, requestAllowsBytes),
  });
}

/** Asks a boot server, from an address that the machine has. PXE 2.1 §2.2. */
export function bootServerMessage(
  client: Client,
  transaction: Transaction,
  { address, item }: { readonly address: string; readonly item?: Uint8Array | undefined },
): DhcpPacket {
  const vendorOptions = item === undefined ? undefined : Uint8Array.of(bootItem, item.length, ...item, 255);
  const options = { messageType: 'request' as const, ...describeClient(client, discoverAllowsBytes), vendorOptions };
  return { ...message(client, transaction, options), broadcast: false, ciaddr: address };
}

export function releaseMessage(
  client: Client,
  transaction: Transaction,
  lease: { readonly address: string; readonly serverAddress: string },
): DhcpPacket {
  const options = { messageType: 'release' as const, serverIdentifier: lease.serverAddress };
  return { ...message(client, transaction, options), broadcast: false, ciaddr: lease.address };
}

function message(client: Client, { xid, seconds }: Transaction, options: OptionValues): DhcpPacket {
  return {
    op: 'request',
    htype: ethernet,
    hops: 0,
    xid,
    secs: seconds,
    broadcast: true,
    ciaddr: noAddress,
    yiaddr: noAddress,
    siaddr: noAddress,
    giaddr: noAddress,
    chaddr: parseMac(client.mac) ?? new Uint8Array(6),
    sname: '',
    file: '',
    options: encodeOptions(options),
  };
}

function describeClient({ mac, architecture }: Client, maximumMessageSize: number): OptionValues {
  if (architecture === undefined) return { clientIdentifier: linuxIdentifier(mac), parameterList: linuxWants };
  // The order and the values of OVMF 2022.11, as captured; a machine without a GUID sends zeros.
  return {
    maximumMessageSize,
    parameterList: firmwareWants,
    machineIdentifier: new Uint8Array(17),
    networkInterface: { type: 1, major: 3, minor: 0 },
    architectures: [architecture],
    vendorClass: `PXEClient:Arch:${String(architecture).padStart(5, '0')}:UNDI:003000`,
  };
}

/** An identifier that firmware never sends: type 255, an IAID, and a DUID made of the MAC address. RFC 4361 §6.1. */
function linuxIdentifier(mac: string): Uint8Array {
  const hardware = parseMac(mac) ?? new Uint8Array(6);
  return Uint8Array.of(255, ...hardware.subarray(2), 0, 3, 0, ethernet, ...hardware);
}
