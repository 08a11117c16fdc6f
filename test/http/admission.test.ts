import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Admission, type AdmissionOptions, createAdmission } from '../../src/http/admission.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';

const mib = 1024 * 1024;

interface Machine {
  readonly machine: string;
  readonly sizeBytes: number;
  /** How fast it takes what it is sent. */
  readonly bytesPerSecond?: number;
  readonly startsMs?: number;
}

interface Sent {
  readonly atMs: number;
  readonly bytes: number;
}

interface Record extends Machine {
  readonly sent: Sent[];
  doneMs?: number;
  endedMs?: number;
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}

/** A machine that is sent a body, as sendBody does it. */
async function fetchBody(admission: Admission, clock: Clock, machine: Machine): Promise<Record> {
  const record: Record = { ...machine, sent: [] };
  await pause(clock, machine.startsMs ?? 0);
  const gone = Promise.withResolvers<void>();
  const passage = admission.enter({
    ...machine,
    end() {
      record.endedMs = clock.elapsedMs();
      gone.resolve();
    },
  });
  for (let position = 0; position < machine.sizeBytes; ) {
    const grant = await passage.next(Math.min(mib, machine.sizeBytes - position));
    if (grant === undefined) break;
    await passage.turn(grant.mostBytes);
    record.sent.push({ atMs: clock.elapsedMs(), bytes: grant.mostBytes });
    const takesMs = (grant.mostBytes / (machine.bytesPerSecond ?? Number.POSITIVE_INFINITY)) * 1000;
    if (takesMs > 0) await Promise.race([pause(clock, takesMs), gone.promise]);
    if (record.endedMs !== undefined) break;
    passage.taken(grant.mostBytes);
    position += grant.mostBytes;
  }
  passage.leave();
  record.doneMs = clock.elapsedMs();
  return record;
}

function simulate(machines: readonly Machine[], options: Partial<AdmissionOptions> = {}): Promise<Record[]> {
  const clock = new SimulatedClock();
  const admission = createAdmission({ maxTransfers: 64, maxPerMachine: 8, clock, ...options });
  return clock.run(Promise.all(machines.map((machine) => fetchBody(admission, clock, machine))));
}

function longestSilenceMs({ sent }: Record): number {
  return Math.max(...sent.map(({ atMs }, index) => atMs - (sent[index - 1]?.atMs ?? atMs)));
}

