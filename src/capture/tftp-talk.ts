import { hasCode } from '../errors.ts';
import { formatBytes, formatDuration } from '../format.ts';
import { parseOptionNumber, plainBlockBytes } from '../tftp/options.ts';
import { type Packet, packetCodec } from '../tftp/packet.ts';
import type { Content, End } from './dissect.ts';
import type { Part } from './part.ts';

/** The well-known port. RFC 1350 §4. */
const tftpPort = 69;
/** Beyond it, the transfer that began first is forgotten. */
const mostTransfers = 1024;
/** Opcode and block number. */
const dataHeaderBytes = 4;

interface Transfer {
  readonly path: string;
  readonly sinceNs: bigint;
  blockBytes: number;
  /** Of the DATA that was seen; a block that came twice counts twice. */
  seenBytes: number;
}

/** What a packet of a transfer is: a line for a person where it is worth one. */
export interface TftpSight {
  /** The side that asked. */
  readonly client: End;
  readonly text?: string;
  /** The path of a read request. */
  readonly path?: string;
  readonly part: Part;
}

/** Follows transfers: a server answers from another port than the one that was asked. */
export class TftpTalk {
  readonly #transfers = new Map<string, Transfer>();

  /** `undefined`: it belongs to no transfer. */
  see({ from, to, payload, cutBytes }: Extract<Content, { kind: 'udp' }>, timeNs: bigint): TftpSight | undefined {
    const asked = this.#transfers.get(keyOf(from));
    // A server that has one port for everything hears the rest of a transfer there, too.
    const begins = asked === undefined || isRequest(decode(payload));
    if (to.port === tftpPort && begins) return this.#begin(from, payload, timeNs);
    if (asked !== undefined) return this.#during(from, asked, payload, cutBytes, timeNs, 'client');
    const answered = this.#transfers.get(keyOf(to));
    if (answered !== undefined) return this.#during(to, answered, payload, cutBytes, timeNs, 'server');
    return undefined;
  }

  #begin(client: End, payload: Uint8Array, timeNs: bigint): TftpSight {
    const packet = decode(payload);
    if (!isRequest(packet)) {
      return { client, text: 'TFTP: not a request, at port 69', part: 'message' };
    }
    const { path } = packet;
    this.#transfers.delete(keyOf(client));
    this.#transfers.set(keyOf(client), { path, sinceNs: timeNs, blockBytes: plainBlockBytes, seenBytes: 0 });
    const [oldest] = this.#transfers.keys();
    if (this.#transfers.size > mostTransfers && oldest !== undefined) this.#transfers.delete(oldest);
    const options = [...packet.options].map(([name, value]) => `${name} ${value}`).join(', ');
    const name = packet.kind === 'read' ? 'RRQ' : 'WRQ';
    const text = `TFTP ${name} ${path}${options === '' ? '' : ` (${options})`}`;
    return { client, text, part: 'message', ...(packet.kind === 'read' ? { path } : {}) };
  }

  #during(
    client: End,
    transfer: Transfer,
    payload: Uint8Array,
    cutBytes: number,
    timeNs: bigint,
    by: 'client' | 'server',
  ): TftpSight {
    const packet = decode(payload);
    const { path } = transfer;
    const say = (text: string): TftpSight => ({ client, text, part: 'message' });
    switch (packet?.kind) {
      case 'data': {
        // On the host that sends them, the packets of a window are still one (UDP GSO).
        const sizeBytes = payload.length + cutBytes;
        const packetBytes = dataHeaderBytes + transfer.blockBytes;
        const packets = Math.max(Math.ceil(sizeBytes / packetBytes), 1);
        transfer.seenBytes += sizeBytes - packets * dataHeaderBytes;
        if (sizeBytes === packets * packetBytes) return { client, part: 'content' };
        const took = formatDuration(Number(timeNs - transfer.sinceNs) / 1e6);
        return { client, text: `TFTP end of ${path} (${formatBytes(transfer.seenBytes)} in ${took})`, part: 'content' };
      }
      case 'options':
        transfer.blockBytes = parseOptionNumber(packet.options.get('blksize')) ?? transfer.blockBytes;
        return say(
          `TFTP OACK for ${path} (${[...packet.options].map(([name, value]) => `${name} ${value}`).join(', ')})`,
        );
      case 'error':
        return say(`TFTP ERROR ${packet.errorCode} of the ${by} for ${path}: ${packet.message}`);
      default:
        return { client, part: packet?.kind === 'acknowledgement' ? 'acknowledgement' : 'message' };
    }
  }
}

function keyOf({ address, port }: End): string {
  return `${address} ${port}`;
}

function isRequest(packet: Packet | undefined): packet is Extract<Packet, { path: string }> {
  return packet?.kind === 'read' || packet?.kind === 'write';
}

/** What others send may be anything. */
function decode(payload: Uint8Array): Packet | undefined {
  try {
    return packetCodec.decode(payload);
  } catch (error) {
    if (hasCode(error, 'TFTP_MALFORMED')) return undefined;
    throw error;
  }
}
