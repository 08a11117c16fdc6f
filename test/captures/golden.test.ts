import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FirmwareOverrides } from '../../src/boot/firmware.ts';
import type { BootCatalog } from '../../src/boot/plan.ts';
import { Dissector } from '../../src/capture/dissect.ts';
import type { CapturedPacket } from '../../src/capture/packet.ts';
import { readCapture } from '../../src/capture/read.ts';
import { decodeDhcp, readRecording, serverPorts } from '../../src/capture/recording.ts';
import { readRecording6, serverPorts6 } from '../../src/capture/recording6.ts';
import { type Replayed, replay } from '../../src/capture/replay.ts';
import { DhcpReplay } from '../../src/capture/replay-dhcp.ts';
import { Dhcp6Replay } from '../../src/capture/replay-dhcp6.ts';
import { networkOf } from '../../src/capture/replay-network.ts';
import { standpoint6ByHand } from '../../src/cli/replay-networks6.ts';
import { Networks } from '../../src/dhcp/choose-network.ts';
import { encodePacket } from '../../src/dhcp/packet.ts';
import { decodeMessage, encodeMessage } from '../../src/dhcp6/packet.ts';
import { openFile } from '../../src/platform/files-node.ts';

// Boots of real firmware, recorded by record.ts; README.md says what each of them is.

interface Golden {
  /** What the machine fetches, in this order, beside others. */
  readonly fetches: readonly RegExp[];
  /** What we were, and what we answer so today. Where we were not there: what is answered is no matter. */
  readonly we?: 'server' | 'proxy';
  readonly overrides?: FirmwareOverrides;
  /** Machine and server speak DHCPv6 as well. */
  readonly ipv6?: true;
}

const kernel = [/grub\.cfg$/, /vmlinuz$/, /initrd\.img$/];
const shimGrubKernel = [/bootx64\.efi$/, /grubx64\.efi$/, ...kernel];
const liveImage = /liveos\.iso$/;

const goldens: Readonly<Record<string, Golden>> = {
  'bios-ipxe': { we: 'server', fetches: [/loaders\/grub-bios\.0$/, ...kernel] },
  'ovmf-http4': { we: 'server', fetches: [/loaders\/grubx64\.efi$/, ...kernel] },
  'ovmf-ipxe-efi': {
    we: 'server',
    overrides: { 'efi-x64': { file: 'loaders/ipxe.efi' } },
    fetches: [/loaders\/ipxe\.efi$/, /loaders\/grubx64\.efi$/, ...kernel],
  },
  'ovmf-pxe4-dnsmasq': { fetches: [...shimGrubKernel, liveImage] },
  'ovmf-pxe4-proxy': { we: 'proxy', fetches: shimGrubKernel },
  'ovmf-pxe4-secure-boot': { we: 'server', fetches: [...shimGrubKernel, liveImage] },
  'ovmf-pxe6': { we: 'server', ipv6: true, fetches: [...shimGrubKernel, liveImage] },
};

/** Of the server that was recorded, wherever it was ours. */
const ourAddress = '10.99.0.1';
/** What the server was started with: record.ts. */
const range = { first: '10.99.0.50', last: '10.99.0.60' };

