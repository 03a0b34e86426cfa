// `npm run bench:networks`: gradient and exact Hessian-vector product of the backend that comes with the extension (wasm), in one
// thread and shared out among as many as the computer runs at once, against PyTorch with one thread (a Python with torch:
// PRUNABILITY_PYTHON). They take turns in one run; least time of many rounds. Writes a section of bench/RESULTS.md. With
// `-- --backend tensorflow --native-packages DIR` (or webgpu) that backend instead, as it is: TensorFlow takes as many threads as
// TF_NUM_INTRAOP_THREADS says.
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { NETWORK_BUNDLE } from '../scripts/network-bundle.mjs';
import { FOLDER } from './model-files.mjs';
import { writeResults } from './results.mjs';

const ROUNDS = 40;
const { backend, 'native-packages': folder } = parseArgs({
  options: { backend: { type: 'string', default: 'wasm' }, 'native-packages': { type: 'string' } },
}).values;
const root = join(import.meta.dirname, '..');
const wasmFolder = join(root, 'node_modules', '@tensorflow', 'tfjs-backend-wasm', 'wasm-out');
const bundle = join(FOLDER, 'networks-bundle.cjs');
const thread = join(FOLDER, 'networks-thread.cjs');
await mkdir(FOLDER, { recursive: true });
for (const [outfile, contents] of [
  [
    bundle,
    `
      export { NETWORKS } from './bench/networks';
      export { openObjectives } from './src/measurer/open-objectives';
      export { weightsOf } from './src/network/network-objective';
      export { startBackend } from './src/network/tensorflow/backends';
    `,
  ],
  [
    thread,
    `
      import { parentPort } from 'node:worker_threads';
      import { NETWORKS } from './bench/networks';
      import { serveObjectives } from './src/measurer/objective-server';
      const port = { post: (message) => parentPort.postMessage(message), onMessage: (listener) => parentPort.on('message', listener) };
      serveObjectives(port, ${JSON.stringify(wasmFolder)}, async (name) => NETWORKS[name].network());
    `,
  ],
]) {
  await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    outfile,
    ...NETWORK_BUNDLE,
  });
}
const { default: library } = await import(bundle);
const places = folder === undefined ? [] : [{ folder, trusted: true }];
const facts = await library.startBackend({ wasmFolder, places, backends: [backend], emulated: true });

const python = spawn(process.env['PRUNABILITY_PYTHON'] ?? 'python3', [join(import.meta.dirname, 'networks.py')], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const answers = createInterface(python.stdout)[Symbol.asyncIterator]();
/** @param {string} question @returns {Promise<number>} */
async function pytorch(question) {
  python.stdin.write(`${question}\n`);
  const { value, done } = await answers.next();
  if (done === true) throw new Error('PyTorch does not run');
  return Number(value);
}

/** @param {() => Promise<unknown>} run @returns {Promise<number>} milliseconds */
async function timed(run) {
  const started = performance.now();
  await run();
  return performance.now() - started;
}

/**
 * Least milliseconds of each, taking turns.
 * @param {readonly (() => Promise<number>)[]} competitors
 */
async function leastOf(competitors) {
  const least = competitors.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, run] of competitors.entries()) least[index] = Math.min(least[index] ?? Infinity, await run());
  }
  return least;
}

const { signal } = new AbortController();
const peak = () => process.resourceUsage().maxRSS / 1000;
const names = Object.keys(library.NETWORKS);
const cases = names.map((name) => {
  const { batch, network: make } = library.NETWORKS[name];
  const network = make();
  const size = network.inputShape.reduce((/** @type {number} */ total, /** @type {number} */ each) => total * each, 1);
  const samples = {
    shape: network.inputShape,
    count: batch,
    values: Float32Array.from({ length: batch * size }, (_, i) => Math.sin(i)),
    targets: { kind: 'classes', classes: 10, labels: Int32Array.from({ length: batch }, (_, i) => i % 10) },
  };
  const request = { script: thread, backend, model: name, network, train: samples, batch };
  const weights = library.weightsOf(network);
  const vector = weights.map(Math.cos);
  /** @param {any} objective */
  const runs = (objective) => ({
    gradient: () => timed(() => objective.gradient(weights, signal)),
    product: () => timed(() => objective.hessianTimes(weights, vector, signal)),
  });
  return { name, request, runs };
});

// The memory of one thread is told before there are others.
for (const { request, runs } of cases) {
  const { objective } = await library.openObjectives({ ...request, processors: 1 }, signal);
  for (const run of Object.values(runs(objective))) for (let round = 0; round < ROUNDS; round++) await run();
}
const alone = peak();

const columns = backend === 'wasm' ? ['One thread', 'All threads'] : [backend];
const rows = [
  `| ${['Network', '', ...columns, 'PyTorch, one thread', ...columns].join(' | ')} |`,
  `| --- | --- ${'| ---: '.repeat(2 * columns.length + 1)}|`,
];
let most = 1;
for (const { name, request, runs } of cases) {
  const one = await library.openObjectives({ ...request, processors: 1 }, signal);
  const all = backend === 'wasm' ? await library.openObjectives(request, signal) : undefined;
  most = Math.max(most, all?.threads ?? 1);
  for (const [what, label] of /** @type {const} */ ([
    ['gradient', 'Gradient'],
    ['product', 'H·v'],
  ])) {
    const competitors = [one, ...(all === undefined ? [] : [all])].map(({ objective }) => runs(objective)[what]);
    const times = await leastOf([...competitors, () => pytorch(`${what}\t${name}`)]);
    const peer = times.at(-1) ?? NaN;
    const ratios = times.slice(0, -1).map((time) => `${(time / peer).toFixed(1)}×`);
    rows.push(`| ${[name, label, ...times.map((time) => `${time.toFixed(1)} ms`), ...ratios].join(' | ')} |`);
    console.log(rows.at(-1));
  }
  await all?.dispose();
}
const peerMemory = await pytorch('memory');
python.stdin.end();
const machine = `${cpus()[0]?.model ?? 'unknown processor'} with ${availableParallelism()} processors, Node ${process.version}`;
const memory = [alone, peak(), peerMemory].map((megabytes) => `${megabytes.toFixed(0)} MB`);
const ours = backend === 'wasm' ? `${memory[0]} with one thread, ${memory[1]} with ${most} threads` : memory[0];
await writeResults(
  backend === 'wasm' ? 'Running networks' : `Running networks on ${backend}`,
  `Taking turns in one run, least of ${ROUNDS} rounds, on ${machine}. Backend ${facts.reason}. Made by \`npm run bench:networks\`.\n\n` +
    `${rows.join('\n')}\n\nPeak of the resident set of the process: ${ours}; PyTorch ${memory[2]}.`,
);
// Native backends keep the process.
process.exit();
