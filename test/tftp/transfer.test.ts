import { describe, expect, it } from 'vitest';
import { agree } from '../../src/tftp/options.ts';
import { newTransfer, step, type Transfer, type TransferEffect, type TransferEvent } from '../../src/tftp/transfer.ts';

const limits = { mtuBytes: 1500, maxWindowBlocks: 64 };

/** Plays the events one after the other; the state at the end, and the effects of the last event. */
function play(transfer: Transfer, ...events: TransferEvent[]): { state: Transfer; effects: readonly TransferEffect[] } {
  let state = transfer;
  let effects: readonly TransferEffect[] = [];
  for (const event of [{ kind: 'started', nowMs: 0 } as const, ...events]) [state, effects] = step(state, event);
  return { state, effects };
}

function transferOf(sizeBytes: number, asked: Record<string, string> = {}): Transfer {
  return newTransfer(sizeBytes, agree(new Map(Object.entries(asked)), sizeBytes, limits));
}

function acknowledged(block: number, nowMs = 1): TransferEvent {
  return { kind: 'acknowledged', block, nowMs };
}

const silence: TransferEvent = { kind: 'silence' };

function sends(effects: readonly TransferEffect[]): readonly (readonly [number, number])[] {
  return effects.flatMap((effect) => (effect.kind === 'send' ? [[effect.firstBlock, effect.lastBlock] as const] : []));
}

describe('the OACK', () => {
  function granted(asked: Record<string, string>, sizeBytes = 1000): Record<string, string> {
    return Object.fromEntries(agree(new Map(Object.entries(asked)), sizeBytes, limits).granted);
  }

  it('holds no option that was not asked for', () => {
    expect(granted({})).toEqual({});
    expect(granted({ tsize: '0' })).toEqual({ tsize: '1000' });
    expect(granted({ multicast: '', rollover: '0', foo: 'bar' })).toEqual({});
  });

  it('holds no larger value than asked for, and no block that the network would cut', () => {
    expect(granted({ blksize: '1024', windowsize: '4', timeout: '5' })).toEqual({
      blksize: '1024',
      windowsize: '4',
      timeout: '5',
    });
    expect(granted({ blksize: '65464', windowsize: '65535' })).toEqual({ blksize: '1468', windowsize: '64' });
  });

  it.each([
    { blksize: '7' },
    { blksize: '-1' },
    { blksize: '1e3' },
    { blksize: '' },
    { windowsize: '0' },
    { timeout: '0' },
    { timeout: '255' },
    { tsize: 'all' },
  ])('leaves out %j', (asked) => {
    expect(granted(asked as Record<string, string>)).toEqual({});
  });

  it('is not sent where nothing is granted: the first block is the answer', () => {
    expect(sends(play(transferOf(1000)).effects)).toEqual([[1, 1]]);
    expect(play(transferOf(1000, { tsize: '0' })).effects[0]).toMatchObject({ kind: 'offer' });
  });
});

describe('blocks', () => {
  it('go out one window after each ACK', () => {
    const transfer = transferOf(10_000, { windowsize: '4' });
    expect(sends(play(transfer, acknowledged(0)).effects)).toEqual([[1, 4]]);
    expect(sends(play(transfer, acknowledged(0), acknowledged(4)).effects)).toEqual([[5, 8]]);
  });

  it('go out again from the gap that an ACK inside the window tells of (RFC 7440)', () => {
    const transfer = transferOf(10_000, { windowsize: '4' });
    expect(sends(play(transfer, acknowledged(0), acknowledged(2)).effects)).toEqual([[3, 6]]);
  });

  it('are never sent again for a duplicate ACK (RFC 1123)', () => {
    const transfer = transferOf(10_000, { windowsize: '4' });
    const { effects } = play(transfer, acknowledged(0), acknowledged(4), acknowledged(4));
    expect(effects).toEqual([]);
    expect(play(transferOf(10_000), acknowledged(1), acknowledged(1)).effects).toEqual([]);
  });

  it('are not moved by an ACK of something that was never sent', () => {
    for (const block of [2, 3, 500, 65_535]) expect(play(transferOf(10_000), acknowledged(block)).effects).toEqual([]);
  });

  it('are counted on where their number on the wire begins again', () => {
    const far: Transfer = { ...transferOf(100_000 * 512), acknowledgedBlock: 65_535, sentBlock: 65_536, heard: true };
    const [, effects] = step(far, acknowledged(0));
    expect(sends(effects)).toEqual([[65_537, 65_537]]);
  });

  it('end with an empty one where the size is a multiple of theirs', () => {
    expect(transferOf(1024).lastBlock).toBe(3);
    expect(transferOf(1023).lastBlock).toBe(2);
    expect(transferOf(0).lastBlock).toBe(1);
  });
});

