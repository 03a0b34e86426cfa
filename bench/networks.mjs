// `npm run bench:networks`: gradient and exact Hessian-vector product of the backend that comes with the extension (wasm, one
// thread), against PyTorch with one thread in the same run (a Python with torch: PRUNABILITY_PYTHON). Least time of many rounds.
// Writes a section of bench/RESULTS.md.
import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { FOLDER } from './model-files.mjs';
import { writeResults } from './results.mjs';

const ROUNDS = 30;
const root = join(import.meta.dirname, '..');
const bundle = join(FOLDER, 'networks-bundle.cjs');
await mkdir(FOLDER, { recursive: true });
await build({
  stdin: {
    contents: `
      export { NETWORKS } from './bench/networks';
      export { createNetworkObjective, weightsOf } from './src/network/network-objective';
      export { startBackend } from './src/network/tensorflow/backends';
    `,
    resolveDir: root,
    loader: 'ts',
  },
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  mainFields: ['module', 'main'],
  ignoreAnnotations: true,
  logLevel: 'error',
});
const { default: library } = await import(bundle);
const wasmFolder = join(root, 'node_modules', '@tensorflow', 'tfjs-backend-wasm', 'wasm-out');
await library.startBackend({ wasmFolder, backends: ['wasm'] });
const python = spawnSync(process.env['PRUNABILITY_PYTHON'] ?? 'python3', [join(import.meta.dirname, 'networks.py')], {
  encoding: 'utf8',
});
if (python.status !== 0) throw new Error(`PyTorch does not run: ${python.stderr}`);
const peers = JSON.parse(python.stdout);
const { signal } = new AbortController();

/** @param {() => Promise<unknown>} run @returns {Promise<number>} milliseconds */
async function best(run) {
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    await run();
    least = Math.min(least, performance.now() - started);
  }
  return least;
}

const rows = [
  '| Network | Gradient | PyTorch | | H·v | PyTorch | |',
  '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
];
for (const [name, { batch, network: make }] of Object.entries(library.NETWORKS)) {
  const network = make();
  const size = network.inputShape.reduce((/** @type {number} */ total, /** @type {number} */ each) => total * each, 1);
  const samples = {
    shape: network.inputShape,
    count: batch,
    values: Float32Array.from({ length: batch * size }, (_, i) => Math.sin(i)),
    targets: { kind: 'classes', classes: 10, labels: Int32Array.from({ length: batch }, (_, i) => i % 10) },
  };
  const objective = library.createNetworkObjective(network, samples, batch);
  const weights = library.weightsOf(network);
  const vector = weights.map(Math.cos);
  const gradient = await best(() => objective.gradient(weights, signal));
  const product = await best(() => objective.hessianTimes(weights, vector, signal));
  const peer = peers[name];
  const ms = (/** @type {number} */ time) => `${time.toFixed(1)} ms`;
  const ratio = (/** @type {number} */ a, /** @type {number} */ b) => `${(a / b).toFixed(1)}×`;
  rows.push(
    `| ${name} | ${ms(gradient)} | ${ms(peer.gradient)} | ${ratio(gradient, peer.gradient)} | ${ms(product)} | ${ms(peer.product)} | ${ratio(product, peer.product)} |`,
  );
  console.log(rows.at(-1));
}
const machine = `${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`;
const memory = `${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`;
await writeResults(
  'Running networks',
  `One thread each, least of ${ROUNDS} rounds, on ${machine}; the process had ${memory} at the end. Made by \`npm run bench:networks\`.\n\n${rows.join('\n')}`,
);
