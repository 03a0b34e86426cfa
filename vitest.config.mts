import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/unit/**/*.test.ts', 'test/fuzz/**/*.test.ts'],
    globalSetup: ['test/unit/build.ts'],
    // Two cores in CI; a fuzz run takes its seconds.
    testTimeout: 60_000,
  },
});
