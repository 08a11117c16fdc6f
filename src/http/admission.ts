import type { Clock } from '../platform/clock.ts';

export interface AdmissionOptions {
  /** So many bodies are sent at full speed at once, the earliest first. */
  readonly maxTransfers: number;
  /** So many of them to one address. */
  readonly maxPerMachine: number;
  /** To all together; absent: no limit. */
  readonly totalBytesPerSecond?: number;
  /** To one address; absent: no limit. */
  readonly machineBytesPerSecond?: number;
  readonly clock: Clock;
}

/** Who may send how much, and when. One for all listeners: they share the same wire. */
export interface Admission {
  /** A body of so many bytes that begins now, to a machine at this address. `end` is called where it never gets on. */
  enter(address: string, sizeBytes: number, end: () => void): Passage;
}

/** The right of one body to be sent. */
export interface Passage {
  leave(): void;
}

export function createAdmission(_options: AdmissionOptions): Admission {
  return { enter: () => ({ leave() {} }) };
}
