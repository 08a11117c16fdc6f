import { describe, expect, it } from 'vitest';
import { BootLedger } from '../../src/boot/ledger.ts';
import type { BootCatalog } from '../../src/boot/plan.ts';
import { type CapturedPacket, linkTypes } from '../../src/capture/packet.ts';
import { decodeDhcp6, readRecording6 } from '../../src/capture/recording6.ts';
import { Dhcp6Replay } from '../../src/capture/replay-dhcp6.ts';
import { standpoint6ByHand } from '../../src/cli/replay-networks6.ts';
import { encodeOption, readOption } from '../../src/dhcp6/options.ts';
import { encodeMessage, type Message } from '../../src/dhcp6/packet.ts';
import { ovmfConfigSolicit, ovmfMac, ovmfRequest, ovmfSolicit, ovmfSource } from '../packets/dhcp6-ovmf.ts';
import { udpFrame } from './frames.ts';

const machine = { address: ovmfSource, port: 546 };
const everyServer = { address: 'ff02::1:2', port: 547 };
const server = { address: 'fe80::1', port: 547 };
const duid = Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, 0, 1);
const url = 'tftp://[fd00::1]/releases/r1/bootx64.efi';

/** A server's answer: the address fd00::1ac, and the boot file. */
function answerTo(bytes: Uint8Array, type: 'advertise' | 'reply', bootFileUrl = url): Uint8Array {
  const { transaction, options } = decodeDhcp6(bytes) as Message;
  const iaid = readOption(options, 'association')?.iaid ?? 0;
  const lifetimes = { preferredSeconds: 600, validSeconds: 600, options: [] };
  const leased = encodeOption('leasedAddress', { address: 'fd00::1ac', ...lifetimes });
  return encodeMessage({
    type,
    transaction,
    options: [
      encodeOption('association', { iaid, t1: 0, t2: 0, options: [leased] }),
      encodeOption('bootFileUrl', bootFileUrl),
      encodeOption('clientId', readOption(options, 'clientId') ?? new Uint8Array()),
      encodeOption('serverId', duid),
    ],
  });
}

const asks = (bytes: Uint8Array) => udpFrame({ from: machine, to: everyServer }, bytes);
const tells = (bytes: Uint8Array) => udpFrame({ from: server, to: machine }, bytes);

async function* packetsOf(frames: readonly Uint8Array[]): AsyncGenerator<CapturedPacket> {
  for (const [index, bytes] of frames.entries()) {
    yield { timeNs: BigInt(index + 1) * 1_000_000_000n, linkType: linkTypes.ethernet, bytes, sizeBytes: bytes.length };
  }
}

const catalog: BootCatalog = {
  activeId: 'r1',
  loaderOf: (id) => (id === 'r1' ? { file: 'bootx64.efi', architecture: 'x64' } : undefined),
  hasLoader: () => true,
  whyNoLoader: () => '',
};

/** What is said to a message after these frames were recorded. */
async function replayed(frames: readonly Uint8Array[], asked: Uint8Array, mode: 'server' | 'proxy' = 'server') {
  const recording = await readRecording6(packetsOf(frames));
  const standpoint = standpoint6ByHand(recording, mode, 80);
  if (standpoint === undefined) throw new Error('no network');
  const replay = new Dhcp6Replay({ ...standpoint, catalog, overrides: {}, ledger: new BootLedger([]) }, recording);
  return replay.replay({ kind: 'udp', from: machine, to: everyServer, payload: asked, cutBytes: 0 }, 1_000_000_000n);
}

const boot = [
  asks(ovmfSolicit),
  tells(answerTo(ovmfSolicit, 'advertise')),
  asks(ovmfRequest),
  tells(answerTo(ovmfRequest, 'reply')),
];

describe('DHCPv6 in a recording', () => {
  it('gets the same again where the recorded server was one of ours', async () => {
    const given = { address: 'fd00::1ac', bootFile: url, shape: 'plain', server: 'duid:00030001020000000001' };
    expect(await replayed(boot, ovmfSolicit)).toMatchObject({
      machine: ovmfMac,
      asked: 'SOLICIT: "PXEClient:Arch:00007:UNDI:003000"',
      now: { type: 'advertise', ...given },
      recorded: [{ type: 'advertise', ...given }],
      differences: [],
      reasons: [],
    });
    expect(await replayed(boot, ovmfRequest)).toMatchObject({ now: { type: 'reply', ...given }, differences: [] });
  });

  it('shows what another server named instead', async () => {
    const theirs = tells(answerTo(ovmfSolicit, 'advertise', 'tftp://[fd00::2]/snponly.efi'));
    expect(await replayed([asks(ovmfSolicit), theirs], ovmfSolicit)).toMatchObject({
      differences: [
        'boot file: tftp://[fd00::2]/snponly.efi was given, tftp://[fd00::2]/releases/r1/bootx64.efi would be',
      ],
    });
  });

  it('gets no address from a proxy, and no answer where it boots nothing', async () => {
    expect(await replayed(boot, ovmfSolicit, 'proxy')).toMatchObject({
      now: { type: 'advertise', bootFile: url, shape: 'binl' },
      differences: ['address: fd00::1ac was given, none would be', 'shape: plain was given, binl would be'],
    });
    expect(await replayed(boot, ovmfConfigSolicit, 'proxy')).toMatchObject({
      now: undefined,
      reasons: ['there is nothing to say to this SOLICIT'],
    });
  });

  it('is told where it is damaged, and left out where a server says it', async () => {
    expect(await replayed(boot, Uint8Array.of(1, 2))).toMatchObject({
      asked: 'a damaged message',
      machine: ovmfSource,
    });
    expect(await replayed(boot, answerTo(ovmfSolicit, 'advertise'))).toBeUndefined();
  });
});
