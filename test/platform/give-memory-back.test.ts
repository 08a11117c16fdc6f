import { execa } from 'execa';
import { expect, it } from 'vitest';

// Buffers that come from the heap of the C library, each beside one that stays, so that nothing at its end is free.
const program = `
  import { giveMemoryBack } from ${JSON.stringify(new URL('../../src/platform/give-memory-back.ts', import.meta.url).href)};
  const rss = () => process.memoryUsage.rss() / 1024 / 1024;
  let given = [];
  const kept = [];
  for (let index = 0; index < 1500; index += 1) {
    given.push(Buffer.allocUnsafeSlow(100_000).fill(1));
    kept.push(Buffer.allocUnsafeSlow(2000).fill(1));
  }
  given = undefined;
  gc();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const before = rss();
  giveMemoryBack();
  console.log(JSON.stringify({ before, after: rss(), kept: kept.length }));`;

it('what was freed is the kernel’s again, though something is still in use behind it', async () => {
  const { stdout } = await execa(process.execPath, ['--expose-gc', '--input-type=module', '-e', program]);
  const { before, after } = JSON.parse(stdout) as { before: number; after: number };
  expect(before - after).toBeGreaterThan(100);
});
