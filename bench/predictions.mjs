// `npm run bench:predictions -- [NAME…] [--mnist FOLDER]`: does the loss landscape say how far networks can be pruned? Trains
// the networks of scripts/train/recipes.ts (all, or those named) with and without an L1 penalty, unless they are there from a
// former run, measures each with the command line as a user would, and sets it beside the same experiment in PyTorch. `--mnist`
// takes the files of MNIST from elsewhere. Writes a section of bench/RESULTS.md for each network.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { clearInterval, setInterval } from 'node:timers';
import { build } from 'esbuild';
import { trainer, trainingFolders } from '../scripts/train.mjs';
import { peakMemory } from './measure.mjs';
import { FOLDER } from './model-files.mjs';
import { writeResults } from './results.mjs';

const SEED = 1;
const WATCH_MS = 500;

/**
 * @typedef {object} Figures
 * @property {number | undefined} accuracy on the samples for testing
 * @property {number} epsilon tolerated growth of the loss
 * @property {number | undefined} largest eigenvalue of the Hessian
 * @property {number | undefined} radius norm of the pruned weights at the predicted limit
 * @property {number} predicted pruned fraction
 * @property {number} loss last copy whose loss is within ε
 * @property {number} first copy that has lost 0.1 points
 * @property {number} last copy that is more accurate than the network (PyTorch: at least as accurate)
 * @property {number} onePoint last copy that has lost at most a point
 * @property {number | undefined} direct last copy that passes the second-order test
 * @property {number} small fraction of the weights under 0.001
 */

/**
 * The same with PyTorch 1.13 (other random numbers; SLQ with 100 or 128 steps on 5,000 training images, sweep in steps of
 * 0.002 to 0.02, losses over 10,000 training images; digits: all eigenvalues, without a penalty 128 steps), taken once.
 * @type {{ name: import('../scripts/train/recipes').RecipeName, penalty: number, peer: Figures }[]}
 */
const CASES = [
  {
    name: 'digits',
    penalty: 1e-3,
    peer: figures(undefined, 0.0038, 3.23, undefined, 0.957, 0.951, 0.956, 0.962, 0.962, undefined, 0.94),
  },
  {
    name: 'digits',
    penalty: 3e-4,
    peer: figures(undefined, 0.0016, 1.53, undefined, 0.898, 0.874, 0.877, 0.897, 0.906, undefined, 0.84),
  },
  {
    name: 'digits',
    penalty: 0,
    peer: figures(undefined, 7e-5, 0.11, undefined, 0.547, 0.169, 0.308, 0.473, 0.489, undefined, 0.004),
  },
  {
    name: 'lenet-300-100',
    penalty: 2e-4,
    peer: figures(0.9815, 0.0225, 2.71, 1.23, 0.981, 0.98, 0.975, 0.9625, 0.9825, undefined, 0.947),
  },
  {
    name: 'lenet-300-100',
    penalty: 5e-5,
    peer: figures(0.9856, 0.00824, 1.09, 5.6, 0.932, 0.87, 0.8125, 0.7, 0.9275, undefined, 0.67),
  },
  {
    name: 'lenet-300-100',
    penalty: 0,
    peer: figures(0.983, 0.002, 0.46, 22.3, 0.873, 0.52, 0.42, 0.16, 0.8325, undefined, 0.014),
  },
  {
    name: 'fc5',
    penalty: 5e-5,
    peer: figures(0.9869, 0.00918, 1.27, 2.66, 0.978, 0.976, 0.98, 0.964, 0.986, 0.98, 0.941),
  },
];

const { values: options, positionals: chosen } = parseArgs({
  allowPositionals: true,
  options: { mnist: { type: 'string' } },
});
const root = join(import.meta.dirname, '..');
const folder = join(FOLDER, 'trained');
const folders = trainingFolders(options.mnist);
const built = spawnSync(process.execPath, [join(root, 'esbuild.mjs')], { cwd: root, stdio: 'inherit' });
if (built.status !== 0) process.exit(1);
const { train, networkName, RECIPES } = await trainer();
const limits = await limitFunctions();

