import { type ArpPacket, arpCodec } from '../wire/arp.ts';
import { checkPacketSockets, openPacketSocket, type PacketSocket } from './packet-socket.ts';

/**
 * Asks everybody on the network of `interface` who has `address`. The MAC address of the first who says so; `undefined`
 * where nobody does in time, or where nobody could be asked. A machine that has the address already answers, too.
 */
export type ArpProbe = (interfaceName: string, address: string) => Promise<string | undefined>;

export interface ArpProbeOptions {
  /** How long nobody may answer until the address counts as free. */
  readonly waitMs: number;
}

const etherTypeArp = 0x0806;
const everybody = 'ff:ff:ff:ff:ff:ff';
const nobody = '00:00:00:00:00:00';
/** Requests and answers are far smaller, with the padding of Ethernet too. */
const ring = { slots: 32, slotBytes: 64 };
/** Closing a packet socket takes the kernel milliseconds, in which nothing else runs here. */
const lingerMs = 10_000;
/** Beyond it, addresses count as free unasked. */
const mostQuestions = 1024;

/**
 * The probe of RFC 5227 §2.1.1: who asks gives no address of its own, so that nobody's cache is changed. It is sent
 * twice within `waitMs`. A socket for each interface is open while something is asked, and a little longer.
 *
 * Throws PACKET_SOCKET_FORBIDDEN or PLATFORM_UNSUPPORTED: at once, not when it asks.
 */
export function createArpProbe({ waitMs }: ArpProbeOptions): ArpProbe {
  checkPacketSockets();
  const inquirers = new Map<string, Inquirer>();
  return async (interfaceName, address) => {
    try {
      let inquirer = inquirers.get(interfaceName);
      if (inquirer === undefined) {
        inquirer = new Inquirer(interfaceName, waitMs, () => inquirers.delete(interfaceName));
        inquirers.set(interfaceName, inquirer);
      }
      return await inquirer.ask(address);
    } catch {
      // No such interface, switched off, no link: an address that can't be asked for is no reason not to give it.
      return undefined;
    }
  };
}

interface Question {
  readonly answer: Promise<string | undefined>;
  settle(mac: string | undefined): void;
}

/** Who asks on one interface. */
class Inquirer {
  readonly #socket: PacketSocket;
  readonly #questions = new Map<string, Question>();
  readonly #waitMs: number;
  readonly #closed: () => void;
  #lingering: NodeJS.Timeout | undefined;

  constructor(interfaceName: string, waitMs: number, closed: () => void) {
    this.#waitMs = waitMs;
    this.#closed = closed;
    this.#socket = openPacketSocket({
      interface: interfaceName,
      protocol: etherTypeArp,
      frames: false,
      ring,
      // The timers of a question keep the process, an idle socket does not.
      background: true,
      onPacket: ({ bytes }) => this.#hear(bytes),
      onFailure: () => this.#close(),
    });
  }

  ask(address: string): Promise<string | undefined> {
    const asked = this.#questions.get(address);
    if (asked !== undefined) return asked.answer;
    if (this.#questions.size >= mostQuestions) return Promise.resolve(undefined);
    clearTimeout(this.#lingering);
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const again = setTimeout(() => this.#send(address), this.#waitMs / 3);
    const end = setTimeout(() => this.#settle(address, undefined), this.#waitMs);
    this.#questions.set(address, {
      answer: promise,
      settle: (mac) => {
        clearTimeout(again);
        clearTimeout(end);
        resolve(mac);
      },
    });
    this.#send(address);
    return promise;
  }

  #send(address: string): void {
    const probe = arpCodec.encode({
      operation: 'request',
      senderMac: this.#socket.mac,
      senderAddress: '0.0.0.0',
      targetMac: nobody,
      targetAddress: address,
    });
    try {
      this.#socket.send(probe, everybody);
    } catch {
      this.#settle(address, undefined);
    }
  }

  #hear(bytes: Uint8Array): void {
    const packet = readArp(bytes);
    if (packet === undefined || packet.senderMac === this.#socket.mac) return;
    // Somebody else who is about to take it (RFC 5227 §2.1.1), with the same kind of probe.
    const isProbed = packet.operation === 'request' && packet.senderAddress === '0.0.0.0';
    this.#settle(isProbed ? packet.targetAddress : packet.senderAddress, packet.senderMac);
  }

  #settle(address: string, mac: string | undefined): void {
    const question = this.#questions.get(address);
    if (question === undefined) return;
    this.#questions.delete(address);
    question.settle(mac);
    if (this.#questions.size === 0) this.#linger();
  }

  #linger(): void {
    this.#lingering = setTimeout(() => this.#close(), lingerMs).unref();
  }

  #close(): void {
    this.#closed();
    this.#socket.close();
    for (const address of this.#questions.keys()) this.#settle(address, undefined);
    clearTimeout(this.#lingering);
  }
}

/** What others send may be anything. */
function readArp(bytes: Uint8Array): ArpPacket | undefined {
  try {
    return arpCodec.decode(bytes);
  } catch {
    return undefined;
  }
}
