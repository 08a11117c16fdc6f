import { describe, expect, it } from 'vitest';
import { BootLedger } from '../../src/boot/ledger.ts';
import { ShapeBook } from '../../src/boot/shapes.ts';
import { startDhcpServer } from '../../src/dhcp/server.ts';
import { startDhcp6Server } from '../../src/dhcp6/server.ts';
import { formatMac } from '../../src/wire/addresses.ts';
import { networkOf } from '../dhcp/machine.ts';
import { duidLL, linkLocal, message, network as network6, options, serverDuid, wants } from '../dhcp6/machine.ts';
import { ovmfDiscover } from '../packets/dhcp-ovmf.ts';
import { makeBoots } from './boots.ts';
import { heapBytes } from './heap.ts';
import { FuzzWire } from './wire.ts';
import { turns } from './world.ts';

const clock = { nowMs: () => 1_700_000_000_000, elapsedMs: () => 0, after: () => () => {} };
const MiB = 2 ** 20;

/** The hardware address of the nth machine that nobody has. */
function invented(nth: number): Uint8Array {
  return Uint8Array.of(2, 0, nth >>> 24, nth >>> 16, nth >>> 8, nth);
}

function parts() {
  const boots = makeBoots(clock.nowMs);
  const wire = new FuzzWire(() => {});
  return {
    wire,
    given: { udp: wire, clock, ...boots, leases: [], relayed: [], commit: async () => {}, report: () => {} },
  };
}

/** How much the heap has grown between the first and the last of so many batches of a thousand. */
async function grown(thousands: number, send: (nth: number) => void): Promise<number> {
  let before = 0;
  for (let thousand = 0; thousand < thousands; thousand += 1) {
    for (let nth = 0; nth < 1000; nth += 1) send(thousand * 1000 + nth);
    await turns(3);
    if (thousand === 1) before = heapBytes();
  }
  return heapBytes() - before;
}

function discover(nth: number): Uint8Array {
  const bytes = Uint8Array.from(ovmfDiscover);
  bytes.set(invented(nth), 28);
  return bytes;
}

describe('machines that nobody has, each asking once', () => {
  it('DHCP: no more is remembered than the pool has', async () => {
    const { wire, given } = parts();
    const network = networkOf('10.0.0', [{ first: '10.0.0.10', last: '10.0.0.250' }]);
    const probe = async () => undefined;
    const server = await startDhcpServer({ ...given, listeners: [{ interface: 'eth0', network }], probe });
    const from = { address: '0.0.0.0', port: 68 };
    const bytes = await grown(30, (nth) => wire.deliver('eth0', 67, discover(nth), from));
    expect(bytes).toBeLessThan(8 * MiB);
    expect(server.leases()).toHaveLength(241);
    await server.close();
  });

  it('DHCPv6: an address that is only offered is nobody’s', async () => {
    const { wire, given } = parts();
    const network = { ...network6, ranges: [{ first: 'fd00::1:0', last: 'fd00::ffff:ffff:ffff' }] };
    const server = await startDhcp6Server({ ...given, serverDuid, listeners: [{ interface: 'eth0', network }] });
    const bytes = await grown(10, (nth) => {
      const mac = formatMac(invented(nth));
      const solicit = message('solicit', options({ clientId: duidLL(mac) }), wants(1));
      wire.deliver('eth0', 547, solicit, { address: linkLocal(mac), port: 546 });
    });
    expect(bytes).toBeLessThan(8 * MiB);
    expect(server.leases()).toEqual([]);
    await server.close();
  });

  it.each([
    [
      'which release they boot',
      () => {
        const ledger = new BootLedger([]);
        const asked = { transaction: 1, firmware: 'efi-x64', vendorClass: '', address: '0.0.0.0' } as const;
        const answer = { releaseId: 'r1', bootFile: 'bootx64.efi', by: 'tftp' } as const;
        return (mac: string) => ledger.decide({ mac, ...asked }, 0, () => answer);
      },
    ],
    [
      'which shape their offers have',
      () => {
        const book = new ShapeBook([]);
        return (mac: string) =>
          book.shapeFor({ mac, firmware: 'efi-x64', transaction: 1 }, ['direct', 'binl'], 0, true);
      },
    ],
  ])('%s: forgetting the oldest costs no more than remembering', (_, make) => {
    const ask = make();
    const cpuMs = (from: number) => {
      const before = process.threadCpuUsage();
      for (let nth = from; nth < from + 50_000; nth += 1) ask(`m${nth}`);
      const { user, system } = process.threadCpuUsage(before);
      return (user + system) / 1000;
    };
    const filling = cpuMs(0);
    cpuMs(50_000);
    // Twenty times as much, as long as each of them began at the start of a Map full of holes.
    expect(cpuMs(100_000)).toBeLessThan(8 * filling + 50);
  });
});