async function packetsOf(name: string): Promise<CapturedPacket[]> {
  const source = await openFile(join(import.meta.dirname, `${name}.pcapng`));
  try {
    return await Array.fromAsync(
      readCapture(source, name, () => {
        throw new Error(`${name} ends inside of a packet`);
      }),
    );
  } finally {
    await source.close();
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

async function* inOrder(packets: readonly CapturedPacket[]): AsyncGenerator<CapturedPacket> {
  yield* packets;
}

async function replayAll(
  packets: readonly CapturedPacket[],
  { we = 'server', overrides = {} }: Golden,
): Promise<Replayed[]> {
  const recording = await readRecording(inOrder(packets));
  const recording6 = await readRecording6(inOrder(packets));
  const server = { address: ourAddress, netmask: '255.255.255.0' };
  const network = networkOf({ mode: we, httpPort: 80, server, ...(we === 'proxy' ? {} : { range }) });
  if (network === undefined) throw new Error('no server speaks in it');
  const releaseId = recording.releaseId ?? recording6.releaseId ?? 'release';
  const catalog: BootCatalog = {
    activeId: releaseId,
    loaderOf: (id) => (id === releaseId ? { file: 'bootx64.efi', architecture: 'x64' } : undefined),
    hasLoader: () => true,
    whyNoLoader: () => '',
  };
  const networks = new Networks([{ interface: 'eth0', network }], []);
  const dhcp = new DhcpReplay({ networks, interface: 'eth0', catalog, overrides }, recording);
  const six = standpoint6ByHand(recording6, 'server', 80);
  const dhcp6 = six && new Dhcp6Replay({ ...six, catalog, overrides, ledger: dhcp.ledger }, recording6);
  const both = dhcp6 === undefined ? { dhcp } : { dhcp, dhcp6 };
  return Array.fromAsync(replay(inOrder(packets), { ...both, httpPorts: [80] }));
}

it('every capture of this folder is one of the goldens', () => {
  const there = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.pcapng'));
  expect(there.toSorted()).toEqual(Object.keys(goldens).map((name) => `${name}.pcapng`));
});

describe.each(Object.entries(goldens))('%s', (name, golden) => {
  it('holds DHCP messages that we can read, each of which encodes to the same bytes where it is ours', async () => {
    const dissector = new Dissector();
    let count = 0;
    let count6 = 0;
    for (const packet of await packetsOf(name)) {
      const content = dissector.dissect(packet);
      if (content.kind !== 'udp') continue;
      const { from, to, payload } = content;
      const ports = to.address.includes(':') ? serverPorts6 : serverPorts;
      const isReply = ports.includes(from.port);
      if (!isReply && !ports.includes(to.port)) continue;
      if (to.address.includes(':')) {
        count6 += 1;
        expect(hexOf(encodeMessage(decodeMessage(payload)))).toBe(hexOf(payload));
        continue;
      }
      const message = decodeDhcp(payload);
      if (typeof message === 'string') throw new Error(message);
      count += 1;
      if (golden.we === undefined || from.address !== ourAddress) continue;
      if (message.op === 'reply') expect(hexOf(encodePacket(message))).toBe(hexOf(payload));
    }
    // DISCOVER, OFFER, REQUEST and ACK of the firmware at least, or of the system where that one has IPv6.
    expect(count).toBeGreaterThanOrEqual(4);
    if (golden.ipv6) expect(count6).toBeGreaterThanOrEqual(4);
  });

  it('is answered today with the address, the boot file and the shape that it was answered with', async () => {
    const messages = (await replayAll(await packetsOf(name), golden)).filter((each) => each.kind === 'message');
    expect(messages.length).toBeGreaterThanOrEqual(2);
    for (const { recorded, now, differences, asked } of messages) {
      expect(recorded.length, asked).toBeGreaterThan(0);
      const were = recorded.some(({ server }) => server === ourAddress || server.startsWith('duid:'));
      if (golden.we === undefined) expect([asked, now?.type]).not.toEqual([asked, undefined]);
      else if (were) expect([asked, differences]).toEqual([asked, []]);
      else expect([asked, now]).toEqual([asked, undefined]);
    }
  });

  it('fetches what such a machine fetches, in its order', async () => {
    const all = await replayAll(await packetsOf(name), golden);
    const paths = all.flatMap((each) => (each.kind === 'file' ? [each.path] : []));
    let from = 0;
    for (const wanted of golden.fetches) {
      const at = paths.findIndex((path, index) => index >= from && wanted.test(path));
      expect(at, `${wanted} in ${paths.slice(from).join(' ')}`).toBeGreaterThanOrEqual(0);
      from = at + 1;
    }
  });
});
