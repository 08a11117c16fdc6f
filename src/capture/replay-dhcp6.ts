import { describe } from '../boot/describe.ts';
import type { FirmwareOverrides } from '../boot/firmware.ts';
import type { BootLedger } from '../boot/ledger.ts';
import { type BootCatalog, planBoot } from '../boot/plan.ts';
import type { Networks6 } from '../dhcp6/networks.ts';
import type { Message } from '../dhcp6/packet.ts';
import { answer } from '../dhcp6/reply.ts';
import { hasCode } from '../errors.ts';
import { attempt6 } from './attempt6.ts';
import type { Content } from './dissect.ts';
import { differences, type Given } from './given.ts';
import { readGiven6 } from './given6.ts';
import { decodeDhcp6, isReply6, type Recording6 } from './recording6.ts';
import type { ReplayedMessage } from './replay-dhcp.ts';
import { tellDhcp6 } from './tell-dhcp6.ts';

export interface Dhcp6ReplayOptions {
  readonly networks: Networks6;
  /** The interface of `networks` that stands for the one that was recorded on. */
  readonly interface: string;
  /** That of the recorded server, so that what machines ask of it is asked of us. */
  readonly serverDuid: Uint8Array;
  readonly catalog: BootCatalog;
  readonly overrides: FirmwareOverrides;
  /** That of DHCP, since a machine has one boot by both. */
  readonly ledger: BootLedger;
}

/** What a DHCPv6 server with these settings would do, message by message; its leases are in memory. */
export class Dhcp6Replay {
  readonly #options: Dhcp6ReplayOptions;
  readonly #recording: Recording6;

  constructor(options: Dhcp6ReplayOptions, recording: Recording6) {
    this.#options = options;
    this.#recording = recording;
  }

  /** `undefined`: the message is a server's. */
  replay({ from, to, payload }: Extract<Content, { kind: 'udp' }>, timeNs: bigint): ReplayedMessage | undefined {
    const request = decodeDhcp6(payload);
    if (typeof request === 'string') {
      const nothing = { now: undefined, recorded: [], differences: [] };
      return { timeNs, machine: from.address, asked: 'a damaged message', ...nothing, reasons: [request] };
    }
    if (isReply6(request)) return undefined;
    const { machine = from.address, now, reasons } = this.#decide(payload, request, from.address, to.port, timeNs);
    const recorded = this.#recording.repliesTo(request, timeNs);
    const compared = recorded.find(({ type, server }) => type === now?.type && server === now.server) ?? recorded[0];
    return {
      timeNs,
      machine,
      asked: tellDhcp6(payload),
      now,
      recorded,
      differences: compared === undefined ? [] : differences(now, compared),
      reasons,
    };
  }

  #decide(
    payload: Uint8Array,
    request: Message,
    from: string,
    port: number,
    timeNs: bigint,
  ): { readonly machine?: string; readonly now: Given | undefined; readonly reasons: readonly string[] } {
    const { networks, interface: name, serverDuid, catalog, overrides, ledger } = this.#options;
    const nowMs = Number(timeNs / 1_000_000n);
    try {
      const decided = answer(payload, {
        served: networks.on(name),
        servedAt: (linkAddress) => networks.at(linkAddress),
        interface: name,
        port: port === 4011 ? 'binl' : 'server',
        from,
        serverDuid,
        nowMs,
        bootFor: (asked) => ledger.decide(asked, nowMs, (pinned) => planBoot(asked, catalog, overrides, pinned)),
        place: (mac, address) => ledger.place(mac, address),
      });
      const reply = decided?.datagram === undefined ? undefined : decodeDhcp6(decided.datagram.bytes);
      const now = reply === undefined || typeof reply === 'string' ? undefined : readGiven6(reply, '');
      const told = (decided?.events ?? []).filter(({ step }) => step !== 'offered' && step !== 'acknowledged');
      const reasons = told.map((event) => describe(event, undefined).text);
      return {
        ...(decided === undefined ? {} : { machine: decided.mac }),
        now,
        reasons: reasons.length === 0 && now === undefined ? [whySilent(request, serverDuid)] : reasons,
      };
    } catch (error) {
      if (!hasCode(error, 'DHCP6_MALFORMED')) throw error;
      return { now: undefined, reasons: [error.message] };
    }
  }
}

/** Of what no event is told: that is nobody's fault. */
function whySilent({ type, options }: Message, serverDuid: Uint8Array): string {
  const server = attempt6(options, 'serverId');
  if (attempt6(options, 'clientId') === undefined) return 'it does not say who asks';
  if (server !== undefined && Buffer.compare(server, serverDuid) !== 0) {
    return `it is meant for the server duid:${Buffer.from(server).toString('hex')}`;
  }
  return `there is nothing to say to this ${type.toUpperCase()}`;
}
