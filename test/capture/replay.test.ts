import { describe, expect, it } from 'vitest';
import type { BootCatalog } from '../../src/boot/plan.ts';
import { fileHeader, packetBlock } from '../../src/capture/pcapng-write.ts';
import { readCapture } from '../../src/capture/read.ts';
import { readRecording } from '../../src/capture/recording.ts';
import { type Replayed, replay } from '../../src/capture/replay.ts';
import { DhcpReplay } from '../../src/capture/replay-dhcp.ts';
import { type NetworkHints, networkOf } from '../../src/capture/replay-network.ts';
import { Networks } from '../../src/dhcp/choose-network.ts';
import { decodePacket, encodePacket } from '../../src/dhcp/packet.ts';
import { bytesSource } from '../../src/platform/files.ts';
import { packetCodec } from '../../src/tftp/packet.ts';
import { ackToOvmf, offerToOvmf, ovmfDiscover, ovmfRequest } from '../packets/dhcp-ovmf.ts';
import { type FrameEnds, udpFrame } from './frames.ts';

const machine = '52:54:00:12:34:56';
const up: FrameEnds = { from: { address: '0.0.0.0', port: 68 }, to: { address: '255.255.255.255', port: 67 } };
const down: FrameEnds = { from: { address: '10.98.0.1', port: 67 }, to: { address: '255.255.255.255', port: 68 } };
const tftp: FrameEnds = { from: { address: '10.98.0.10', port: 2070 }, to: { address: '10.98.0.1', port: 69 } };
const read = { kind: 'read', path: '\\bootx64.efi', mode: 'octet', options: new Map() } as const;

/** The boot of OVMF, a second between packets. */
const boot = [
  udpFrame(up, ovmfDiscover),
  udpFrame(down, offerToOvmf),
  udpFrame(up, ovmfRequest),
  udpFrame(down, ackToOvmf),
  udpFrame({ ...tftp, sourceMac: machine }, packetCodec.encode(read)),
];

function fileOf(frames: readonly Uint8Array[]): Uint8Array {
  const blocks = frames.map((bytes, index) =>
    packetBlock({ timeNs: BigInt(index + 1) * 1_000_000_000n, bytes, sizeBytes: bytes.length }),
  );
  return Buffer.concat([fileHeader({ application: 'test', interface: 'eth0' }), ...blocks]);
}

const catalog: BootCatalog = {
  activeId: 'r1',
  loaderOf: (id) => (id === 'r1' ? { file: 'bootx64.efi', architecture: 'x64' } : undefined),
  hasLoader: () => true,
  whyNoLoader: () => '',
};

async function replayed(frames: readonly Uint8Array[], hints: Partial<NetworkHints> = {}): Promise<Replayed[]> {
  const packets = () => readCapture(bytesSource(fileOf(frames)), 'boot.pcapng');
  const recording = await readRecording(packets());
  const network = networkOf({ mode: 'server', httpPort: 80, ...hints }, recording.server);
  if (network === undefined) throw new Error('no network');
  const networks = new Networks([{ interface: 'eth0', network }], []);
  const dhcp = new DhcpReplay({ networks, interface: 'eth0', catalog, overrides: {} }, recording);
  return Array.fromAsync(replay(packets(), { dhcp, httpPorts: [80] }));
}

const range = { first: '10.98.0.10', last: '10.98.0.20' };

