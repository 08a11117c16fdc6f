import { hasCode } from '../../src/errors.ts';
import { agree } from '../../src/tftp/options.ts';
import { packetCodec } from '../../src/tftp/packet.ts';
import { mutate } from './mutate.ts';
import type { Random } from './random.ts';
import type { Seeds } from './seeds.ts';
import { Finding, type Input, type World } from './world.ts';

const layout = { start: 2, width: 1, codes: [0, 1, 2, 3, 4, 5, 6], largestBytes: 2000 } as const;
const limits = { mtuBytes: 1500, maxWindowBlocks: 64 };

/** What TFTP makes of a datagram, without the files. */
export async function makeTftpWorld(random: Random, { tftp }: Seeds): Promise<World> {
  return {
    finding: undefined,
    answers: 0,
    next(): Input {
      const bytes = mutate(random.pick(tftp), tftp, layout, random);
      return { interface: '', port: 69, from: { address: '10.0.0.9', port: 2070 }, bytes };
    },
    deliver({ bytes }) {
      try {
        const packet = packetCodec.decode(bytes);
        if (packet.kind !== 'read' && packet.kind !== 'write') return;
        const again = packetCodec.decode(packetCodec.encode(packet));
        if (JSON.stringify(again) !== JSON.stringify(packet)) throw new Finding('it is read otherwise once written');
        const { blockSizeBytes, windowBlocks } = agree(packet.options, random.int(2 ** 31), limits);
        const isRight = blockSizeBytes >= 8 && blockSizeBytes <= 1468 && windowBlocks >= 1 && windowBlocks <= 64;
        if (!isRight) throw new Finding(`blocks of ${blockSizeBytes} bytes, ${windowBlocks} at a time`);
      } catch (error) {
        if (!hasCode(error, 'TFTP_MALFORMED')) throw error;
      }
    },
    happen: async () => {},
    settle: async () => {},
    close: async () => {},
  };
}
