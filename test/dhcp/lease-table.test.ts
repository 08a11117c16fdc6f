import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Lease } from '../../src/dhcp/lease.ts';
import { LeaseTable } from '../../src/dhcp/lease-table.ts';
import { readPools } from '../../src/dhcp/pool.ts';

const ours = { address: '10.0.0.0', netmask: '255.255.255.0' };
const minute = 60_000;
const hour = 60 * minute;

/** A pool of 10.0.0.10 and so many addresses in all. */
function tableOf(count: number): LeaseTable {
  return new LeaseTable(readPools([{ first: '10.0.0.10', last: `10.0.0.${9 + count}` }], ours, ['10.0.0.1']));
}

function take(table: LeaseTable, mac: string, nowMs: number, forMs = hour): string | undefined {
  const address = table.offer(mac, undefined, nowMs);
  if (address !== undefined) table.bind({ mac, address, expiresMs: nowMs + forMs });
  return address;
}

describe('a machine', () => {
  it('gets the same address each time it asks', () => {
    const table = tableOf(10);
    expect(take(table, 'a', 0)).toBe('10.0.0.10');
    expect(take(table, 'b', 0)).toBe('10.0.0.11');
    expect(take(table, 'a', minute)).toBe('10.0.0.10');
  });

  it('gets it again long after its lease ended, if nobody needed it', () => {
    const table = tableOf(10);
    take(table, 'a', 0);
    take(table, 'b', 30 * hour);
    expect(take(table, 'a', 90 * hour)).toBe('10.0.0.10');
  });

  it('gets it again after it gave it back', () => {
    const table = tableOf(10);
    take(table, 'a', 0);
    expect(table.release('a', '10.0.0.10', minute)).toBe(true);
    expect(table.release('a', '10.0.0.10', minute)).toBe(false);
    expect(table.offer('b', undefined, minute)).toBe('10.0.0.11');
    expect(table.offer('a', undefined, minute)).toBe('10.0.0.10');
  });

  it('gets the address that it wishes, where it is free', () => {
    const table = tableOf(10);
    expect(table.offer('a', '10.0.0.15', 0)).toBe('10.0.0.15');
    expect(table.offer('b', '10.0.0.15', 0)).toBe('10.0.0.10');
    expect(table.offer('c', '10.0.0.99', 0)).toBe('10.0.0.11');
    expect(table.offer('d', 'no address', 0)).toBe('10.0.0.12');
  });

  it('of a flood that nobody knows costs no more memory than 200,000 of them, in the largest pool', () => {
    const range = { first: '10.0.0.10', last: '10.255.255.254' };
    const table = new LeaseTable(readPools([range], { address: '10.0.0.0', netmask: '255.0.0.0' }));
    for (let machine = 0; machine < 200_000; machine += 1) {
      table.offer(`${machine}`, undefined, 0);
      table.takeChanges();
    }
    expect(table.offer('another', undefined, 2 * minute)).toBe('10.0.0.10');
    expect(table.offer('and another', undefined, 2 * minute)).toBe('10.0.0.11');
  });

  it('that another server serves gives its offer back', () => {
    const table = tableOf(1);
    table.offer('a', undefined, 0);
    expect(table.offer('b', undefined, 0)).toBeUndefined();
    table.withdrawOffer('a');
    expect(table.offer('b', undefined, 0)).toBe('10.0.0.10');
  });

  it('that finds its address in use gets another one, and nobody gets that one for ten minutes', () => {
    const table = tableOf(2);
    take(table, 'a', 0);
    expect(table.decline('a', '10.0.0.10', 0)).toBe(true);
    expect(take(table, 'a', 0)).toBe('10.0.0.11');
    expect(table.offer('b', '10.0.0.10', 0)).toBeUndefined();
    expect(table.refusal('b', '10.0.0.10', 9 * minute)).toBe('taken');
    expect(table.offer('b', undefined, 10 * minute)).toBe('10.0.0.10');
  });

  it('cannot give back or decline what another one has', () => {
    const table = tableOf(2);
    take(table, 'a', 0);
    expect(table.release('b', '10.0.0.10', 0)).toBe(false);
    expect(table.decline('b', '10.0.0.10', 0)).toBe(false);
    expect(table.refusal('b', '10.0.0.10', 0)).toBe('taken');
  });
});

