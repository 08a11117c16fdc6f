import type { Boot } from './machine.ts';

/** What storm-client.ts is told: to boot machines, or to take bytes from a server that does nothing but give them. */
export type Orders =
  | {
      readonly do: 'boot';
      readonly machines: number;
      /** The folder of the release that is served. */
      readonly release: string;
      readonly timeoutSeconds: number;
    }
  | {
      readonly do: 'take';
      readonly url: string;
      readonly release: string;
      readonly connections: number;
      /** In all; the file is taken again where it is smaller. */
      readonly bytes: number;
    };

export interface Booted {
  /** By the clock of the boots. */
  readonly beganMs: number;
  readonly boots: readonly Boot[];
  /** Of the client. */
  readonly processorMs: number;
}

export interface Taken {
  readonly bytes: number;
  readonly tookMs: number;
  readonly processorMs: number;
}
