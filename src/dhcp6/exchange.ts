import type { BootAnswer, BootRequest, NoBoot } from '../boot/plan.ts';
import type { BootEvent } from '../boot/timeline.ts';
import type { Client } from './client.ts';
import type { LeaseTable6 } from './lease-table.ts';
import type { Network6 } from './network.ts';
import type { Message, Options } from './packet.ts';

/** One message of a machine, and all that an answer to it depends on. */
export interface Exchange {
  readonly request: Message;
  readonly client: Client;
  readonly nowMs: number;
  /** Which of our ports it asked: 547, or 4011, where EDK2 asks a proxy again. */
  readonly port: 'server' | 'binl';
  /** On which it came in, such as `eth0`. */
  readonly interface: string;
  /** Where it came from, without a zone: the machine's address, or what the relay next to it says. */
  readonly source: string;
  /** The relay next to us, where there is one. */
  readonly relay: string | undefined;
  readonly serverDuid: Uint8Array;
  readonly network: Network6;
  /** Those of `network`; a proxy's are empty, and stay so. */
  readonly leases: LeaseTable6;
  readonly bootFor: (request: BootRequest) => BootAnswer | NoBoot;
  /** Notes which address a machine has that another server gave it: TFTP and HTTP know it by that. */
  readonly place: (mac: string, address: string) => void;
}

/** The answer as far as the steps have brought it. */
export interface Draft {
  readonly reply: 'advertise' | 'reply' | 'none';
  /** It promises or ends something. */
  readonly isLasting: boolean;
  /** Those that it gives the machine. */
  readonly addresses: readonly string[];
  readonly bootFile: string | undefined;
  /** In the order in which they are written, without the identifiers of client and server. */
  readonly options: Options;
  readonly events: readonly BootEvent[];
}

/** One part of the answer. A step that has nothing to say gives back what it got. */
export type ReplyStep = (draft: Draft, exchange: Exchange) => Draft;