describe('a client that falls silent', () => {
  /** What is waited for, and the effects of the end. */
  function silenced(transfer: Transfer, ...events: TransferEvent[]) {
    let { state, effects } = play(transfer, ...events);
    const waits: number[] = [];
    for (let tries = 0; tries < 100 && state.phase !== 'ended'; tries += 1) {
      for (const effect of effects) if (effect.kind === 'wait') waits.push(effect.delayMs);
      [state, effects] = step(state, silence);
    }
    return { waits, effects };
  }

  it('gets the window again, ever more slowly, and is given up after a bounded time', () => {
    const { waits, effects } = silenced(transferOf(10_000), acknowledged(1));
    expect(waits).toEqual([22, 44, 88, 176, 352, 704, 1408, 2816, 5632, 8000, 8000, 8000, 8000]);
    expect(effects).toEqual([{ kind: 'end', outcome: 'timed-out', detail: 'the client fell silent' }]);
  });

  it('gets a window of many blocks again no sooner than a slow wire could have brought it', () => {
    expect(silenced(transferOf(100_000, { windowsize: '64' }), acknowledged(0)).waits[0]).toBe(97);
  });

  it('is never waited for longer than it asked (RFC 2349), so often that it takes as long', () => {
    const { waits } = silenced(transferOf(10_000, { timeout: '2' }), acknowledged(0));
    expect(Math.max(...waits)).toBe(2000);
    expect(waits.reduce((sum, delayMs) => sum + delayMs)).toBeGreaterThanOrEqual(40_000);
  });

  it('and then answers slowly is waited for longer: it was slow before', () => {
    const slow = play(transferOf(10_000), acknowledged(1, 1), silence, acknowledged(2, 80));
    expect(slow.effects).toContainEqual({ kind: 'wait', delayMs: expect.toSatisfy((delayMs) => delayMs > 60) });
  });

  it('on a wire that loses much is waited for no longer than on another', () => {
    let { state, effects } = play(transferOf(100_000), acknowledged(1));
    for (let block = 2, nowMs = 1; block < 100; block += 1) {
      [state] = step(state, silence);
      nowMs += 23;
      [state, effects] = step(state, acknowledged(block, nowMs));
    }
    expect(effects).toContainEqual({ kind: 'wait', delayMs: expect.toSatisfy((delayMs) => delayMs < 50) });
  });

  it('at the end has the file: many never acknowledge the last block', () => {
    const { effects } = silenced(transferOf(1000), acknowledged(1));
    expect(effects).toEqual([expect.objectContaining({ kind: 'end', outcome: 'complete' })]);
  });

  it('before it ever answered has nothing, even where one block is all', () => {
    const { waits, effects } = silenced(transferOf(10));
    expect(waits).toEqual([1000, 2000, 4000, 8000, 8000, 8000]);
    expect(effects).toEqual([expect.objectContaining({ kind: 'end', outcome: 'timed-out' })]);
  });
});

