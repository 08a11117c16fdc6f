import { defineConfig } from 'vitest/config';

// Whole boots in QEMU: about a minute each, and test/liveos/packages.ts says what they need. A machine without KVM
// keeps a core busy, so two of the files run at a time, and the boots of one file one after the other.
export default defineConfig({
  test: {
    include: ['test/boot/**/*.test.ts'],
    globalSetup: 'test/boot/images-first.ts',
    maxWorkers: 2,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
