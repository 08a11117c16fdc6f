import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesSource } from '../../src/platform/files.ts';
import { SharedFiles } from '../../src/platform/shared-files.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';

let clock: SimulatedClock;
/** What happened to files, in order. */
let happened: string[];
let isBroken: boolean;
let files: SharedFiles;

beforeEach(() => {
  clock = new SimulatedClock();
  happened = [];
  isBroken = false;
  files = new SharedFiles({
    clock,
    async open(path) {
      happened.push(`open ${path}`);
      if (isBroken) throw new Error('it can not be opened');
      const source = bytesSource(Buffer.from(path));
      return {
        ...source,
        read: (...asked) => (isBroken ? Promise.reject(new Error('it can not be read')) : source.read(...asked)),
        close: async () => void happened.push(`close ${path}`),
      };
    },
  });
});
afterEach(() => files.close());

const pass = (ms: number) => clock.run(new Promise<void>((resolve) => clock.after(ms, resolve)));

/** Whether somebody still waits for the time. */
const isAnythingDue = () =>
  clock.run(new Promise<never>(() => {})).then(String, (error) => !/nothing is left/.test(error));

describe('files that are shared', () => {
  it('are opened once for all who read them at the same time, and each by its own path', async () => {
    const [one, other, another] = await Promise.all(['a', 'a', 'b'].map((path) => files.open(path)));
    const into = new Uint8Array(1);
    await other?.read(into, 0);
    expect(String.fromCharCode(...into)).toBe('a');
    expect(happened).toEqual(['open a', 'open b']);
    await Promise.all([one, other, another].map((source) => source?.close()));
  });

  it('stay open while somebody reads, however long', async () => {
    const source = await files.open('a');
    const other = await files.open('a');
    await other.close();
    await pass(60_000);
    expect(happened).toEqual(['open a']);
    await source.close();
  });

  it('stay open for a moment longer, and for as long as somebody comes again within it', async () => {
    for (let times = 0; times < 10; times += 1) {
      await (await files.open('a')).close();
      await pass(90);
    }
    expect(happened).toEqual(['open a']);
    await pass(100);
    await pass(100);
    expect(happened).toEqual(['open a', 'close a']);
    expect(await isAnythingDue()).toBe(false);
  });

  it('are not ended for others by one who ends twice', async () => {
    const source = await files.open('a');
    const other = await files.open('a');
    await source.close();
    await source.close();
    await pass(5000);
    expect(happened).toEqual(['open a']);
    await other.close();
  });

  it('are opened anew after they could not be opened', async () => {
    isBroken = true;
    const failed = await Promise.allSettled([files.open('a'), files.open('a')]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isBroken = false;
    await (await files.open('a')).close();
    expect(happened).toEqual(['open a', 'open a']);
  });

  it('are opened anew after they could not be read, and closed when the last has gone', async () => {
    const source = await files.open('a');
    const other = await files.open('a');
    isBroken = true;
    await expect(source.read(new Uint8Array(1), 0)).rejects.toThrow('it can not be read');
    isBroken = false;
    const fresh = await files.open('a');
    expect(happened).toEqual(['open a', 'open a']);
    await source.close();
    expect(happened).toEqual(['open a', 'open a']);
    await other.close();
    expect(happened).toEqual(['open a', 'open a', 'close a']);
    await fresh.close();
  });

  it('are closed in the end: at once where nobody reads, else with the last reader', async () => {
    await (await files.open('idle')).close();
    const read = await files.open('read');
    await files.close();
    expect(happened).toEqual(['open idle', 'open read', 'close idle']);
    await read.close();
    expect(happened.at(-1)).toBe('close read');
    await (await files.open('late')).close();
    expect(happened.at(-1)).toBe('close late');
    expect(await isAnythingDue()).toBe(false);
  });
});
