import type { Endpoint } from '../../src/platform/udp.ts';
import type { Random } from './random.ts';
import type { Seeds } from './seeds.ts';

/** What was found, and would be no finding if all were well. */
export class Finding extends Error {}

/** A datagram to a server's socket. */
export interface Input {
  readonly interface: string;
  readonly port: number;
  readonly from: Endpoint;
  readonly bytes: Uint8Array;
}

/** A server with all that is around it. */
export interface World {
  /** The next datagram of somebody. */
  next(): Input;
  deliver(input: Input): void;
  /** Something else happens, between two batches: time jumps, the power fails, people reserve addresses. */
  happen(): Promise<void>;
  /** Returns once nothing is left to do. */
  settle(): Promise<void>;
  /** The first thing that was wrong. */
  readonly finding: Finding | undefined;
  /** How many answers went out. */
  readonly answers: number;
  close(): Promise<void>;
}

export type MakeWorld = (random: Random, seeds: Seeds) => Promise<World>;

/** Lets the servers work for so many turns of the event loop. */
export async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) await new Promise((resolve) => setImmediate(resolve));
}
