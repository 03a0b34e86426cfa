// `npm run bench`: how fast and how small, as ratios against plainly reading the same file and against numpy, all in one
// run. Writes bench/RESULTS.md and the table in README.md. `--quick` leaves the 4 GB file out and writes nothing.
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { analyze, dropFromCache, median, numpyWay, plainRead, pythonWithNumpy } from './measure.mjs';
import { modelFile } from './model-files.mjs';
import { panelFrames } from './panel-frames.mjs';

const root = join(import.meta.dirname, '..');
const quick = process.argv.includes('--quick');
const ROUNDS = 3;
const MILLION = 1_000_000;

const build = spawnSync(process.execPath, [join(root, 'esbuild.mjs')], { cwd: root, stdio: 'inherit' });
if (build.status !== 0) process.exit(1);

/** @type {{ model: { name: string, dtype: 'F32' | 'BF16', tensors: number, valuesPerTensor: number }, numpy?: true }[]} */
const CASES = [
  { model: { name: 'float32-100M', dtype: 'F32', tensors: 4, valuesPerTensor: 25 * MILLION }, numpy: true },
  { model: { name: 'bfloat16-100M', dtype: 'BF16', tensors: 4, valuesPerTensor: 25 * MILLION } },
  ...(quick
    ? []
    : [
        {
          model: {
            name: 'float32-1000M',
            dtype: /** @type {const} */ ('F32'),
            tensors: 40,
            valuesPerTensor: 25 * MILLION,
          },
        },
      ]),
];

const python = await pythonWithNumpy();
const rows = [
  '| File | From disk: analysis / plain read | From the page cache: warm engine (ns a weight) | fresh engine | numpy / warm engine | Peak memory | First layer, fresh engine |',
  '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
];
for (const { model, numpy } of CASES) {
  const { path, bytes, values, dataOffset } = await modelFile(model);
  const cold = await coldRatio(path);
  plainRead(path);
  const fresh = [];
  const warm = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [first, ...others] = await analyze(path, 4);
    if (first !== undefined) fresh.push(first);
    warm.push(...others);
  }
  const seconds = median(warm.map((run) => run.seconds));
  const firstSeconds = median(fresh.map((run) => run.seconds));
  const firstLayer = median(fresh.map((run) => run.firstLayer));
  const peak = Math.max(...warm.map((run) => run.peakBytes ?? Number.NaN));
  let versusNumpy = numpy === true ? 'no Python with numpy' : '';
  if (numpy === true && python !== undefined) {
    const peers = [];
    for (let run = 0; run < 3; run++) peers.push(await numpyWay(python, path, dataOffset, values));
    const peer = median(peers.map((run) => run.seconds));
    versusNumpy = `${(peer / seconds).toFixed(0)}× (${peer.toFixed(2)} s, ${megabytes(peers[0]?.peakBytes)})`;
  }
  rows.push(
    `| ${model.name}, ${(bytes / 1e9).toFixed(1)} GB | ${cold} | ${seconds.toFixed(3)} s (${((seconds / values) * 1e9).toFixed(2)}) | ${firstSeconds.toFixed(3)} s | ${versusNumpy} | ${megabytes(peak)} | ${firstLayer.toFixed(2)} s |`,
  );
  console.log(rows.at(-1));
}

const table = `${rows.join('\n')}\n\n${await panelFrames()}`;
console.log(`\n${table}`);
if (!quick) {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`;
  const text = `Medians of ${ROUNDS} processes with four runs each on ${machine}. Made by \`npm run bench\`.\n\n${table}\n`;
  await writeFile(join(import.meta.dirname, 'RESULTS.md'), `# Benchmarks\n\n${text}`);
  const readme = join(root, 'README.md');
  const before = await readFile(readme, 'utf8');
  await writeFile(
    readme,
    before.replace(/(<!-- bench -->\n)[^]*?(<!-- \/bench -->)/, (_, open, close) => `${open}${text}${close}`),
  );
}

/** Analysis against plain reading with an empty cache, in turns. @param {string} path */
async function coldRatio(path) {
  const ratios = [];
  let plain = 0;
  for (let run = 0; run < 3; run++) {
    if (!dropFromCache(path)) return 'cache cannot be dropped here';
    const reading = plainRead(path);
    dropFromCache(path);
    const [run] = await analyze(path, 1);
    ratios.push((run?.seconds ?? Number.NaN) / reading);
    plain = reading;
  }
  return `${median(ratios).toFixed(2)}× (${plain.toFixed(2)} s)`;
}

/** @param {number | undefined} bytes */
function megabytes(bytes) {
  return bytes === undefined || Number.isNaN(bytes) ? 'not told' : `${(bytes / 1e6).toFixed(0)} MB`;
}
