/**
 * How programs that run networks are bundled, as the extension's are: one core of TensorFlow.js (its CommonJS file would be
 * another one), and its kernels although importing them is said to do nothing.
 * @type {import('esbuild').BuildOptions}
 */
export const NETWORK_BUNDLE = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  mainFields: ['module', 'main'],
  ignoreAnnotations: true,
  logLevel: 'error',
};
