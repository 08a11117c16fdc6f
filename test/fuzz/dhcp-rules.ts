import type { Network } from '../../src/dhcp/network.ts';
import type { MessageType } from '../../src/dhcp/option-codecs.ts';
import { optionTable, readOption } from '../../src/dhcp/options.ts';
import { type DhcpPacket, decodePacket, noAddress, optionBytes } from '../../src/dhcp/packet.ts';
import { isMachineOf, rangeOf } from '../../src/dhcp/subnet.ts';
import { formatMac } from '../../src/wire/addresses.ts';
import { Promises } from './promises.ts';
import type { Sent } from './wire.ts';

/** An answer as a machine reads it. */
interface Heard {
  readonly packet: DhcpPacket;
  readonly type: MessageType | undefined;
  /** As the log names it. */
  readonly machine: string;
}

export function heardBy({ bytes }: Sent): Heard {
  const packet = decodePacket(bytes);
  const isEthernet = packet.htype === 1 && packet.chaddr.length === 6;
  const identifier = packet.options.get(optionTable.clientIdentifier.code) ?? new Uint8Array();
  const machine = isEthernet ? formatMac(packet.chaddr) : `id:${Buffer.from(identifier).toString('hex')}`;
  return { packet, type: readOption(packet.options, 'messageType'), machine };
}

/** What every answer keeps to. */
export interface DhcpRules {
  readonly promises: Promises;
  /** No more are ever in the tables. */
  readonly mostAddresses: number;
  /** Throws where one is broken. */
  check(sent: Sent, heard: Heard, elapsedMs: number): void;
}

/** What Ethernet carries in one frame, without the headers of IP and UDP; and what relays have added beside. */
const largestBytes = 1472;

export function dhcpRules(mode: 'server' | 'proxy', networks: readonly Network[]): DhcpRules {
  const promises = new Promises();
  const rows = networks.map((network) => ({ network, range: rangeOf(network.subnet) }));

  function insist(holds: boolean, rule: string): void {
    if (!holds) throw new Error(rule);
  }

  return {
    promises,
    mostAddresses: networks.reduce(
      (sum, { pools }) => pools.reduce((all, pool) => all + pool.last - pool.first + 1, sum),
      16,
    ),
    check({ bytes, to, port }, { packet, type, machine }, elapsedMs) {
      const relayed = packet.options.get(optionTable.relayAgent.code);
      insist(packet.op === 'reply' && type !== undefined, 'it is an answer of DHCP');
      insist(type === 'offer' || type === 'ack' || type === 'nak', `no server sends ${type}`);
      insist(!packet.options.has(optionTable.overload.code), 'nothing is in the fields of names');
      insist(
        bytes.length - (relayed === undefined ? 0 : optionBytes(relayed)) <= largestBytes,
        `${bytes.length} bytes`,
      );
      insist(packet.options.has(optionTable.serverIdentifier.code), 'it says who answers');
      if (port === 67 && packet.giaddr === noAddress) {
        const isNear = rows.some(({ network, range }) => isMachineOf(range, to.address, network.serverAddress));
        insist(to.address === '255.255.255.255' || isNear, `it goes to ${to.address}`);
      }
      if (mode === 'proxy') {
        insist(packet.yiaddr === noAddress, 'a proxy gives no address');
        insist(!packet.options.has(optionTable.leaseTime.code), 'a proxy gives no lease');
        insist(port === 4011 ? type === 'ack' : type === 'offer', `a proxy sends ${type} from port ${port}`);
        return;
      }
      if (port === 4011) insist(packet.yiaddr === noAddress, 'no address is given on port 4011');
      if (packet.yiaddr === noAddress) return;
      const home = rows.find(({ network, range }) => isMachineOf(range, packet.yiaddr, network.serverAddress));
      insist(home !== undefined, `${packet.yiaddr} is in no network`);
      if (type !== 'ack') return;
      const seconds = readOption(packet.options, 'leaseTime');
      insist(seconds === home?.network.leaseSeconds, `a lease of ${seconds} seconds`);
      const other = promises.give(packet.yiaddr, [machine], elapsedMs, elapsedMs + (seconds ?? 0) * 1000);
      insist(other === undefined, `${packet.yiaddr} is given to ${machine} while ${other} has it`);
    },
  };
}
