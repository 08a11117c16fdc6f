import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BootCatalog } from '../../src/boot/plan.ts';
import { Dissector } from '../../src/capture/dissect.ts';
import type { CapturedPacket } from '../../src/capture/packet.ts';
import { readCapture } from '../../src/capture/read.ts';
import { decodeDhcp, readRecording, serverPorts } from '../../src/capture/recording.ts';
import { type Replayed, replay } from '../../src/capture/replay.ts';
import { DhcpReplay } from '../../src/capture/replay-dhcp.ts';
import { networkOf } from '../../src/capture/replay-network.ts';
import { Networks } from '../../src/dhcp/choose-network.ts';
import { encodePacket } from '../../src/dhcp/packet.ts';
import { openFile } from '../../src/platform/files-node.ts';

// Boots of real firmware, recorded by record.ts; README.md says what each of them is.

interface Golden {
  /** Who answered: what we recorded of ourselves, we answer so today. */
  readonly by: 'bootwright' | 'dnsmasq';
  /** What the machine fetches, in this order, beside others. */
  readonly fetches: readonly RegExp[];
}

const shimGrubKernel = [/bootx64\.efi$/, /grubx64\.efi$/, /grub\.cfg$/, /vmlinuz$/, /initrd\.img$/, /liveos\.iso$/];

const goldens: Readonly<Record<string, Golden>> = {
  'ovmf-pxe4-dnsmasq': { by: 'dnsmasq', fetches: shimGrubKernel },
  'ovmf-pxe4-secure-boot': { by: 'bootwright', fetches: shimGrubKernel },
};

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

async function* inOrder(packets: readonly CapturedPacket[]): AsyncGenerator<CapturedPacket> {
  yield* packets;
}

async function replayAll(packets: readonly CapturedPacket[]): Promise<Replayed[]> {
  const recording = await readRecording(inOrder(packets));
  const network = networkOf({ mode: 'server', httpPort: 80, range }, recording.server);
  if (network === undefined) throw new Error('no server speaks in it');
  const releaseId = recording.releaseId ?? 'release';
  const catalog: BootCatalog = {
    activeId: releaseId,
    loaderOf: (id) => (id === releaseId ? { file: 'bootx64.efi', architecture: 'x64' } : undefined),
    hasLoader: () => true,
    whyNoLoader: () => '',
  };
  const networks = new Networks([{ interface: 'eth0', network }], []);
  const dhcp = new DhcpReplay({ networks, interface: 'eth0', catalog, overrides: {} }, recording);
  return Array.fromAsync(replay(inOrder(packets), { dhcp, httpPorts: [80] }));
}

it('every capture of this folder is one of the goldens', () => {
  const there = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.pcapng'));
  expect(there.toSorted()).toEqual(Object.keys(goldens).map((name) => `${name}.pcapng`));
});

describe.each(Object.entries(goldens))('%s', (name, { by, fetches }) => {
  it('holds DHCP messages that we can read, each of which encodes to the same bytes where it is ours', async () => {
    const dissector = new Dissector();
    let count = 0;
    for (const packet of await packetsOf(name)) {
      const content = dissector.dissect(packet);
      if (content.kind !== 'udp') continue;
      const isReply = serverPorts.includes(content.from.port);
      if (!isReply && !serverPorts.includes(content.to.port)) continue;
      const message = decodeDhcp(content.payload);
      if (typeof message === 'string') throw new Error(message);
      count += 1;
      if (!isReply || by !== 'bootwright') continue;
      expect(Buffer.from(encodePacket(message)).toString('hex')).toBe(Buffer.from(content.payload).toString('hex'));
    }
    // DISCOVER, OFFER, REQUEST and ACK of the firmware, and of the system.
    expect(count).toBeGreaterThanOrEqual(8);
  });

  it('is answered today with the address, the boot file and the shape that it was answered with', async () => {
    const messages = (await replayAll(await packetsOf(name))).filter((each) => each.kind === 'message');
    expect(messages.length).toBeGreaterThanOrEqual(4);
    for (const { recorded, now, differences, asked } of messages) {
      expect(recorded.length, asked).toBeGreaterThan(0);
      if (by === 'bootwright') expect([asked, differences]).toEqual([asked, []]);
      else expect([asked, now?.type]).not.toEqual([asked, undefined]);
    }
  });

  it('fetches what such a machine fetches, in its order', async () => {
    const paths = (await replayAll(await packetsOf(name))).flatMap((each) => (each.kind === 'file' ? [each.path] : []));
    let from = 0;
    for (const wanted of fetches) {
      const at = paths.findIndex((path, index) => index >= from && wanted.test(path));
      expect(at, `${wanted} in ${paths.slice(from).join(' ')}`).toBeGreaterThanOrEqual(0);
      from = at + 1;
    }
  });
});
