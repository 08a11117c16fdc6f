import { parseMac } from '../wire/addresses.ts';
import { etherTypes } from './link.ts';

/** What the kernel is to hand over at all. */
export interface KernelFilterOptions {
  /** Lower case with colons; `undefined`: every machine. */
  readonly machine?: string;
  readonly httpPorts: readonly number[];
  /** Of a segment that comes from a port of HTTP; the rest is not copied. */
  readonly bulkBytes: number;
}

/** One instruction of classic BPF, with the names of its targets; `undefined`: the next one. linux/filter.h. */
interface Instruction {
  readonly label?: string;
  readonly code: number;
  readonly k: number;
  readonly ifTrue?: string;
  readonly ifFalse?: string;
}

const codes = {
  loadWord: 0x20,
  loadHalf: 0x28,
  loadByte: 0x30,
  loadHalfBehindHeader: 0x48,
  /** Four times the lower half of a byte: the length of IPv4's header. */
  loadHeaderLength: 0xb1,
  jumpIfEqual: 0x15,
  jumpIfSet: 0x45,
  result: 0x06,
} as const;

/** Places in an Ethernet frame whose VLAN tag the kernel took off. */
const at = { destination: 0, source: 6, etherType: 12, ipv4: 14, ipv6Payload: 54 } as const;
const everything = 0x40000;
const tcp = 6;
const udp = 17;
const icmp = 1;
const fragmentOffset = 0x1fff;

/**
 * A program of classic BPF for whole Ethernet frames: everything that may be part of booting, and only the beginning of
 * what HTTP sends. Without it, the traffic of a busy server would have to be looked at here.
 */
export function kernelFilter(options: KernelFilterOptions): Uint8Array {
  const program = [...addressedTo(options.machine), ...byProtocol(options.httpPorts)];
  const all: readonly Instruction[] = [
    ...program,
    { label: 'all', code: codes.result, k: everything },
    { label: 'bulk', code: codes.result, k: options.bulkBytes },
    { label: 'none', code: codes.result, k: 0 },
  ];
  const places = new Map(all.flatMap(({ label }, index) => (label === undefined ? [] : [[label, index]])));
  const bytes = new Uint8Array(all.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [index, { code, k, ifTrue, ifFalse }] of all.entries()) {
    const distance = (label: string | undefined) =>
      label === undefined ? 0 : (places.get(label) ?? index + 1) - index - 1;
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, distance(ifTrue));
    view.setUint8(index * 8 + 3, distance(ifFalse));
    view.setUint32(index * 8 + 4, k, true);
  }
  return bytes;
}

/** From that machine, to it, or to a group. */
function addressedTo(machine: string | undefined): Instruction[] {
  const mac = machine === undefined ? undefined : parseMac(machine);
  if (mac === undefined) return [];
  const view = new DataView(mac.buffer);
  const isAt = (place: number, otherwise: string): Instruction[] => [
    { code: codes.loadWord, k: place },
    { code: codes.jumpIfEqual, k: view.getUint32(0), ifFalse: otherwise },
    { code: codes.loadHalf, k: place + 4 },
    { code: codes.jumpIfEqual, k: view.getUint16(4), ifTrue: 'protocol', ifFalse: otherwise },
  ];
  const [first, ...rest] = isAt(at.destination, 'group');
  return [
    ...isAt(at.source, 'destination'),
    ...(first === undefined ? [] : [{ ...first, label: 'destination' }]),
    ...rest,
    { label: 'group', code: codes.loadByte, k: at.destination },
    { code: codes.jumpIfSet, k: 1, ifFalse: 'none' },
  ];
}

function byProtocol(httpPorts: readonly number[]): Instruction[] {
  const ports = (load: number, place: number): Instruction[] => [
    { code: load, k: place + 2 },
    ...httpPorts.map((k) => ({ code: codes.jumpIfEqual, k, ifTrue: 'all' })),
    { code: load, k: place },
    ...httpPorts.map((k) => ({ code: codes.jumpIfEqual, k, ifTrue: 'bulk' })),
    { code: codes.result, k: 0 },
  ];
  return [
    { label: 'protocol', code: codes.loadHalf, k: at.etherType },
    { code: codes.jumpIfEqual, k: etherTypes.arp, ifTrue: 'all' },
    // A second tag, which the kernel leaves in the frame.
    { code: codes.jumpIfEqual, k: 0x8100, ifTrue: 'all' },
    { code: codes.jumpIfEqual, k: etherTypes.ipv6, ifTrue: 'ipv6' },
    { code: codes.jumpIfEqual, k: etherTypes.ipv4, ifFalse: 'none' },
    { code: codes.loadByte, k: at.ipv4 + 9 },
    { code: codes.jumpIfEqual, k: udp, ifTrue: 'all' },
    { code: codes.jumpIfEqual, k: icmp, ifTrue: 'all' },
    { code: codes.jumpIfEqual, k: tcp, ifFalse: 'none' },
    { code: codes.loadHalf, k: at.ipv4 + 6 },
    { code: codes.jumpIfSet, k: fragmentOffset, ifTrue: 'none' },
    { code: codes.loadHeaderLength, k: at.ipv4 },
    ...ports(codes.loadHalfBehindHeader, at.ipv4),
    { label: 'ipv6', code: codes.loadByte, k: at.ipv4 + 6 },
    { code: codes.jumpIfEqual, k: tcp, ifFalse: 'all' },
    ...ports(codes.loadHalf, at.ipv6Payload),
  ];
}
