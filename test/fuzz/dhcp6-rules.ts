import type { Network6 } from '../../src/dhcp6/network.ts';
import { encodeOption, readAll, readOption } from '../../src/dhcp6/options.ts';
import { decodeMessage, type Message } from '../../src/dhcp6/packet.ts';
import { isOnLink } from '../../src/dhcp6/range.ts';
import { Promises } from './promises.ts';
import type { Sent } from './wire.ts';

interface Heard6 {
  readonly message: Message;
  /** Of the message without its envelopes. */
  readonly sizeBytes: number;
}

/** An answer as the machine reads it, after its relays. */
export function heardBy6({ bytes }: Sent): Heard6 {
  let inner = bytes;
  let decoded = decodeMessage(inner);
  while ('hops' in decoded) {
    if (decoded.type !== 'relay-reply') throw new Error('no server sends RELAY-FORW');
    inner = readOption(decoded.options, 'relayMessage') ?? new Uint8Array();
    decoded = decodeMessage(inner);
  }
  return { message: decoded, sizeBytes: inner.length };
}

/** What every answer keeps to. */
export interface Dhcp6Rules {
  readonly promises: Promises;
  /** No more are ever in the tables. */
  readonly mostAddresses: number;
  /** Throws where one is broken. */
  check(sent: Sent, heard: Heard6): void;
}

/** What Ethernet carries in one frame. */
const largestBytes = 1452;
/** A small range is 32 addresses; of a huge one, no more are used than there are messages in a run. */
const mostAddresses = 20_000;

export function dhcp6Rules(mode: 'server' | 'proxy', networks: readonly Network6[]): Dhcp6Rules {
  function insist(holds: boolean, rule: string): void {
    if (!holds) throw new Error(rule);
  }

  return {
    promises: new Promises(),
    mostAddresses: mode === 'proxy' ? 0 : mostAddresses,
    check({ port }, { message, sizeBytes }) {
      const { type, options } = message;
      insist(type === 'advertise' || type === 'reply', `no server sends ${type}`);
      insist(readOption(options, 'serverId') !== undefined, 'it says who answers');
      insist(sizeBytes <= largestBytes, `${sizeBytes} bytes`);
      const given = readAll(options, 'association', 99)
        .flatMap((association) => readAll(association.options, 'leasedAddress', 99))
        .filter(({ validSeconds }) => validSeconds > 0)
        .map(({ address }) => address);
      insist(new Set(given).size === given.length, `an address twice: ${given}`);
      for (const address of given) {
        const home = networks.find(({ prefix }) => isOnLink(address, prefix));
        insist(home !== undefined && home.serverAddress !== address, `${address} is for nobody`);
      }
      if (mode === 'server') return;
      insist(given.length === 0 && !options.some(({ code }) => code === 3), 'a proxy gives no address');
      insist(
        options.some(({ code }) => code === encodeOption('bootFileUrl', '').code),
        'a proxy names a boot file',
      );
      if (port === 4011) insist(type === 'reply', `a proxy sends ${type} from port 4011`);
    },
  };
}