it('the earliest are sent first; the others get a trickle, often enough for firmware, until it is their turn', async () => {
  const machines = Array.from({ length: 6 }, (_, index) => ({
    machine: `10.0.0.${index}`,
    sizeBytes: 20 * mib,
    bytesPerSecond: mib,
    startsMs: index,
  }));
  const records = await simulate(machines, { maxTransfers: 2 });
  expect(records.map(({ doneMs = 0 }) => Math.round(doneMs / 20_000))).toEqual([1, 1, 2, 2, 3, 3]);
  for (const record of records) {
    expect(record.sent[0]?.atMs).toBeLessThanOrEqual(10);
    expect(longestSilenceMs(record)).toBeLessThan(4000);
  }
  const trickled = records[5]?.sent.filter(({ atMs }) => atMs < 20_000) ?? [];
  expect(trickled.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(32 * 1024);
});

it('small files never wait', async () => {
  const large = Array.from({ length: 10 }, (_, index) => ({
    machine: `${index}`,
    sizeBytes: 5 * mib,
    bytesPerSecond: mib,
  }));
  const [small] = (await simulate([{ machine: 'a', sizeBytes: mib }, ...large], { maxTransfers: 1 })).slice(0, 1);
  expect(small?.doneMs).toBe(0);
});

it('one machine with many connections does not keep others from full speed', async () => {
  const hog = Array.from({ length: 20 }, () => ({ machine: 'hog', sizeBytes: 10 * mib, bytesPerSecond: mib }));
  const other = { machine: 'other', sizeBytes: 10 * mib, bytesPerSecond: mib, startsMs: 100 };
  const records = await simulate([...hog, other], { maxTransfers: 8, maxPerMachine: 4 });
  expect(records.at(-1)?.doneMs).toBeLessThan(10_500);
});

it('those who stand still, or are very slow, give their places up to those who wait', async () => {
  const stuck = Array.from({ length: 4 }, (_, index) => ({
    machine: `stuck ${index}`,
    sizeBytes: 10 * mib,
    bytesPerSecond: index === 0 ? 0.001 : 20_000,
  }));
  const waiting = { machine: 'waiting', sizeBytes: 50 * mib, bytesPerSecond: 10 * mib, startsMs: 100 };
  const records = await simulate([...stuck, waiting], { maxTransfers: 4 });
  expect(records.at(-1)?.doneMs).toBeLessThan(20_000);
});

it('on a slow network, nobody is called slow: all share it', async () => {
  const machines = Array.from({ length: 4 }, (_, index) => ({
    machine: `${index}`,
    sizeBytes: 4 * mib,
    bytesPerSecond: 100_000,
    startsMs: index,
  }));
  const records = await simulate(machines, { maxTransfers: 2 });
  expect(records.map(({ doneMs = 0 }) => Math.round(doneMs / 42_000))).toEqual([1, 1, 2, 2]);
});

it('who takes a byte a minute is ended after ten minutes; a slow line gets all of it, however long that takes', async () => {
  const [dead, slow] = await simulate([
    { machine: 'dead', sizeBytes: 100 * mib, bytesPerSecond: 1 / 60 },
    { machine: 'slow', sizeBytes: 100 * mib, bytesPerSecond: 8 * 1024 },
  ]);
  expect(dead?.endedMs).toBeGreaterThanOrEqual(600_000);
  expect(dead?.endedMs).toBeLessThan(620_000);
  expect(slow?.endedMs).toBeUndefined();
  expect(slow?.doneMs).toBeGreaterThan(3 * 3_600_000);
});

it('limits hold, for each machine and for all, and what they allow is used', async () => {
  const machines = Array.from({ length: 6 }, (_, index) => ({ machine: `${index >> 1}`, sizeBytes: 2 * mib }));
  const each = await simulate(machines, { machineBytesPerSecond: mib });
  for (const { doneMs } of each) {
    expect(doneMs).toBeGreaterThan(3700);
    expect(doneMs).toBeLessThan(4300);
  }
  const all = await simulate(machines, { totalBytesPerSecond: 2 * mib });
  expect(Math.max(...all.map(({ doneMs = 0 }) => doneMs))).toBeGreaterThan(5800);
  expect(Math.max(...all.map(({ doneMs = 0 }) => doneMs))).toBeLessThan(6300);
});

it('with the lowest limit and many machines, firmware still hears something in time', async () => {
  const machines = Array.from({ length: 64 }, (_, index) => ({ machine: `${index}`, sizeBytes: 1.1 * mib }));
  const records = await simulate(machines.slice(0, 16), { totalBytesPerSecond: 131_072 });
  for (const record of records) expect(longestSilenceMs(record)).toBeLessThan(4000);
});

it('whatever comes: all get everything, no limit is passed by more than a burst, and nothing is left that runs', async () => {
  const machine = fc.record({
    machine: fc.constantFrom('a', 'b', 'c'),
    sizeBytes: fc.integer({ min: 1, max: 6 * mib }),
    bytesPerSecond: fc.integer({ min: 20_000, max: 50 * mib }),
    startsMs: fc.nat({ max: 20_000 }),
  });
  const limit = fc.option(fc.integer({ min: 2 * mib, max: 20 * mib }), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(
      fc.array(machine, { minLength: 1, maxLength: 8 }),
      fc.record({ maxTransfers: fc.integer({ min: 1, max: 3 }), maxPerMachine: fc.integer({ min: 1, max: 3 }) }),
      limit,
      async (machines, places, totalBytesPerSecond) => {
        const clock = new SimulatedClock();
        const limits = totalBytesPerSecond === undefined ? {} : { totalBytesPerSecond };
        const admission = createAdmission({ ...places, ...limits, clock });
        const records = await clock.run(Promise.all(machines.map((one) => fetchBody(admission, clock, one))));
        for (const { sent, sizeBytes } of records) {
          expect(sent.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(sizeBytes);
        }
        if (totalBytesPerSecond !== undefined && machines.every(({ sizeBytes }) => sizeBytes > mib)) {
          const all = records.flatMap(({ sent }) => sent).toSorted((one, other) => one.atMs - other.atMs);
          let total = 0;
          const [first] = all;
          for (const { atMs, bytes } of all) {
            total += bytes;
            const trickles = 8 * 2048 * (1 + (atMs - (first?.atMs ?? 0)) / 2000);
            const allowed = (totalBytesPerSecond * (atMs - (first?.atMs ?? 0) + 121)) / 1000;
            expect(total).toBeLessThanOrEqual(allowed + trickles);
          }
        }
        // The review ends with the last of them: nothing is left that could go on.
        await expect(clock.run(new Promise(() => {}))).rejects.toThrow('nothing is left');
      },
    ),
    { numRuns: 40, seed: 1 },
  );
});

it.each([
  [60, 'between its initrd and its image goes on before those that have not begun', 'begun'],
  [180, 'that comes again much later waits like the others', 'other'],
])('%i s: a machine %s', async (seconds, _what, first) => {
  const clock = new SimulatedClock();
  const admission = createAdmission({ clock, maxTransfers: 1, maxPerMachine: 1 });
  const enter = (machine: string) => admission.enter({ machine, sizeBytes: 100 * mib, end() {} });
  const fast: string[] = [];
  const send = async (machine: string) => {
    const passage = enter(machine);
    while ((await passage.next(mib))?.isFast === false) await passage.turn(1);
    fast.push(machine);
    passage.leave();
  };
  const all = async () => {
    await send('begun');
    await pause(clock, seconds * 1000);
    const busy = enter('busy');
    const waiting = [send('other'), send('begun')];
    await pause(clock, 1000);
    busy.leave();
    await Promise.all(waiting);
  };
  await clock.run(all());
  expect(fast.slice(1)).toEqual(first === 'begun' ? ['begun', 'other'] : ['other', 'begun']);
});