describe('a full pool', () => {
  it('has nothing to offer until an offer or a lease ends', () => {
    const table = tableOf(2);
    take(table, 'a', 0);
    table.offer('b', undefined, 0);
    expect(table.offer('c', undefined, minute - 1)).toBeUndefined();
    expect(table.offer('c', undefined, minute)).toBe('10.0.0.11');
    expect(table.offer('d', undefined, hour)).toBe('10.0.0.11');
    expect(table.offer('e', undefined, hour)).toBe('10.0.0.10');
  });

  it('gives away the address that was free for the longest time', () => {
    const table = tableOf(3);
    for (const mac of ['a', 'b', 'c']) take(table, mac, 0);
    take(table, 'a', minute);
    expect(take(table, 'd', 3 * hour)).toBe('10.0.0.11');
    expect(take(table, 'e', 3 * hour)).toBe('10.0.0.12');
    expect(table.addressOf('b')).toBeUndefined();
  });

  it('stays quick when thousands ask at once', () => {
    const subnet = { address: '10.0.0.0', netmask: '255.255.0.0' };
    const table = new LeaseTable(readPools([{ first: '10.0.0.2', last: '10.0.255.254' }], subnet));
    for (let machine = 0; machine < 65_533; machine += 1) take(table, `m${machine}`, 0);
    const startedMs = performance.now();
    for (let stranger = 0; stranger < 10_000; stranger += 1) {
      expect(table.offer(`s${stranger}`, undefined, 1)).toBeUndefined();
    }
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});

describe('what a store has kept', () => {
  const kept: readonly Lease[] = [
    { address: '10.0.0.12', mac: 'a', state: 'bound', expiresMs: hour },
    { address: '10.0.0.11', mac: 'a', state: 'released', expiresMs: 0 },
    { address: '10.0.0.10', mac: 'a', state: 'declined', expiresMs: hour },
    { address: '10.0.0.13', mac: 'b', state: 'bound', expiresMs: hour },
    { address: '10.9.9.9', mac: 'c', state: 'bound', expiresMs: hour },
    { address: 'nonsense', mac: 'd', state: 'bound', expiresMs: hour },
  ];

  it('is there again: each machine has its address, and what was set aside stays so', () => {
    const table = tableOf(4);
    table.restore(kept);
    expect(table.addressOf('a')).toBe('10.0.0.12');
    expect(table.addressOf('b')).toBe('10.0.0.13');
    expect(table.addressOf('c')).toBeUndefined();
    expect(table.offer('e', undefined, 0)).toBe('10.0.0.11');
    expect(table.offer('f', undefined, 0)).toBeUndefined();
  });

  it('of a machine that had several addresses is the one that it has, whatever the clock said at its RELEASE', () => {
    const table = tableOf(4);
    table.restore([
      { address: '10.0.0.12', mac: 'a', state: 'bound', expiresMs: hour },
      { address: '10.0.0.11', mac: 'a', state: 'released', expiresMs: 9 * hour },
    ]);
    expect(table.addressOf('a')).toBe('10.0.0.12');
  });

  it('is not saved once more', () => {
    const table = tableOf(4);
    table.restore(kept);
    expect(table.takeChanges()).toEqual([]);
  });
});

describe('changes', () => {
  it('are the leases that changed, as they are at the end', () => {
    const table = tableOf(4);
    table.offer('z', undefined, 0);
    table.bind({ mac: 'a', address: '10.0.0.11', expiresMs: hour, hostName: 'first' });
    table.bind({ mac: 'a', address: '10.0.0.11', expiresMs: 2 * hour, hostName: 'first' });
    table.release('a', '10.0.0.11', minute);
    expect(table.takeChanges()).toEqual([
      { mac: 'a', address: '10.0.0.11', state: 'released', expiresMs: minute, hostName: 'first' },
    ]);
    expect(table.takeChanges()).toEqual([]);
  });

  it('that could not be saved are among the next ones, as they are then', () => {
    const table = tableOf(3);
    take(table, 'a', 0);
    take(table, 'b', 0);
    const failed = table.takeChanges();
    table.release('b', '10.0.0.11', minute);
    table.putBack(failed);
    expect(table.takeChanges()).toMatchObject([
      { mac: 'b', state: 'released' },
      { mac: 'a', state: 'bound' },
    ]);
  });

  it('that were saved anew in the meantime are not saved as they were before', () => {
    const table = tableOf(2);
    take(table, 'a', 0);
    const failed = table.takeChanges();
    take(table, 'a', minute);
    expect(table.takeChanges()).toHaveLength(1);
    table.putBack(failed);
    expect(table.takeChanges()).toEqual([]);
  });
});

it('an address that was reserved is not lost, though others got those behind it meanwhile', () => {
  const table = tableOf(2);
  table.reserve({ mac: '52:54:00:00:00:0a', address: '10.0.0.10' });
  expect(table.offer('b', undefined, 0)).toBe('10.0.0.11');
  table.unreserve('10.0.0.10');
  expect(table.offer('c', undefined, 0)).toBe('10.0.0.10');
});

describe('an address before the last one', () => {
  /** The machine had 10.0.0.10, and has 10.0.0.50, which is reserved for it. */
  function moved(): LeaseTable {
    const table = tableOf(4);
    take(table, 'a', 0);
    const reservation = { mac: '52:54:00:00:00:0a', address: '10.0.0.50' };
    table.reserve(reservation);
    expect(table.offer('a', undefined, 0, reservation)).toBe('10.0.0.50');
    table.bind({ mac: 'a', address: '10.0.0.50', expiresMs: hour });
    table.takeChanges();
    return table;
  }

  it("is the machine's again where somebody else uses the last one", () => {
    const table = moved();
    expect(table.decline('a', '10.0.0.50', minute)).toBe(true);
    expect(table.addressOf('a')).toBe('10.0.0.10');
  });
});

/** What machines may do, in any order; time passes in between. */
const macs = ['a', 'b', 'c', 'd', 'e'];
const pool = ['10.0.0.10', '10.0.0.11', '10.0.0.12'];
const anyStep = fc.record({
  mac: fc.constantFrom(...macs),
  address: fc.constantFrom(...pool, '10.0.0.99'),
  act: fc.constantFrom('offer', 'wish', 'bind', 'bind-own', 'release', 'decline', 'withdraw', 'save', 'fail'),
  passesMs: fc.constantFrom(0, 0, 1000, minute, 30 * minute, 2 * hour),
});

describe('whatever machines do', () => {
  it('no two of them ever have one address', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
        const table = tableOf(pool.length);
        // Who may use which address until when, as an observer of the saved ACKs would write it down.
        let promised = new Map<string, { mac: string; untilMs: number }>();
        let saved = new Map(promised);
        let nowMs = 0;
        const bind = (mac: string, address: string) => {
          if (table.refusal(mac, address, nowMs) !== undefined) return;
          const holder = promised.get(address);
          if (holder !== undefined && holder.untilMs > nowMs) expect(holder.mac).toBe(mac);
          promised.set(address, { mac, untilMs: nowMs + hour });
          table.bind({ mac, address, expiresMs: nowMs + hour });
        };
        for (const { mac, address, act, passesMs } of steps) {
          nowMs += passesMs;
          if (act === 'offer') table.offer(mac, undefined, nowMs);
          if (act === 'wish') table.offer(mac, address, nowMs);
          if (act === 'bind') bind(mac, address);
          if (act === 'bind-own') bind(mac, table.addressOf(mac) ?? address);
          if (act === 'withdraw') table.withdrawOffer(mac);
          if (act === 'release' && table.release(mac, address, nowMs)) {
            // The machine does not use it any more, whether we can write that down or not.
            promised.delete(address);
            saved.delete(address);
          }
          if (act === 'decline' && table.decline(mac, address, nowMs)) {
            promised.set(address, { mac: 'nobody', untilMs: nowMs + 10 * minute });
            saved.delete(address);
          }
          if (act === 'save') {
            table.takeChanges();
            saved = new Map(promised);
          }
          if (act === 'fail') {
            table.putBack(table.takeChanges());
            promised = new Map(saved);
          }
          const owned = macs.map((each) => table.addressOf(each)).filter((each) => each !== undefined);
          expect(new Set(owned).size).toBe(owned.length);
        }
      }),
      { seed: 3, numRuns: 2000 },
    );
  });
});
