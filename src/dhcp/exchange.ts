import type { BootAnswer, BootRequest } from '../boot/plan.ts';
import type { BootEvent } from '../boot/timeline.ts';
import type { LeaseTable } from './lease-table.ts';
import type { MessageType } from './option-codecs.ts';
import type { OptionValues } from './options.ts';
import type { DhcpPacket } from './packet.ts';

/** What a network tells every machine. Addresses are dotted decimal. */
export interface Network {
  /** The server's, which is also its identifier (option 54) and the address of its TFTP server. */
  readonly address: string;
  readonly netmask: string;
  readonly leaseSeconds: number;
  readonly router?: string;
  readonly dns?: readonly string[];
  readonly domain?: string;
}

/** One message of a machine, and all that an answer to it depends on. */
export interface Exchange {
  readonly request: DhcpPacket;
  readonly type: MessageType;
  /** Lower case, with colons. */
  readonly mac: string;
  readonly nowMs: number;
  readonly network: Network;
  readonly leases: LeaseTable;
  /** `undefined`: the machine gets an address and nothing to boot. */
  readonly bootFor: (request: BootRequest) => BootAnswer | undefined;
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
  readonly events: readonly BootEvent[];
}

/** One part of the answer. A step that has nothing to say gives back what it got. */
export type ReplyStep = (draft: Draft, exchange: Exchange) => Draft;
