import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/boot/**'],
    testTimeout: 30_000,
    hookTimeout: 120_000,
  },
});
