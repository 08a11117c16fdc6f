import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../src/platform/udp.ts';
import { packetCodec } from '../../src/tftp/packet.ts';
import { startTftpServer } from '../../src/tftp/server.ts';
import { bootFileInMemory, numberedBytes } from '../support/boot-file-in-memory.ts';
import { LossyNetwork } from '../support/lossy-network.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';

const main: Endpoint = { address: '10.0.0.1', port: 69 };

/** What a client has, and what it does with a block that is not the next. */
interface Reader {
  /** Blocks that it has, all from the first on. */
  blocks: number;
  acknowledged: number;
  toldOfGap: number;
}

type Unexpected = (wireBlock: number, reader: Reader) => number | undefined;

/** The ACK that each sends for a block it did not expect; `undefined` for none. None of them ever asks by itself. */
const manners: Record<string, Unexpected> = {
  // NetworkPkg/Mtftp4Dxe/Mtftp4Rrq.c, Mtftp4RrqHandleData
  EDK2: (_, { blocks }) => blocks,
  // grub-core/net/tftp.c, tftp_receive
  GRUB: (wireBlock, { blocks }) => (wireBlock < ((blocks + 1) & 0xffff) ? wireBlock : undefined),
  // net/tftp.c, tftp_handler
  'U-Boot': (wireBlock, reader) => {
    const isOld = ((reader.blocks + 1) & 0xffff) - ((wireBlock << 16) >> 16) > 0;
    if (isOld || reader.toldOfGap === reader.blocks) return undefined;
    reader.toldOfGap = reader.blocks;
    return reader.blocks;
  },
};

interface Road {
  readonly blocks: number;
  readonly window: number;
  readonly seed: number;
  readonly loss?: number;
  readonly duplication?: number;
  readonly reordering?: number;
  /** Has the first ACK of this block lost. */
  readonly losesAckOf?: number;
}

async function fetched(unexpected: Unexpected, { blocks, window, losesAckOf, ...troubles }: Road) {
  const clock = new SimulatedClock();
  const network = new LossyNetwork({ clock, ...troubles });
  const content = numberedBytes(blocks * 8 - 1);
  const file = bootFileInMemory('f', content);
  const server = await startTftpServer({ udp: network, clock, ...main, resolve: async () => file, report: () => {} });
  const reader: Reader = { blocks: 0, acknowledged: 0, toldOfGap: -1 };
  const received: Uint8Array[] = [];
  const done = Promise.withResolvers<void>();
  let toLose = losesAckOf;
  let server_: Endpoint | undefined;
  const socket = await network.open({ address: '10.0.0.2', port: 0 }, (bytes, from) => {
    server_ ??= from;
    if (from.port !== server_.port) return;
    const packet = packetCodec.decode(bytes);
    const acknowledge = (block: number) => {
      reader.acknowledged = reader.blocks;
      const isLost = toLose === block;
      if (isLost) toLose = undefined;
      else socket.send(packetCodec.encode({ kind: 'acknowledgement', block }), from);
    };
    if (packet.kind === 'options') {
      if (reader.blocks === 0) acknowledge(0);
    } else if (packet.kind === 'data') {
      if (packet.block !== ((reader.blocks + 1) & 0xffff)) {
        const block = unexpected(packet.block, reader);
        if (block !== undefined) acknowledge(block);
        return;
      }
      received.push(packet.bytes);
      reader.blocks += 1;
      const isLast = packet.bytes.length < 8;
      if (isLast || reader.blocks - reader.acknowledged >= window) acknowledge(reader.blocks);
      if (isLast) done.resolve();
    }
  });
  const options = new Map([
    ['blksize', '8'],
    ['windowsize', `${window}`],
  ]);
  const ask = () => socket.send(packetCodec.encode({ kind: 'read', path: 'f', mode: 'octet', options }), main);
  ask();
  clock.after(5000, () => reader.blocks === 0 && ask());
  await clock.run(done.promise);
  const tookMs = clock.elapsedMs();
  const sentBlocks = network.sent.filter(({ from, bytes }) => from.address === main.address && bytes[1] === 3).length;
  await clock.run(server.close({ graceMs: 20_000 }));
  return { isWhole: Buffer.concat(received).equals(content), tookMs, sentBlocks };
}

const edk2 = manners['EDK2'] as Unexpected;

describe('firmware that acknowledges whatever it gets', () => {
  it.each([2, 4, 16])(
    'is not sent everything twice after a doubled or late block, with a window of %i',
    async (window) => {
      for (let seed = 1; seed <= 5; seed += 1) {
        const road = { blocks: 4000, window, seed, duplication: 0.002, reordering: 0.002 };
        const { isWhole, sentBlocks } = await fetched(edk2, road);
        expect(isWhole).toBe(true);
        expect(sentBlocks).toBeLessThan(4000 * 1.2);
      }
    },
  );
});

describe('a client that never repeats an ACK', () => {
  it.each(Object.keys(manners))('gets the next block all the same: %s', async (name) => {
    const road = { blocks: 100, window: 1, seed: 1, losesAckOf: 50 };
    const { isWhole, tookMs } = await fetched(manners[name] as Unexpected, road);
    expect(isWhole).toBe(true);
    expect(tookMs).toBeLessThan(500);
  });

  it.each(Object.keys(manners))('gets the block after 65,535 all the same: %s', async (name) => {
    const road = { blocks: 65_600, window: 1, seed: 1, losesAckOf: 65_535 };
    const { isWhole } = await fetched(manners[name] as Unexpected, road);
    expect(isWhole).toBe(true);
  });

  it.each(Object.keys(manners))('gets the whole file on a wire that loses 2 of 100: %s', async (name) => {
    for (const window of name === 'GRUB' ? [1] : [1, 4]) {
      const road = { blocks: 2000, window, seed: 7, loss: 0.02, duplication: 0.01, reordering: 0.01 };
      const { isWhole, tookMs } = await fetched(manners[name] as Unexpected, road);
      expect(isWhole).toBe(true);
      expect(tookMs).toBeLessThan(30_000);
    }
  });
});