describe('a recording of our own', () => {
  it('gets the same again, and says which file is asked for', async () => {
    const [discover, request, file, ...rest] = await replayed(boot, { range });
    expect(discover).toMatchObject({
      kind: 'message',
      machine,
      asked: 'DISCOVER: UEFI x64, "PXEClient:Arch:00007:UNDI:003000"',
      now: { type: 'offer', address: '10.98.0.10', bootFile: 'releases/r1/bootx64.efi', shape: 'direct' },
      differences: [],
      reasons: [],
    });
    expect(request).toMatchObject({ kind: 'message', now: { type: 'ack' }, differences: [] });
    expect(file).toMatchObject({ kind: 'file', machine, protocol: 'tftp', path: '\\bootx64.efi' });
    expect(rest).toEqual([]);
  });

  it('names what other settings change, and why', async () => {
    const [discover, request] = await replayed(boot, { range: { first: '10.98.0.30', last: '10.98.0.40' } });
    expect(discover).toMatchObject({ differences: ['address: 10.98.0.10 was given, 10.98.0.30 would be'] });
    expect(request).toMatchObject({
      now: { type: 'nak' },
      differences: ['kind of answer: ACK was given, NAK would be'],
      reasons: [expect.stringContaining('10.98.0.10 is not in the pool')],
    });
  });

  it('as a proxy: no address, and no word on what another server gave', async () => {
    const [discover, request] = await replayed(boot, {
      mode: 'proxy',
      server: { address: '10.98.0.2', netmask: '255.255.255.0' },
    });
    expect(discover).toMatchObject({ now: { type: 'offer', server: '10.98.0.2' } });
    expect(discover).not.toHaveProperty('now.address');
    expect(request).toMatchObject({ now: undefined, differences: ['it was answered, and would not be'] });
    expect(request).toHaveProperty('reasons.0');
  });
});

/** The answer of one that leaves booting, or of one that leaves the address, to somebody else. */
function without(codes: readonly number[], from: Uint8Array, yiaddr: string, server: readonly number[]): Uint8Array {
  const packet = decodePacket(from);
  const options = new Map(packet.options).set(54, Uint8Array.from(server));
  for (const code of codes) options.delete(code);
  return encodePacket({ ...packet, yiaddr, file: codes.includes(67) ? '' : packet.file, options });
}

it('a recording of a proxy: what the other server said stays, and is no difference', async () => {
  const [booting, giving, other] = [
    [43, 60, 66, 67],
    [1, 3, 51, 58, 59],
    [10, 98, 0, 254],
  ];
  const frames = [
    udpFrame(up, ovmfDiscover),
    udpFrame(down, without(booting, offerToOvmf, '10.98.0.10', other)),
    udpFrame(down, without(giving, offerToOvmf, '0.0.0.0', [10, 98, 0, 1])),
    udpFrame(up, without([], ovmfRequest, '0.0.0.0', other)),
    udpFrame(down, without(booting, ackToOvmf, '10.98.0.10', other)),
  ];
  const recording = await readRecording(readCapture(bytesSource(fileOf(frames)), 'boot.pcapng'));
  expect(recording.proxy).toEqual({ address: '10.98.0.1', netmask: '255.255.255.0' });
  const { address = '', netmask = '' } = recording.proxy ?? {};
  const [discover, request] = await replayed(frames, { mode: 'proxy', server: { address, netmask } });
  expect(discover).toMatchObject({
    now: { server: '10.98.0.1' },
    recorded: [{ server: '10.98.0.254' }, { server: '10.98.0.1' }],
  });
  expect(request).toMatchObject({ now: undefined, differences: [] });
});

it('a machine that never fetches anything gets another shape of offer, and that is said', async () => {
  const repeated = Array.from({ length: 4 }, () => udpFrame(up, ovmfDiscover)).flatMap((frame) => [frame, frame]);
  const answers = await replayed(repeated, { range, server: { address: '10.98.0.1', netmask: '255.255.255.0' } });
  const shapes = answers.map((each) => (each.kind === 'message' ? each.now?.shape : undefined));
  expect(shapes[0]).toBe('direct');
  expect(shapes).toContain('plain');
  const said = answers.flatMap((each) => (each.kind === 'message' ? each.reasons : []));
  expect(said.join('\n')).toMatch(/plain/);
});

it('a damaged message is told as one', async () => {
  const [first] = await replayed([udpFrame(up, Uint8Array.of(1, 2, 3))], {
    server: { address: '10.98.0.1', netmask: '255.255.255.0' },
  });
  expect(first).toMatchObject({ now: undefined, reasons: [expect.stringContaining('malformed')] });
});
