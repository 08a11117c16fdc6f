import { expect, it } from 'vitest';
import { storm } from '../../benchmarks/storm/storm.ts';
import { describeWith } from '../support/programs.ts';

describeWith({ programs: ['ip', 'nstat'], root: true }, 'forty machines that are switched on at once', () => {
  it('all boot with every byte right, and leave nothing open behind', async () => {
    const { boots, before, settled, memory } = await storm({
      machines: 40,
      imageBytes: 2 * 1024 * 1024,
      loaderBytes: 64 * 1024,
      linkBytes: 0,
      timeoutSeconds: 25,
      settings: ['--look-seconds', '0'],
    });
    expect(boots.flatMap(({ failure }) => failure ?? [])).toEqual([]);
    // Both loaders, the kernel, the initrd and the live image.
    expect(boots.map(({ checkedFiles }) => checkedFiles)).toEqual(Array(40).fill(5));
    expect(new Set(boots.map(({ address }) => address)).size).toBe(40);
    expect(settled.descriptors).toBeLessThanOrEqual(before.descriptors);
    expect(memory.peakBytes).toBeLessThan(400 * 1024 * 1024);
  }, 60_000);
});
