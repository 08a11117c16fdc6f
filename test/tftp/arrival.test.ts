import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BootEvent } from '../../src/boot/timeline.ts';
import { type FetchByTftp, fetchByTftp } from '../../src/tftp/receive.ts';
import { startTftpServer } from '../../src/tftp/server.ts';
import { bootFileInMemory, numberedBytes } from '../support/boot-file-in-memory.ts';
import { LossyNetwork } from '../support/lossy-network.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';

interface Road {
  readonly sizeBytes: number;
  readonly seed?: number;
  readonly loss?: number;
  readonly duplication?: number;
  readonly reordering?: number;
}

async function carry(road: Road, asking: Partial<FetchByTftp>) {
  const { sizeBytes, ...troubles } = road;
  const clock = new SimulatedClock();
  const network = new LossyNetwork({ clock, ...troubles });
  const content = numberedBytes(sizeBytes);
  const events: BootEvent[] = [];
  const file = bootFileInMemory('boot/initrd', content);
  const address = '10.0.0.1';
  const server = await startTftpServer({
    udp: network,
    clock,
    address,
    port: 69,
    resolve: async (path) => (path === 'boot/initrd' ? file : undefined),
    report: (event) => events.push(event),
  });
  const received: Uint8Array[] = [];
  const fetched = await clock.run(
    fetchByTftp({
      udp: network,
      clock,
      server: { address, port: 69 },
      localAddress: '10.0.0.2',
      path: '/boot/initrd',
      sink: (chunk) => void received.push(chunk),
      ...asking,
    }),
  );
  await clock.run(server.close({ graceMs: 120_000 }));
  return { fetched, events, network, content, received: Buffer.concat(received) };
}

describe('a file arrives byte for byte', () => {
  it.each([
    { windowsize: 1, loss: 0.01 },
    { windowsize: 4, loss: 0.01 },
    { windowsize: 64, loss: 0.01 },
    { windowsize: 1, loss: 0.02 },
    { windowsize: 4, loss: 0.02 },
    { windowsize: 64, loss: 0.02 },
  ])(
    '20 times of 20 with a window of $windowsize, where $loss is lost and 0.01 each doubled and reordered',
    async (row) => {
      const { windowsize, loss } = row;
      for (let seed = 1; seed <= 20; seed += 1) {
        const road = { sizeBytes: 300_000, seed, loss, duplication: 0.01, reordering: 0.01 };
        const { received, content } = await carry(road, { windowsize, blksize: 1468, tsize: true });
        expect(received.equals(content), `seed ${seed}`).toBe(true);
      }
    },
  );

  it('at any size, block size, window and share of losses', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          sizeBytes: fc.nat(20_000),
          seed: fc.nat(),
          loss: fc.double({ min: 0, max: 0.1, noNaN: true }),
          duplication: fc.double({ min: 0, max: 0.1, noNaN: true }),
          reordering: fc.double({ min: 0, max: 0.1, noNaN: true }),
        }),
        fc.record(
          {
            blksize: fc.integer({ min: 64, max: 2000 }),
            windowsize: fc.integer({ min: 1, max: 100 }),
            tsize: fc.boolean(),
          },
          { requiredKeys: [] },
        ),
        async (road, asking) => {
          const { received, content } = await carry(road, asking);
          expect(received.equals(content)).toBe(true);
        },
      ),
      { numRuns: 60, seed: 7440 },
    );
  });

  it.each([0, 1, 511, 512, 513, 1023, 1024, 1025])(
    'with %i bytes, also where the last block is empty',
    async (sizeBytes) => {
      const { received, content, events, fetched, network } = await carry({ sizeBytes }, {});
      expect(received.equals(content)).toBe(true);
      expect(fetched.sizeBytes).toBe(sizeBytes);
      expect(events).toEqual([
        expect.objectContaining({
          step: 'served',
          outcome: 'complete',
          sizeBytes,
          sentBytes: sizeBytes,
          path: '/boot/initrd',
        }),
      ]);
      expect(network.openSockets).toBe(0);
    },
  );

  it('beyond block 65,535, where the number on the wire begins again', async () => {
    const { received, content } = await carry({ sizeBytes: 66_000 * 8 + 3 }, { blksize: 8, windowsize: 64 });
    expect(received.equals(content)).toBe(true);
  });

  it('without sending a block twice where the network doubles every datagram', async () => {
    const { network, received, content } = await carry({ sizeBytes: 100 * 512 + 1, duplication: 1 }, {});
    expect(received.equals(content)).toBe(true);
    const blocks = network.sent.filter(({ bytes }) => bytes[1] === 3 && bytes.byteLength === 516);
    // Two, because the doubled request begins a second transfer, which the client turns away after its first block.
    expect(blocks.length).toBeLessThanOrEqual(101);
  });
});
