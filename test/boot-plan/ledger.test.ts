import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BootLedger, type PinnedBoot } from '../../src/boot/ledger.ts';
import type { BootAnswer, BootRequest } from '../../src/boot/plan.ts';

const noSave = () => Promise.resolve();

function request(mac: string, address: string, transaction: number): BootRequest {
  return { mac, address, transaction, architecture: 7, vendorClass: 'PXEClient' };
}

/** Keeps boots as the table does: one for a machine, one for an address. */
function keptBoots() {
  const byAddress = new Map<string, PinnedBoot>();
  return {
    all: () => [...byAddress.values()],
    async save(boots: readonly PinnedBoot[]) {
      for (const boot of boots) {
        for (const [address, { mac }] of byAddress) if (mac === boot.mac) byAddress.delete(address);
      }
      for (const boot of boots) byAddress.set(boot.address, boot);
    },
  };
}

/** A plan that gives what is active, as `planBoot` does. */
function planOf(active: string) {
  return (pinned: string | undefined): BootAnswer => {
    const releaseId = pinned ?? active;
    return { releaseId, bootFile: `releases/${releaseId}/bootx64.efi` };
  };
}

describe('a decision', () => {
  it('falls once for DISCOVER and REQUEST, and anew for the next boot', () => {
    const ledger = new BootLedger([], noSave);
    const decide = (transaction: number, active: string, nowMs: number) =>
      ledger.decide(request('a', '10.0.0.1', transaction), nowMs, planOf(active))?.releaseId;
    expect(decide(1, 'old', 0)).toBe('old');
    expect(decide(1, 'new', 60_000)).toBe('old');
    expect(ledger.releaseOf('10.0.0.1')).toBe('old');
    expect(decide(2, 'new', 61_000)).toBe('new');
    expect(ledger.releaseOf('10.0.0.1')).toBe('new');
  });

  it('does not last for ever on firmware that always uses the same xid', () => {
    const ledger = new BootLedger([], noSave);
    ledger.decide(request('a', '10.0.0.1', 1), 0, planOf('old'));
    ledger.decide(request('a', '10.0.0.1', 1), 100_000, planOf('new'));
    expect(ledger.releaseOf('10.0.0.1')).toBe('old');
    expect(ledger.decide(request('a', '10.0.0.1', 1), 200_000, planOf('new'))?.releaseId).toBe('new');
  });

  it('is not made where there is nothing to boot', () => {
    const ledger = new BootLedger([], noSave);
    expect(ledger.decide(request('a', '10.0.0.1', 1), 0, () => undefined)).toBeUndefined();
    expect(ledger.releaseOf('10.0.0.1')).toBeUndefined();
  });
});

describe('saving', () => {
  it('is tried again with the next flush when it failed', async () => {
    const batches: string[][] = [];
    let isFull = true;
    const ledger = new BootLedger([], async (boots) => {
      if (isFull) throw new Error('disk full');
      batches.push(boots.map(({ mac }) => mac));
    });
    ledger.decide(request('a', '10.0.0.1', 1), 0, planOf('r'));
    await expect(ledger.flush()).rejects.toThrow('disk full');
    isFull = false;
    ledger.decide(request('b', '10.0.0.2', 2), 0, planOf('r'));
    await ledger.flush();
    await ledger.flush();
    expect(batches).toEqual([['a', 'b']]);
  });
});

const messages = fc.array(
  fc.record({
    machine: fc.integer({ min: 0, max: 5 }),
    address: fc.integer({ min: 1, max: 3 }),
    transaction: fc.integer({ min: 1, max: 3 }),
    active: fc.integer({ min: 1, max: 4 }),
    passedMs: fc.constantFrom(0, 1, 50_000, 130_000),
    restart: fc.boolean(),
  }),
  { maxLength: 40 },
);

it('an exchange gets one release and an address is one machine, whatever comes in whatever order, across restarts', async () => {
  await fc.assert(
    fc.asyncProperty(messages, async (steps) => {
      const kept = keptBoots();
      let ledger = new BootLedger([], kept.save);
      let nowMs = 0;
      const last = new Map<string, { transaction: number; releaseId: string; sinceMs: number }>();
      const owner = new Map<string, string>();
      for (const step of steps) {
        const [mac, address] = [`m${step.machine}`, `10.0.0.${step.address}`];
        nowMs += step.passedMs;
        const answer = ledger.decide(request(mac, address, step.transaction), nowMs, planOf(`r${step.active}`));
        const before = last.get(mac);
        const isSame = before?.transaction === step.transaction && nowMs - before.sinceMs < 120_000;
        expect(answer?.releaseId).toBe(isSame ? before.releaseId : `r${step.active}`);
        if (!isSame) last.set(mac, { transaction: step.transaction, releaseId: `r${step.active}`, sinceMs: nowMs });
        // A machine whose address another one gets is forgotten.
        const loser = owner.get(address);
        if (loser !== undefined && loser !== mac) last.delete(loser);
        for (const [held, by] of owner) if (by === mac) owner.delete(held);
        owner.set(address, mac);
        await ledger.flush();
        if (step.restart) ledger = new BootLedger(kept.all(), kept.save);
        for (const [held, by] of owner) {
          expect(ledger.machineAt(held)).toBe(by);
          expect(ledger.releaseOf(held)).toBe(last.get(by)?.releaseId);
        }
      }
    }),
    { numRuns: 300, seed: 1 },
  );
});
