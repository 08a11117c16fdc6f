import { type DhcpPacket, noAddress } from '../dhcp/packet.ts';
import { readFirmware } from '../dhcp/read-firmware.ts';
import { hasCode } from '../errors.ts';
import { formatMac } from '../wire/addresses.ts';
import { attempt } from './attempt.ts';
import { readBootOffer } from './offer-shape.ts';

/** One DHCP message in words, such as `OFFER 10.0.0.5 from 10.0.0.1, boots bootx64.efi (direct)`. */
export function tellDhcp(message: DhcpPacket, from: string): string {
  return message.op === 'request' ? tellRequest(message) : tellReply(message, from);
}

function tellRequest(message: DhcpPacket): string {
  const { options, ciaddr, giaddr } = message;
  const type = attempt(options, 'messageType');
  const name = type === undefined ? 'BOOTP request' : type.toUpperCase();
  const wanted = attempt(options, 'requestedAddress') ?? (ciaddr === noAddress ? undefined : ciaddr);
  const server = attempt(options, 'serverIdentifier');
  const parts = [
    wanted === undefined ? name : `${name} ${type === 'discover' ? 'wishing' : 'for'} ${wanted}`,
    ...(server === undefined ? [] : [`of server ${server}`]),
    ...(giaddr === noAddress ? [] : [`by relay ${giaddr}`]),
  ];
  const who = whoAsks(message);
  return who === undefined ? parts.join(' ') : `${parts.join(' ')}: ${who}`;
}

/** The firmware, or else the vendor class or the name that the machine gives itself. */
function whoAsks({ options, chaddr }: DhcpPacket): string | undefined {
  try {
    const firmware = readFirmware(options, formatMac(chaddr));
    if (firmware !== undefined) return firmware.text;
  } catch (error) {
    if (!hasCode(error, 'DHCP_MALFORMED')) throw error;
  }
  const vendorClass = attempt(options, 'vendorClass');
  const hostName = attempt(options, 'hostName');
  const named = [...(vendorClass ? [`"${vendorClass}"`] : []), ...(hostName ? [`host name ${hostName}`] : [])];
  return named.length === 0 ? undefined : named.join(', ');
}

function tellReply(message: DhcpPacket, from: string): string {
  const { options, yiaddr, ciaddr } = message;
  const type = attempt(options, 'messageType');
  const name = type === undefined ? 'BOOTP reply' : type.toUpperCase();
  const server = attempt(options, 'serverIdentifier') ?? from;
  const reason = attempt(options, 'message');
  if (type === 'nak') return `NAK from ${server}${reason === undefined ? '' : `: ${reason}`}`;
  const address = yiaddr === noAddress ? ciaddr : yiaddr;
  const given = address === noAddress ? `${name} without an address` : `${name} ${address}`;
  const { file, shape, server: fileServer } = readBootOffer(message);
  if (shape === undefined) return `${given} from ${server}, nothing to boot`;
  const where = fileServer === undefined || fileServer === server ? '' : ` on ${fileServer}`;
  const what = file === '' ? 'names no boot file' : `boots ${file}${where}`;
  return `${given} from ${server}, ${what} (${shape})`;
}
