import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createNetns, type NetnsPair } from '../support/netns.ts';
import { describeWith } from '../support/programs.ts';

const program = 'test/support/arp-probe.ts';

interface Asked {
  readonly holders: readonly (string | null)[];
  readonly nowhere: string | null;
  readonly tookMs: number;
}

describeWith({ programs: ['ip', 'setpriv'], root: true }, 'who has an address', () => {
  let pair: NetnsPair;
  beforeAll(async () => {
    pair = await createNetns({ client: '10.77.0.2/24' });
  });
  afterAll(() => pair.remove());

  async function ask(...args: readonly string[]): Promise<Asked> {
    const { stdout } = await pair.server.run(process.execPath, [program, ...args]);
    return JSON.parse(String(stdout)) as Asked;
  }

  it('is named at once, by its MAC address', async () => {
    const { holders, nowhere, tookMs } = await ask('2000', '10.77.0.2');
    expect(holders).toEqual([pair.client.mac]);
    expect(nowhere).toBeNull();
    expect(tookMs).toBeLessThan(1000);
  });

  it('nobody has it: that is known when the time is over', async () => {
    const { holders, tookMs } = await ask('300', '10.77.0.3');
    expect(holders).toEqual([null]);
    expect(tookMs).toBeGreaterThan(280);
    expect(tookMs).toBeLessThan(2000);
  });

  it('many are asked for at the same time, and each once', async () => {
    const unused = Array.from({ length: 100 }, (_, index) => `10.77.0.${100 + index}`);
    const { holders, tookMs } = await ask('400', ...unused, '10.77.0.2', '10.77.0.2');
    expect(holders).toEqual([...unused.map(() => null), pair.client.mac, pair.client.mac]);
    expect(tookMs).toBeLessThan(2500);
  });

  it('whoever is about to take it has it, too: of two that ask, the one that asked first hears of the other', async () => {
    const [one, other] = await Promise.all(
      [pair.server, pair.client].map(async (side) => {
        const { stdout } = await side.run(process.execPath, [program, '2000', '10.77.0.9']);
        return (JSON.parse(String(stdout)) as Asked).holders[0];
      }),
    );
    expect([one === pair.client.mac, other === pair.server.mac]).toContain(true);
    expect([null, pair.client.mac]).toContain(one);
    expect([null, pair.server.mac]).toContain(other);
  });

  it('a host may not look at packets: that is said when the probe is made', async () => {
    const { stderr } = await execa(
      'setpriv',
      ['--bounding-set', '-net_raw', '--inh-caps', '-net_raw', process.execPath, program],
      { reject: false },
    );
    expect(stderr).toContain('PACKET_SOCKET_FORBIDDEN');
  });
});
