import type { BootAnswer, BootRequest, NoBoot } from '../../src/boot/plan.ts';
import { duidOfMac } from '../../src/dhcp6/duid.ts';
import type { Network6 } from '../../src/dhcp6/network.ts';
import { Networks6 } from '../../src/dhcp6/networks.ts';
import { encodeOption, type OptionName, type OptionValue, readAll, readOption } from '../../src/dhcp6/options.ts';
import { decodeMessage, encodeMessage, type Message, type MessageType, type Options } from '../../src/dhcp6/packet.ts';
import { type Answer, answer, type Circumstances } from '../../src/dhcp6/reply.ts';
import { parseMac } from '../../src/wire/addresses.ts';

export const serverDuid = duidOfMac('02:00:00:00:00:01');

export const network: Network6 = {
  name: 'eth0',
  mode: 'server',
  serverAddress: 'fd00::1',
  httpPort: 8080,
  prefix: { address: 'fd00::', prefixBits: 64 },
  ranges: [{ first: 'fd00::100', last: 'fd00::1ff' }],
  leaseSeconds: 1000,
  dns: ['fd00::53'],
  domains: ['example.net'],
  ntp: ['fd00::7b'],
  reservations: [],
};

type Values = { readonly [Name in OptionName]?: OptionValue<Name> };

export function options(values: Values): Options {
  return Object.entries(values).map(([name, value]) => encodeOption(name as OptionName, value as never));
}

/** A DUID-LL of that hardware address. */
export const duidLL = duidOfMac;

/** A DUID-UUID (RFC 6355) of sixteen times the same byte. */
export function duidUuid(byte: number): Uint8Array {
  return Uint8Array.of(0, 4, ...new Uint8Array(16).fill(byte));
}

/** The link-local address that EDK2 and many systems make of a hardware address. */
export function linkLocal(mac: string): string {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = parseMac(mac) ?? [];
  const group = (high: number, low: number): string => ((high << 8) | low).toString(16);
  return `fe80::${group(a ^ 2, b)}:${group(c, 0xff)}:${group(0xfe, d)}:${group(e, f)}`;
}

/** An address that is asked for, with what it should be. */
export function wants(iaid: number, ...addresses: readonly string[]): Options {
  const inner = addresses.flatMap((address) =>
    options({ leasedAddress: { address, preferredSeconds: 0, validSeconds: 0, options: [] } }),
  );
  return options({ association: { iaid, t1: 0, t2: 0, options: inner } });
}

export function message(type: MessageType, ...parts: readonly Options[]): Uint8Array {
  return encodeMessage({ type, transaction: 0xabcdef, options: parts.flat() });
}

export const uefiX64 = options({
  architectures: [7],
  vendorClass: { enterprise: 343, classes: ['PXEClient:Arch:00007:UNDI:003001'] },
  networkInterface: { type: 1, major: 3, minor: 16 },
});
export const httpX64 = options({
  architectures: [16],
  vendorClass: { enterprise: 343, classes: ['HTTPClient:Arch:00016:UNDI:003001'] },
});
export const ipxeX64 = options({
  architectures: [7],
  vendorClass: { enterprise: 343, classes: ['PXEClient:Arch:00007:UNDI:003010'] },
  userClasses: ['iPXE'],
});

interface CounterOptions {
  readonly network?: Partial<Network6>;
  readonly relayed?: readonly Network6[];
  readonly bootFor?: (request: BootRequest) => BootAnswer | NoBoot;
}

/** A server's desk without a network: whoever asks gets the answer across it. */
export function counter(given: CounterOptions = {}) {
  const networks = new Networks6(
    [{ interface: 'eth0', network: { ...network, ...given.network } }],
    given.relayed ?? [],
  );
  const asked: BootRequest[] = [];
  const placed: (readonly [string, string])[] = [];
  let nowMs = 1_000_000;
  const leases = networks.all[0]?.leases;
  if (leases === undefined) throw new Error('no network');
  const ask = (bytes: Uint8Array, from = 'fe80::1', changes: Partial<Circumstances> = {}): Answer | undefined =>
    answer(bytes, {
      bootFor: (request) => {
        asked.push(request);
        const boot = given.bootFor ?? (() => ({ releaseId: 'r1', bootFile: 'releases/r1/bootx64.efi', by: 'tftp' }));
        return boot(request);
      },
      place: (mac, address) => placed.push([mac, address]),
      nowMs,
      serverDuid,
      interface: 'eth0',
      port: 'server',
      from,
      served: networks.on('eth0'),
      servedAt: (link) => networks.at(link),
      ...changes,
    });
  return {
    ask,
    /** The message in the answer; throws where there is none. */
    hear: (bytes: Uint8Array, from?: string, changes?: Partial<Circumstances>) => heard(ask(bytes, from, changes)),
    leases,
    asked,
    placed,
    pass: (seconds: number) => {
      nowMs += seconds * 1000;
    },
  };
}

export function heard(given: Answer | undefined): Message {
  if (given?.datagram === undefined) throw new Error(`silence, and ${JSON.stringify(given?.events)}`);
  const decoded = decodeMessage(given.datagram.bytes);
  if ('hops' in decoded) throw new Error('an answer to a relay');
  return decoded;
}

/** The addresses that a message gives, and the status codes of those that it does not. */
export function given({ options: all }: Message) {
  return readAll(all, 'association', 99).map(({ iaid, options: inner }) => ({
    iaid,
    addresses: readAll(inner, 'leasedAddress', 99).map(({ address, validSeconds }) => [address, validSeconds] as const),
    status: readOption(inner, 'status')?.code,
  }));
}

/** The one address that a message gives. */
export function addressIn(message: Message): string {
  const [only, ...more] = given(message).flatMap(({ addresses }) => addresses.map(([address]) => address));
  if (only === undefined || more.length > 0) throw new Error(`not one address: ${JSON.stringify(given(message))}`);
  return only;
}