for (const [name, { sizes }] of Object.entries(RECIPES)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const rows = [
    '| L1 | Accuracy | ε | λmax | R* | Predicted | Loss within ε | Accuracy −0.1 | Last above | −1 point | Second-order test | w < 0.001 | Time | Memory |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
  ];
  for (const { penalty, peer } of CASES.filter((each) => each.name === name)) {
    const model = join(folder, `${networkName(name, penalty)}.onnx`);
    if (!existsSync(model)) {
      await train({ name, penalty, seed: SEED, folder, ...folders, told: (line) => console.log(line) });
    }
    const data =
      name === 'digits' ? join(folders.fixtures, 'data', 'digits.npz') : join(folders.mnist, 'train-images-idx3-ubyte');
    const { measurement, peakBytes } = await measured(model, data);
    const memory = peakBytes === undefined ? '' : `${(peakBytes / 1e6).toFixed(0)} MB`;
    const title = penalty === 0 ? '0' : penalty.toExponential();
    rows.push(
      row(title, figuresOf(measurement), `${measurement.seconds.toFixed(0)} s`, memory),
      row('… in PyTorch', peer, '', ''),
    );
    console.log(rows.slice(-2).join('\n'));
  }
  await writeResults(
    `Predicted and measured: ${name}`,
    [
      `${sizes.join('-')}, trained by \`npm run train\` with seed ${SEED}. Pruned fractions: what the loss landscape predicts, and what pruned copies say: the last whose loss is within ε, the first that has lost 0.1 points of accuracy, the last more accurate than the network, the last that has lost at most a point; then the last that passes gᵀd + ½dᵀHd ≤ ε.`,
      'Accuracy on all samples for testing, the rest on at most 5,000 of those for training, 128 Lanczos steps. In PyTorch: the same experiment, trained with other random numbers, taken once (last above: last at least as accurate).',
      `Time and memory of the whole measurement, with all criteria, on ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}. Made by \`npm run bench:predictions\`.`,
      '',
      ...rows,
    ].join('\n'),
  );
}

/** @returns {Figures} */
function figures(accuracy, epsilon, largest, radius, predicted, loss, first, last, onePoint, direct, small) {
  return { accuracy, epsilon, largest, radius, predicted, loss, first, last, onePoint, direct, small };
}

/** What the panel shows is computed by these. */
async function limitFunctions() {
  const outfile = join(FOLDER, 'limits-bundle.cjs');
  await build({
    stdin: {
      contents: `
        export { lossLandscapeLimit } from './src/limits/loss-landscape';
        export { largestEigenvalue } from './src/limits/spectrum-figures';
        export * from './src/limits/sweep-thresholds';
      `,
      resolveDir: root,
      loader: 'ts',
    },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
  });
  return (await import(outfile)).default;
}

/** @param {any} measurement @returns {Figures} */
function figuresOf({ spectrum, radii, dense, sweeps, directTest, smallFraction }) {
  const { points } = sweeps.find((/** @type {any} */ { criterion }) => criterion === 'magnitude');
  const limit = limits.lossLandscapeLimit(spectrum.nodes, radii, dense.epsilon);
  return {
    accuracy: dense.accuracy,
    epsilon: dense.epsilon,
    largest: limits.largestEigenvalue(spectrum.nodes),
    radius: limit.radius,
    predicted: limit.prunedFraction,
    loss: limits.lastWithinLoss(points, dense.loss, dense.epsilon)?.prunedFraction,
    first: limits.firstBelowTolerance(points, dense.accuracy),
    last: limits.lastAboveDense(points, dense.accuracy)?.prunedFraction,
    onePoint: limits.lastWithinOnePoint(points, dense.accuracy)?.prunedFraction,
    direct: limits.directTestLimit(directTest, dense.epsilon)?.prunedFraction,
    small: smallFraction,
  };
}

/** @param {string} title @param {Figures} figures @param {string} time @param {string} memory */
function row(title, { accuracy, epsilon, largest, radius, ...fractions }, time, memory) {
  const { predicted, loss, first, last, onePoint, direct, small } = fractions;
  const number = (/** @type {number | undefined} */ value) => value?.toPrecision(3) ?? '–';
  const fraction = (/** @type {number | undefined} */ value) => value?.toFixed(3) ?? '–';
  const tested = accuracy === undefined ? '–' : `${(100 * accuracy).toFixed(2)} %`;
  const cells = [title, tested, ...[epsilon, largest, radius].map(number)];
  cells.push(...[predicted, loss, first, last, onePoint, direct, small].map(fraction), time, memory);
  return `| ${cells.join(' | ')} |`;
}

/**
 * `prunability measure`, and the peak memory of the process that runs the network.
 * @param {string} model @param {string} data @returns {Promise<{ measurement: any, peakBytes: number | undefined }>}
 */
function measured(model, data) {
  const arguments_ = [join(root, 'dist', 'cli.js'), 'measure', model, '--data', data, '--json'];
  const child = spawn(process.execPath, arguments_, { stdio: ['ignore', 'pipe', 'inherit'] });
  /** @type {number | undefined} */
  let peakBytes;
  const watch = setInterval(async () => {
    peakBytes = (await peakMemory(await onlyChild(child.pid))) ?? peakBytes;
  }, WATCH_MS);
  return new Promise((resolve, reject) => {
    /** @type {Buffer[]} */
    const output = [];
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(watch);
      if (code === 0) resolve({ measurement: JSON.parse(Buffer.concat(output).toString()), peakBytes });
      else reject(new Error(`Measuring ${model} ended with ${code}`));
    });
  });
}

/** The process that another one has started, where the system tells. @param {number | undefined} pid */
async function onlyChild(pid) {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const [first] = children.trim().split(' ');
  return first === undefined || first === '' ? undefined : Number(first);
}
