import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BootLedger, type PinnedBoot } from '../../src/boot/ledger.ts';
import type { BootAnswer, BootRequest } from '../../src/boot/plan.ts';

function request(mac: string, address: string, transaction: number): BootRequest {
  return { mac, address, transaction, firmware: 'efi-x64', vendorClass: 'PXEClient' };
}

/** Keeps boots as the table does: one for each machine, and none without an address. */
function keptBoots() {
  const byMac = new Map<string, PinnedBoot>();
  return {
    all: () => [...byMac.values()],
    save(boots: readonly PinnedBoot[]) {
      for (const boot of boots) {
        if (boot.addresses.length > 0) byMac.set(boot.mac, boot);
        else byMac.delete(boot.mac);
      }
    },
  };
}

/** A plan that gives what is active, as `planBoot` does. */
function planOf(active: string) {
  return (pinned: string | undefined): BootAnswer => {
    const releaseId = pinned ?? active;
    return { releaseId, bootFile: `releases/${releaseId}/bootx64.efi`, by: 'tftp' };
  };
}

function decideIn(ledger: BootLedger, asked: BootRequest, active = 'r', nowMs = 0): string | undefined {
  const answer = ledger.decide(asked, nowMs, planOf(active));
  return 'reason' in answer ? undefined : answer.releaseId;
}

describe('a decision', () => {
  it('falls once for DISCOVER and REQUEST, and anew for the next boot', () => {
    const ledger = new BootLedger([]);
    expect(decideIn(ledger, request('a', '10.0.0.1', 1), 'old', 0)).toBe('old');
    expect(decideIn(ledger, request('a', '10.0.0.1', 1), 'new', 60_000)).toBe('old');
    expect(ledger.releaseOf('10.0.0.1')).toBe('old');
    expect(decideIn(ledger, request('a', '10.0.0.1', 2), 'new', 61_000)).toBe('new');
    expect(ledger.releaseOf('10.0.0.1')).toBe('new');
  });

  it('does not last for ever on firmware that always uses the same xid', () => {
    const ledger = new BootLedger([]);
    decideIn(ledger, request('a', '10.0.0.1', 1), 'old', 0);
    decideIn(ledger, request('a', '10.0.0.1', 1), 'new', 100_000);
    expect(ledger.releaseOf('10.0.0.1')).toBe('old');
    expect(decideIn(ledger, request('a', '10.0.0.1', 1), 'new', 200_000)).toBe('new');
  });

  it('does not last for ever, either, where the clock was set back', () => {
    const ledger = new BootLedger([]);
    decideIn(ledger, request('a', '10.0.0.1', 1), 'old', 1_000_000_000);
    expect(decideIn(ledger, request('a', '10.0.0.1', 1), 'new', 1000)).toBe('new');
  });

  it('is not made where there is nothing to boot', () => {
    const ledger = new BootLedger([]);
    const answer = ledger.decide(request('a', '10.0.0.1', 1), 0, () => ({ reason: 'nothing is active' }));
    expect(answer).toEqual({ reason: 'nothing is active' });
    expect(ledger.releaseOf('10.0.0.1')).toBeUndefined();
    expect(ledger.takeUnsaved()).toEqual([]);
  });
});

