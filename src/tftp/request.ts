import { BootwrightError } from '../errors.ts';
import type { Endpoint } from '../platform/udp.ts';
import { shownText } from './names.ts';
import { errorCodes, type Packet, packetCodec } from './packet.ts';

export type ReadRequest = Extract<Packet, { path: string }>;

export interface Refusal {
  readonly errorCode: number;
  readonly reason: string;
}

/** What to serve; else why it is refused; `undefined` for an ERROR, which never gets an answer (RFC 1350 §7). */
export function readRequest(bytes: Uint8Array, from: Endpoint): ReadRequest | Refusal | undefined {
  let packet: Packet;
  try {
    packet = packetCodec.decode(bytes);
  } catch (error) {
    return illegal(error instanceof BootwrightError ? error.message : String(error));
  }
  if (packet.kind === 'error') return undefined;
  if (packet.kind === 'write') {
    return {
      errorCode: errorCodes.accessViolation,
      reason: 'a file was to be written, and this server only gives files',
    };
  }
  if (packet.kind !== 'read') return illegal(`a packet of kind "${packet.kind}" begins no transfer`);
  if (packet.mode !== 'octet' && packet.mode !== 'netascii') {
    return illegal(`mode "${shownText(packet.mode)}" is not served, octet and netascii are`);
  }
  if (from.port === 0) return illegal('it comes from UDP port 0, where nothing can be sent to');
  return packet;
}

/** True where both ask for the same, in the same words. */
export function isSameRequest(one: ReadRequest, other: ReadRequest): boolean {
  if (one.path !== other.path || one.mode !== other.mode || one.options.size !== other.options.size) return false;
  return [...one.options].every(([name, value]) => other.options.get(name) === value);
}

function illegal(reason: string): Refusal {
  return { errorCode: errorCodes.illegalOperation, reason };
}
