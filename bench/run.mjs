// `npm run bench`: how fast and how small, as ratios against plainly reading the same file and against numpy, all in one
// run. Writes bench/RESULTS.md and the table in README.md. `--quick` leaves the 4 GB file out and writes nothing.
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { dropFromCache, Engine, median, numpyWay, plainRead, pythonsWithNumpy } from './measure.mjs';
import { modelFile } from './model-files.mjs';
import { panelFrames } from './panel-frames.mjs';
import { writeResults } from './results.mjs';

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
    const engine = new Engine();
    fresh.push(await engine.run(path));
    for (let run = 0; run < 4; run++) warm.push(await engine.run(path));
    engine.stop();
  }
  const seconds = median(warm.map((run) => run.seconds));
  const firstSeconds = median(fresh.map((run) => run.seconds));
  const firstLayer = median(fresh.map((run) => run.firstLayer));
  const peak = Math.max(...warm.map((run) => run.peakBytes ?? Number.NaN));
  const peers = [];
  for (const { python, version } of numpy === true ? pythonsWithNumpy() : []) {
    const runs = [];
    for (let run = 0; run < 3; run++) runs.push(await numpyWay(python, path, dataOffset, values));
    const peer = median(runs.map((run) => run.seconds));
    peers.push(
      `${(peer / seconds).toFixed(0)}× (numpy ${version}: ${peer.toFixed(2)} s, ${megabytes(runs[0]?.peakBytes)})`,
    );
  }
  const versusNumpy = numpy === true ? peers.join(', ') || 'no Python with numpy' : '';
  rows.push(
    `| ${model.name}, ${(bytes / 1e9).toFixed(1)} GB | ${cold} | ${seconds.toFixed(3)} s (${((seconds / values) * 1e9).toFixed(2)}) | ${firstSeconds.toFixed(3)} s | ${versusNumpy} | ${megabytes(peak)} | ${firstLayer.toFixed(2)} s |`,
  );
  console.log(rows.at(-1));
}

const table = `${rows.join('\n')}\n\n${await panelFrames()}`;
console.log(`\n${table}`);
if (!quick) {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`;
  const text = `Medians of ${ROUNDS} processes with five runs each (the first: fresh engine) on ${machine}. Made by \`npm run bench\`.\n\n${table}\n`;
  await writeResults(undefined, text);
  const readme = join(root, 'README.md');
  const before = await readFile(readme, 'utf8');
  await writeFile(
    readme,
    before.replace(/(<!-- bench -->\n)[^]*?(<!-- \/bench -->)/, (_, open, close) => `${open}${text}${close}`),
  );
}

/** Analysis in a warm engine against plain reading, both with the file not in the cache, in turns. @param {string} path */
async function coldRatio(path) {
  const engine = new Engine();
  await engine.run(path);
  const ratios = [];
  let reading = 0;
  for (let run = 0; run < 3; run++) {
    if (!dropFromCache(path)) return 'cache cannot be dropped here';
    reading = plainRead(path);
    dropFromCache(path);
    const { seconds } = await engine.run(path);
    ratios.push(seconds / reading);
  }
  engine.stop();
  return `${median(ratios).toFixed(2)}× (${reading.toFixed(2)} s)`;
}

/** @param {number | undefined} bytes */
function megabytes(bytes) {
  return bytes === undefined || Number.isNaN(bytes) ? 'not told' : `${(bytes / 1e6).toFixed(0)} MB`;
}