describe('the addresses of a machine', () => {
  it('beside another DHCP server are learnt once it has taken one, and its boot is that of before', () => {
    const ledger = new BootLedger([]);
    decideIn(ledger, request('a', '0.0.0.0', 1), 'old');
    expect(ledger.takeUnsaved()).toEqual([]);
    ledger.place('a', '10.0.0.1');
    expect(ledger.releaseOf('10.0.0.1')).toBe('old');
    expect(ledger.takeUnsaved()).toMatchObject([{ mac: 'a', addresses: ['10.0.0.1'] }]);
    expect(ledger.releaseOf('0.0.0.0')).toBeUndefined();
  });

  it('of a machine that boots nothing of ours are not noted', () => {
    const ledger = new BootLedger([]);
    ledger.place('a', '10.0.0.1');
    expect(ledger.machineAt('10.0.0.1')).toBeUndefined();
  });

  it('are one of IPv4, and several of IPv6 beside it', () => {
    const ledger = new BootLedger([]);
    decideIn(ledger, request('a', '10.0.0.1', 1));
    decideIn(ledger, request('a', '2001:db8::1', 2));
    ledger.place('a', '2001:db8::2');
    ledger.place('a', '10.0.0.2');
    expect(['10.0.0.2', '2001:db8::1', '2001:db8::2'].map((one) => ledger.machineAt(one))).toEqual(['a', 'a', 'a']);
    expect(ledger.machineAt('10.0.0.1')).toBeUndefined();
  });

  it('of IPv6 are the latest four', () => {
    const ledger = new BootLedger([]);
    decideIn(ledger, request('a', '10.0.0.1', 1));
    for (let at = 1; at <= 6; at += 1) ledger.place('a', `2001:db8::${at}`);
    const held = [1, 2, 3, 4, 5, 6].filter((at) => ledger.machineAt(`2001:db8::${at}`) === 'a');
    expect(held).toEqual([3, 4, 5, 6]);
    expect(ledger.machineAt('10.0.0.1')).toBe('a');
  });

  it('go to whoever has them now', () => {
    const ledger = new BootLedger([]);
    decideIn(ledger, request('a', '10.0.0.1', 1), 'old');
    decideIn(ledger, request('b', '10.0.0.1', 2), 'new');
    expect(ledger.machineAt('10.0.0.1')).toBe('b');
    expect(ledger.releaseOf('10.0.0.1')).toBe('new');
  });
});

describe('saving', () => {
  it('is tried again the next time, but for what has changed since', () => {
    const ledger = new BootLedger([]);
    decideIn(ledger, request('a', '10.0.0.1', 1), 'old');
    decideIn(ledger, request('b', '10.0.0.2', 1), 'old');
    const failed = ledger.takeUnsaved();
    decideIn(ledger, request('a', '10.0.0.1', 2), 'new');
    ledger.restoreUnsaved(failed);
    const boots = ledger.takeUnsaved().map(({ mac, releaseId }) => `${mac} ${releaseId}`);
    expect(boots.toSorted()).toEqual(['a new', 'b old']);
    expect(ledger.takeUnsaved()).toEqual([]);
  });

  it('does not save what a later save has made old', () => {
    const ledger = new BootLedger([]);
    decideIn(ledger, request('a', '10.0.0.1', 1), 'old');
    const failed = ledger.takeUnsaved();
    decideIn(ledger, request('a', '10.0.0.1', 2), 'new');
    expect(ledger.takeUnsaved()).toMatchObject([{ releaseId: 'new' }]);
    ledger.restoreUnsaved(failed);
    expect(ledger.takeUnsaved()).toEqual([]);
  });

  it('takes the row of a machine away that lost its last address', () => {
    const ledger = new BootLedger([]);
    decideIn(ledger, request('a', '10.0.0.1', 1));
    ledger.takeUnsaved();
    decideIn(ledger, request('b', '10.0.0.1', 1));
    expect(ledger.takeUnsaved()).toMatchObject([
      { mac: 'a', addresses: [] },
      { mac: 'b', addresses: ['10.0.0.1'] },
    ]);
  });
});

