import type { Clients } from './clients.ts';
import type { MachineArchitecture } from './machine.ts';
import type { Digest } from './received.ts';
import type { Timeline } from './timeline.ts';

/** What every step of a walk needs. */
export interface Context {
  readonly clients: Clients;
  readonly timeline: Timeline;
  /** Lower case, with colons. */
  readonly mac: string;
  readonly architecture: MachineArchitecture;
  /** Read only the ends of the live image. */
  readonly quick: boolean;
  /** Hashes the file of the release at that path, where it is large. */
  readonly digestOf: (path: string) => Digest;
}
