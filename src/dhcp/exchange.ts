import type { BootAnswer, BootRequest, NoBoot } from '../boot/plan.ts';
import type { ShapeBook } from '../boot/shapes.ts';
import type { BootEvent } from '../boot/timeline.ts';
import type { LeaseTable } from './lease-table.ts';
import type { Network } from './network.ts';
import type { NetworkOption } from './network-options.ts';
import type { MessageType } from './option-codecs.ts';
import type { OptionValues } from './options.ts';
import type { DhcpPacket } from './packet.ts';
import type { RelayOptions } from './relay-options.ts';
import type { SubnetRange } from './subnet.ts';

/** One message of a machine, and all that an answer to it depends on. */
export interface Exchange {
  readonly request: DhcpPacket;
  readonly type: MessageType;
  /** Lower case, with colons; of a machine that is not on Ethernet, `id:` and its client identifier in hexadecimal. */
  readonly mac: string;
  readonly nowMs: number;
  /** Which of our ports it asked: 67, or 4011, where PXE's boot servers listen. PXE 2.1 §2.2. */
  readonly port: 'server' | 'binl';
  /** On which it came in, such as `eth0`. */
  readonly interface: string;
  readonly network: Network;
  readonly range: SubnetRange;
  /** What a relay says; of a machine that is heard without one, nothing. */
  readonly relay: RelayOptions;
  /** Everything that we call ourselves in one network or another. */
  readonly ownAddresses: ReadonlySet<string>;
  /** Whether an address may be looked at before it is offered: not behind a relay, and not in a storm. */
  readonly mayProbe: boolean;
  /** Those of `network`; a proxy's are empty, and stay so. */
  readonly leases: LeaseTable;
  readonly bootFor: (request: BootRequest) => BootAnswer | NoBoot;
  readonly shapeFor: ShapeBook['shapeFor'];
  /** Notes which address a machine has that another server gave it: TFTP and HTTP know it by that. */
  readonly place: (mac: string, address: string) => void;
}

/** The answer as far as the steps have brought it. */
export interface Draft {
  readonly reply: 'offer' | 'ack' | 'nak' | 'none';
  /** `yiaddr`. */
  readonly address: string;
  /** `siaddr`: where the boot file is. */
  readonly nextServer: string;
  readonly file: string;
  /** In the order in which they are written. */
  readonly options: OptionValues;
  /** What the network says to everybody, ready to be written: behind options 53 and 54. */
  readonly network?: readonly NetworkOption[];
  /** This address is to be looked at first; then the message is to be answered again. */
  readonly probe?: string;
  readonly events: readonly BootEvent[];
}

/** One part of the answer. A step that has nothing to say gives back what it got. */
export type ReplyStep = (draft: Draft, exchange: Exchange) => Draft;