describe('where an ACK may have been lost', () => {
  it('the block goes out again, and the second time with the one that follows', () => {
    expect(sends(play(transferOf(10_000), acknowledged(1), silence).effects)).toEqual([[2, 2]]);
    const { state, effects } = play(transferOf(10_000), acknowledged(1), silence, silence);
    expect(sends(effects)).toEqual([[2, 3]]);
    expect(sends(step(state, silence)[1])).toEqual([[2, 3]]);
    expect(sends(step(state, acknowledged(3))[1])).toEqual([[4, 4]]);
  });

  it('a client that did miss the block acknowledges both, and gets nothing twice', () => {
    const { state, effects } = play(transferOf(10_000), acknowledged(1), silence, silence, acknowledged(2));
    expect(sends(effects)).toEqual([]);
    expect(sends(step(state, acknowledged(3))[1])).toEqual([[4, 4]]);
  });

  it('a client that never answered gets no more than it asked for', () => {
    expect(sends(play(transferOf(10_000), silence, silence).effects)).toEqual([[1, 1]]);
  });
});

describe('an ACK from the midst of blocks that went out twice', () => {
  it('moves the window on, and lets nothing go out a third time', () => {
    const transfer = transferOf(10_000, { windowsize: '4' });
    // A doubled block 2 looks like a gap; EDK2 then acknowledges every block that it has already.
    const { state, effects } = play(transfer, acknowledged(0), acknowledged(2), acknowledged(4));
    expect(sends(effects)).toEqual([[7, 8]]);
    expect(effects).toContainEqual({ kind: 'wait', delayMs: 10 });
    expect(step(state, acknowledged(4))[1]).toEqual([]);
    expect(sends(step(state, acknowledged(8))[1])).toEqual([[9, 12]]);
  });

  it('beyond what went out twice is a gap again', () => {
    const transfer = transferOf(10_000, { windowsize: '4' });
    const { effects } = play(transfer, acknowledged(0), acknowledged(2), acknowledged(5));
    expect(sends(effects)).toEqual([[6, 9]]);
  });
});

describe('another request of the same client', () => {
  const replaced: TransferEvent = { kind: 'replaced', reason: 'the client asked again' };

  it('ends a transfer, quietly', () => {
    expect(play(transferOf(10_000), acknowledged(1), replaced).effects).toEqual([
      { kind: 'end', outcome: 'aborted', detail: 'the client asked again' },
    ]);
  });

  it('shows that it has the file where only its last ACK is missing', () => {
    expect(play(transferOf(1000), acknowledged(1), replaced).effects).toMatchObject([{ outcome: 'complete' }]);
  });
});

describe('a client that sends an ERROR', () => {
  const userAborted: TransferEvent = { kind: 'refused', errorCode: 8, message: 'User aborted' };

  it('after the OACK only wanted the size: no failure', () => {
    const { effects } = play(transferOf(1000, { tsize: '0' }), userAborted);
    expect(effects).toEqual([expect.objectContaining({ kind: 'end', outcome: 'probed' })]);
  });

  it('before it took a single block only looked whether the file is there, as GRUB does: no failure', () => {
    const closed: TransferEvent = { kind: 'refused', errorCode: 0, message: 'closed' };
    const { effects } = play(transferOf(1000, { tsize: '0' }), acknowledged(0), closed);
    expect(effects).toMatchObject([{ kind: 'end', outcome: 'probed' }]);
  });

  it('later, or for another reason, ends its transfer', () => {
    const full: TransferEvent = { kind: 'refused', errorCode: 3, message: 'disk full' };
    const ended = { kind: 'end', outcome: 'aborted', detail: 'the client sent ERROR 3: disk full' };
    expect(play(transferOf(1000, { tsize: '0' }), full).effects).toEqual([ended]);
    expect(play(transferOf(1000, { tsize: '0' }), acknowledged(0), acknowledged(1), userAborted).effects).toMatchObject(
      [{ outcome: 'aborted' }],
    );
  });
});
