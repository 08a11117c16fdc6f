import { describe } from '../boot/describe.ts';
import type { FirmwareOverrides } from '../boot/firmware.ts';
import { BootLedger } from '../boot/ledger.ts';
import type { BootCatalog } from '../boot/plan.ts';
import { planBoot } from '../boot/plan.ts';
import { ShapeBook } from '../boot/shapes.ts';
import type { Networks } from '../dhcp/choose-network.ts';
import { type DhcpPacket, noAddress } from '../dhcp/packet.ts';
import { answer } from '../dhcp/reply.ts';
import { hasCode } from '../errors.ts';
import { formatMac } from '../wire/addresses.ts';
import { attempt } from './attempt.ts';
import type { Content } from './dissect.ts';
import { differences, type Given, readGiven } from './given.ts';
import { decodeDhcp, type Recording } from './recording.ts';
import { tellDhcp } from './tell-dhcp.ts';

/** One message of a machine: what it got when it was recorded, and what it would get. */
export interface ReplayedMessage {
  readonly timeNs: bigint;
  /** Lower case with colons; the sender's address where the message can't be read. */
  readonly machine: string;
  /** In words. */
  readonly asked: string;
  /** `undefined`: silence. */
  readonly now: Given | undefined;
  /** One for each server that answered. */
  readonly recorded: readonly Given[];
  /** Between `now` and what was recorded of the same kind, or else of the first server; empty where nothing was. */
  readonly differences: readonly string[];
  /** Why it would be so, where that is not plain. */
  readonly reasons: readonly string[];
}

export interface DhcpReplayOptions {
  readonly networks: Networks;
  /** The interface of `networks` that stands for the one that was recorded on. */
  readonly interface: string;
  readonly catalog: BootCatalog;
  readonly overrides: FirmwareOverrides;
}

/** What a server with these settings would do, message by message; its leases are in memory. */
export class DhcpReplay {
  readonly #options: DhcpReplayOptions;
  readonly #recording: Recording;
  readonly #shapes = new ShapeBook([]);
  readonly ledger = new BootLedger([]);

  constructor(options: DhcpReplayOptions, recording: Recording) {
    this.#options = options;
    this.#recording = recording;
  }

  /** `undefined`: the message is a server's. */
  replay({ from, to, payload }: Extract<Content, { kind: 'udp' }>, timeNs: bigint): ReplayedMessage | undefined {
    const request = decodeDhcp(payload);
    if (typeof request === 'string') {
      const nothing = { now: undefined, recorded: [], differences: [] };
      return { timeNs, machine: from.address, asked: 'a damaged message', ...nothing, reasons: [request] };
    }
    if (request.op === 'reply') return undefined;
    const machine = formatMac(request.chaddr);
    const { now, reasons } = this.#decide(payload, request, from.address, to.port, Number(timeNs / 1_000_000n));
    const recorded = this.#recording.repliesTo(request, timeNs).filter(({ type }) => answers(request, type));
    const compared = this.#compared(recorded, now);
    return {
      timeNs,
      machine,
      asked: tellDhcp(request, from.address),
      now,
      recorded,
      differences: compared === undefined ? [] : differences(now, compared),
      reasons,
    };
  }

  /** The answer that ours would take the place of; beside a recorded proxy, those of the server that gave addresses stay. */
  #compared(recorded: readonly Given[], now: Given | undefined): Given | undefined {
    const same = recorded.find(({ type, server }) => type === now?.type && server === now.server);
    if (same !== undefined) return same;
    const { networks, interface: name } = this.#options;
    const isBeside = this.#recording.proxy !== undefined && networks.on(name)?.network.mode === 'proxy';
    return isBeside ? recorded.find(({ address }) => address === undefined) : recorded[0];
  }

  /** The machine that has this address fetches a file: the shape of its offer works. */
  fetched(address: string, timeNs: bigint): void {
    const mac = this.ledger.machineAt(address);
    if (mac !== undefined) this.#shapes.transferred(mac, Number(timeNs / 1_000_000n));
  }

  #decide(
    payload: Uint8Array,
    request: DhcpPacket,
    from: string,
    port: number,
    nowMs: number,
  ): { readonly now: Given | undefined; readonly reasons: readonly string[] } {
    const { networks, interface: name, catalog, overrides } = this.#options;
    try {
      const decided = answer(payload, {
        networks,
        interface: name,
        port: port === 4011 ? 'binl' : 'server',
        from,
        mayProbe: false,
        nowMs,
        bootFor: (asked) => this.ledger.decide(asked, nowMs, (pinned) => planBoot(asked, catalog, overrides, pinned)),
        shapeFor: (...asked) => this.#shapes.shapeFor(...asked),
        place: (mac, address) => this.ledger.place(mac, address),
      });
      const reply = decided?.datagram === undefined ? undefined : decodeDhcp(decided.datagram.bytes);
      const now = reply === undefined || typeof reply === 'string' ? undefined : readGiven(reply, '');
      const told = (decided?.events ?? []).filter(({ step }) => step !== 'offered' && step !== 'acknowledged');
      const reasons = told.map((event) => describe(event, undefined).text);
      return { now, reasons: reasons.length === 0 && now === undefined ? [whySilent(request)] : reasons };
    } catch (error) {
      if (!hasCode(error, 'DHCP_MALFORMED')) throw error;
      return { now: undefined, reasons: [error.message] };
    }
  }
}

/** Whether a reply of that type can be the answer. */
function answers({ options }: DhcpPacket, reply: Given['type']): boolean {
  const asked = attempt(options, 'messageType');
  return asked === 'discover' ? reply === 'offer' : reply !== 'offer';
}

/** Of what no event is told: that is nobody's fault. */
function whySilent({ options, ciaddr }: DhcpPacket): string {
  const server = attempt(options, 'serverIdentifier');
  const type = attempt(options, 'messageType');
  if (server !== undefined) return `it is meant for the server ${server}`;
  if (type === 'release' || type === 'decline') return `nobody answers a ${type.toUpperCase()}`;
  return ciaddr === noAddress ? 'a proxy has nothing for it' : `it is about ${ciaddr}, which is not ours`;
}
