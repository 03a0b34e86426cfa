import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'out/', 'node_modules/', 'test/host/node_modules/', 'src/sketch/assembly/*.ts'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './webview-ui/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // Interpolating a number is fine; our messages are full of them.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    // Numeric kernels index typed arrays inside their bounds; checking each element costs more than the arithmetic.
    files: [
      'src/sketch/**/*.ts',
      'src/values/**/*.ts',
      'src/formats/containers/{crc32c,zstd,zstd-literals}.ts',
      'src/limits/**/*.ts',
      'src/curvature/**/*.ts',
      'src/measurement/**/*.ts',
      'src/compare/**/*.ts',
      'test/**/*.ts',
      'webview-ui/**/*.ts',
      'bench/**/*.ts',
      'scripts/**/*.ts',
    ],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'URL',
          'URLSearchParams',
          'setTimeout',
          'clearTimeout',
          'Buffer',
          'fetch',
          'performance',
          'structuredClone',
          'AbortController',
          'AbortSignal',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
  {
    // Driven in the browser by page.evaluate.
    files: [
      'test/host/**/*.mjs',
      'test/panel/**/*.mjs',
      'scripts/screenshots.mjs',
      'bench/panel-frames.mjs',
      'bench/window.test.mjs',
    ],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'document',
          'window',
          'getComputedStyle',
          'requestAnimationFrame',
          'KeyboardEvent',
          'MutationObserver',
          'HTMLElement',
          'Event',
          'MessageEvent',
          'navigator',
          'location',
          'setInterval',
          'clearInterval',
          'customElements',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
);
