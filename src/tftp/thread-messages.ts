import type { Asker } from '../boot/files.ts';
import type { BootEvent } from '../boot/timeline.ts';
import { BootwrightError, type ErrorCode, type ErrorData } from '../errors.ts';
import type { Endpoint } from '../platform/udp.ts';

/** One address that the thread serves; what `TftpServerOptions` says of it and can be copied. */
export interface ThreadServer {
  readonly address: string;
  readonly port: number;
  readonly interface?: string;
  readonly maxTransfers?: number;
  readonly maxPerMachine?: number;
  readonly singlePort?: boolean;
  readonly mtuBytes?: number;
  readonly maxWindowBlocks?: number;
}

export interface ThreadData {
  readonly servers: readonly ThreadServer[];
  /** Of `HeldDescriptors`. */
  readonly descriptors: SharedArrayBuffer;
}

export type ThreadRequest =
  /** Resolves a path and opens the file. */
  | { readonly kind: 'find'; readonly path: string; readonly asker: Asker }
  /** `into` is in memory that both threads see. */
  | { readonly kind: 'read'; readonly file: number; readonly into: Uint8Array; readonly positionBytes: number }
  | { readonly kind: 'close'; readonly file: number }
  | { readonly kind: 'report'; readonly events: readonly BootEvent[]; readonly lost: number };

export interface FoundFile {
  /** Names it until it is closed. */
  readonly file: number;
  readonly path: string;
  readonly sha256: string;
  /** Of the open file. */
  readonly sizeBytes: number;
}

/** What the thread says: once that it listens, or why it can't; in between, what it wants; in the end, nothing. */
export type FromThread =
  | { readonly kind: 'listening'; readonly locals: readonly Endpoint[] }
  | { readonly kind: 'failed'; readonly error: CarriedError }
  | { readonly kind: 'asks'; readonly questions: readonly Question[] };

export interface Question {
  readonly id: number;
  readonly request: ThreadRequest;
}

export type ToThread =
  | { readonly kind: 'stop'; readonly graceMs: number }
  | { readonly kind: 'answers'; readonly answers: readonly Answer[] };

/** `value`: what was found, bytes read, or nothing. */
export type Answer =
  | { readonly id: number; readonly value: FoundFile | number | undefined }
  | { readonly id: number; readonly error: CarriedError };

/** An error as it goes from one thread to the other: of a BootwrightError, structured clone keeps the text alone. */
export interface CarriedError {
  readonly text: string;
  readonly code?: ErrorCode;
  readonly data?: Readonly<Record<string, string | number>>;
}

export function carryError(error: unknown): CarriedError {
  if (error instanceof BootwrightError) return { text: error.message, code: error.code, data: error.data };
  return { text: error instanceof Error ? error.message : String(error) };
}

export function carriedError({ text, code, data }: CarriedError): Error {
  if (code === undefined || data === undefined) return new Error(text);
  return new BootwrightError(code, data as ErrorData<ErrorCode>);
}