describe('a flood of invented machines', () => {
  it('costs a bounded amount, in memory and on disk, where addresses are given', () => {
    const kept = keptBoots();
    const ledger = new BootLedger([], { mostBoots: 50 });
    for (let at = 0; at < 1000; at += 1) {
      decideIn(ledger, request(`m${at}`, `10.0.${at % 7}.${at % 250}`, at));
      if (at % 100 === 0) kept.save(ledger.takeUnsaved());
    }
    const unsaved = ledger.takeUnsaved();
    expect(unsaved.length).toBeLessThanOrEqual(150);
    kept.save(unsaved);
    expect(kept.all().length).toBeLessThanOrEqual(50);
  });

  it('costs nothing on disk, where another server gives them', () => {
    const ledger = new BootLedger([], { mostBoots: 50 });
    for (let at = 0; at < 1000; at += 1) decideIn(ledger, request(`m${at}`, '0.0.0.0', at));
    expect(ledger.takeUnsaved()).toEqual([]);
  });

  it('forgets who asked longest ago', () => {
    const ledger = new BootLedger([], { mostBoots: 2 });
    decideIn(ledger, request('a', '10.0.0.1', 1));
    decideIn(ledger, request('b', '10.0.0.2', 1));
    decideIn(ledger, request('a', '10.0.0.1', 2));
    decideIn(ledger, request('c', '10.0.0.3', 1));
    expect([1, 2, 3].map((at) => ledger.machineAt(`10.0.0.${at}`))).toEqual(['a', undefined, 'c']);
  });

  it('that was written before the limit was lower is taken away from the disk', () => {
    const boot = (mac: string, address: string, decidedMs: number) =>
      ({ mac, addresses: [address], transaction: 1, releaseId: 'r', decidedMs }) as const;
    const known = [boot('new', '10.0.0.1', 2), boot('old', '10.0.0.2', 1)];
    const ledger = new BootLedger(known, { mostBoots: 1 });
    expect(ledger.takeUnsaved()).toMatchObject([{ mac: 'old', addresses: [] }]);
    expect(ledger.machineAt('10.0.0.1')).toBe('new');
  });
});

const messages = fc.array(
  fc.record({
    machine: fc.integer({ min: 0, max: 5 }),
    address: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3', '2001:db8::1', '2001:db8::2'),
    transaction: fc.integer({ min: 1, max: 3 }),
    active: fc.integer({ min: 1, max: 4 }),
    passedMs: fc.constantFrom(0, 1, 50_000, 130_000),
    what: fc.constantFrom('decide', 'decide', 'place', 'restart', 'fail'),
  }),
  { maxLength: 40 },
);

it('an exchange gets one release and an address is one machine, whatever comes in whatever order, across restarts', () => {
  fc.assert(
    fc.property(messages, (steps) => {
      const kept = keptBoots();
      let ledger = new BootLedger([]);
      let nowMs = 0;
      const last = new Map<string, { transaction: number; releaseId: string; sinceMs: number }>();
      const owner = new Map<string, string>();
      for (const step of steps) {
        const mac = `m${step.machine}`;
        nowMs += step.passedMs;
        if (step.what === 'restart') {
          kept.save(ledger.takeUnsaved());
          ledger = new BootLedger(kept.all());
          for (const machine of last.keys()) if (![...owner.values()].includes(machine)) last.delete(machine);
        } else if (step.what === 'fail') {
          ledger.restoreUnsaved(ledger.takeUnsaved());
        } else if (step.what === 'place') {
          ledger.place(mac, step.address);
          if (last.has(mac)) own(owner, step.address, mac);
        } else {
          const given = decideIn(ledger, request(mac, step.address, step.transaction), `r${step.active}`, nowMs);
          const before = last.get(mac);
          const isSame = before?.transaction === step.transaction && nowMs - before.sinceMs < 120_000;
          expect(given).toBe(isSame ? before.releaseId : `r${step.active}`);
          if (!isSame) last.set(mac, { transaction: step.transaction, releaseId: `r${step.active}`, sinceMs: nowMs });
          own(owner, step.address, mac);
        }
        for (const [held, by] of owner) {
          expect(ledger.machineAt(held)).toBe(by);
          expect(ledger.releaseOf(held)).toBe(last.get(by)?.releaseId);
        }
      }
    }),
    { numRuns: 300, seed: 1 },
  );
});

/** An address is its last owner's, who has one of IPv4. */
function own(owner: Map<string, string>, address: string, mac: string): void {
  if (!address.includes(':')) {
    for (const [held, by] of owner) if (by === mac && !held.includes(':')) owner.delete(held);
  }
  owner.set(address, mac);
}
