import { defineConfig } from 'vitest/config';

// Whole boots in QEMU: minutes, one after the other, and test/liveos/packages.ts says what they need.
export default defineConfig({
  test: {
    include: ['test/boot/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
