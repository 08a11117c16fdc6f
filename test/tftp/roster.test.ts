import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Place, Roster } from '../../src/tftp/roster.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';

interface Asked extends Place {
  readonly name: string;
}

function world(limits: { maxTransfers?: number; maxPerMachine?: number; queue?: number } = {}) {
  const clock = new SimulatedClock();
  const roster = new Roster({ maxTransfers: 2, maxPerMachine: 2, queue: 10, clock, ...limits });
  const began: string[] = [];
  const dropped: string[] = [];
  /** `name` is `machine` or `machine:port`. */
  const ask = (name: string, heard = true) => {
    const [address = '', port = '1'] = name.split(':');
    const place: Asked = {
      name,
      client: { address, port: Number(port) },
      heard: false,
      begin: () => {
        began.push(name);
        roster.offered(place);
        if (heard) roster.answered(place);
      },
      drop: (reason, quietly) => void dropped.push(`${name}: ${reason}${quietly ? '' : ', told'}`),
    };
    return { place, answer: roster.admit(place) };
  };
  const pass = (ms: number) => clock.run(new Promise((resolve) => clock.after(ms, () => resolve(undefined))));
  return { clock, roster, began, dropped, ask, pass };
}

describe('a request', () => {
  it('begins where a place is free, waits where none is, and begins when one is left', () => {
    const { roster, ask, began } = world();
    const first = ask('a');
    expect([first.answer, ask('b').answer, ask('c').answer]).toEqual(['begins', 'begins', 'waits']);
    roster.leave(first.place);
    expect(began).toEqual(['a', 'b', 'c']);
  });

  it('of a machine that has all it may have waits, and holds up nobody else', () => {
    const { ask } = world({ maxTransfers: 10 });
    const answers = ['a:1', 'a:2', 'a:3', 'b'].map((name) => ask(name).answer);
    expect(answers).toEqual(['begins', 'begins', 'waits', 'begins']);
  });

  it('is refused where too many wait and none of them is of a machine with more', () => {
    const { ask } = world({ maxTransfers: 1, queue: 2 });
    const answers = ['a', 'b', 'c', 'd'].map((name) => ask(name).answer);
    expect(answers).toEqual(['begins', 'waits', 'waits', 'refused']);
  });

  it('takes the turn of a machine that waits more often, where too many wait', () => {
    const { ask, dropped } = world({ maxTransfers: 1, queue: 2 });
    const answers = ['a', 'b:1', 'b:2', 'c'].map((name) => ask(name).answer);
    expect(answers).toEqual(['begins', 'waits', 'waits', 'waits']);
    expect(dropped).toEqual(['b:2: too many requests of this machine wait, told']);
  });

  it('that comes again keeps its turn', () => {
    const { roster, ask, began, dropped } = world({ maxTransfers: 1 });
    const { place } = ask('a');
    ask('b');
    ask('c');
    expect(ask('b').answer).toBe('waits');
    roster.leave(place);
    expect(began).toEqual(['a', 'b']);
    expect(dropped).toEqual(['b: the client asked again']);
  });

  it('that has waited for longer than any client does is forgotten, and one that came again is not', async () => {
    const { ask, dropped, began, pass, roster } = world({ maxTransfers: 1 });
    const { place } = ask('a');
    ask('b');
    ask('c');
    await pass(4000);
    ask('c');
    await pass(3000);
    expect(dropped).toEqual(['c: the client asked again', 'b: its turn never came']);
    roster.leave(place);
    expect(began).toEqual(['a', 'c']);
  });
});

describe('places that nobody has answered for', () => {
  it('are left to others where one machine has more of them than its share', () => {
    const { ask, dropped } = world({ maxTransfers: 4, maxPerMachine: 4 });
    for (const port of [1, 2, 3, 4]) ask(`forged:${port}`, false);
    expect(ask('b').answer).toBe('begins');
    expect(dropped).toEqual(['forged:1: another client needed the place']);
  });

  it('are left to others half a second after they were offered, and no sooner', async () => {
    const { ask, began, dropped, pass } = world();
    ask('a', false);
    ask('b', false);
    expect(ask('c').answer).toBe('waits');
    await pass(499);
    expect(began).toEqual(['a', 'b']);
    await pass(2);
    expect(began).toEqual(['a', 'b', 'c']);
    expect(dropped).toEqual(['a: another client needed the place']);
  });
});

describe('whoever asks, answers and leaves', () => {
  it('there are never more than may be, and none at the end', () => {
    const machine = fc.constantFrom('a', 'b', 'c', 'd');
    const action = fc.oneof(
      fc.record({ ask: fc.tuple(machine, fc.integer({ min: 1, max: 4 })).map((parts) => parts.join(':')) }),
      fc.record({ leave: fc.nat(20) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const { roster, ask } = world({ maxTransfers: 3, maxPerMachine: 2, queue: 3 });
        const all: { place: Asked; answer: string }[] = [];
        for (const one of actions) {
          if ('ask' in one) all.push(ask(one.ask));
          else if (all[one.leave] !== undefined) roster.leave(all[one.leave]?.place as Asked);
          expect(roster.size).toBeLessThanOrEqual(3);
        }
        roster.dropAll('the server is stopping');
        expect(roster.size).toBe(0);
        expect(ask('e').answer).toBe('begins');
      }),
      { numRuns: 500, seed: 5 },
    );
  });

  it('machines with few requests are not held up by one with many', () => {
    const { roster, ask, began } = world({ maxTransfers: 1, queue: 100 });
    let { place } = ask('first');
    const waiting = new Map<string, Asked>();
    for (let port = 1; port <= 20; port += 1) waiting.set(`many:${port}`, ask(`many:${port}`).place);
    for (const name of ['b', 'c']) waiting.set(name, ask(name).place);
    for (let turns = 0; turns < 4; turns += 1) {
      roster.leave(place);
      place = waiting.get(began.at(-1) ?? '') ?? place;
    }
    expect(began).toEqual(['first', 'many:1', 'b', 'c', 'many:2']);
  });
});
