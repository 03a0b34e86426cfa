import { defineConfig } from 'vitest/config';

/** Tests of pure functions: what a file of them leaves behind in memory disturbs no other, so they share their threads. */
const PURE = [
  'test/fuzz/**/*.test.ts',
  ...[
    'catalog',
    'compare',
    'curvature',
    'data',
    'formats',
    'limits',
    'measurement',
    'paths',
    'protocol',
    'report',
    'sketch',
    'values',
    'webview',
  ].map((folder) => `test/unit/${folder}/**/*.test.ts`),
];

export default defineConfig({
  test: {
    globalSetup: ['test/unit/build.ts'],
    // Two cores in CI; a fuzz run takes its seconds.
    testTimeout: 60_000,
    projects: [
      { extends: true, test: { name: 'pure', include: PURE, pool: 'threads', isolate: false } },
      { extends: true, test: { name: 'isolated', include: ['test/unit/**/*.test.ts'], exclude: PURE } },
    ],
  },
});
