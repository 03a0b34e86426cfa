// `npm run bench:formats`: what reading costs, format by format, in one thread, from the page cache: all values as float32, and
// nothing done with them. Against plainly reading the same file (uncompressed formats) or against the format's own library
// (compressed and quantised ones), in the same run. Needs a Python with numpy, h5py, onnx and gguf (PRUNABILITY_PYTHON); formats
// whose library is missing are left out. Writes a section of bench/RESULTS.md.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { plainRead } from './measure.mjs';
import { FOLDER } from './model-files.mjs';
import { writeResults } from './results.mjs';

const ROUNDS = 5;
/** Files whose bytes are the values. */
const PLAIN = ['stored.npz', 'contiguous.h5', 'raw.onnx', 'F32.gguf'];
const ORDER = [
  ...PLAIN,
  'chunked.h5',
  'deflated.npz',
  'gzip.h5',
  'gzip-shuffle.h5',
  'lzf-shuffle.h5',
  'int8-channel.onnx',
  'Q4_0.gguf',
  'Q8_0.gguf',
  'Q4_K.gguf',
  'Q6_K.gguf',
];

const python = process.env['PRUNABILITY_PYTHON'] ?? 'python3';
const script = join(import.meta.dirname, 'formats.py');
const folder = join(FOLDER, 'formats');
await mkdir(folder, { recursive: true });
if (!existsSync(join(folder, 'many.gguf'))) spawnSync(python, [script, 'make', folder], { stdio: 'inherit' });

const bundle = join(FOLDER, 'formats-bundle.cjs');
await build({
  stdin: {
    contents: `
      export { openCheckpoint } from './src/formats/registry';
      export { ExtentReader } from './src/engine/extent-reader';
      export { ValueStream } from './src/engine/value-stream';
    `,
    resolveDir: join(import.meta.dirname, '..'),
    loader: 'ts',
  },
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'cjs',
});
const { default: reading } = await import(bundle);

/** @param {string} path @returns {Promise<{ opening: number, seconds: number, values: number }>} */
async function read(path) {
  const started = performance.now();
  const { checkpoint, close } = await reading.openCheckpoint(path);
  const opening = performance.now() - started;
  await close();
  const reader = new reading.ExtentReader(checkpoint.files, new Int32Array(new SharedArrayBuffer(4)));
  const from = performance.now();
  let values = 0;
  const block = 65_536;
  for (const { storage, shape, count } of checkpoint.tensors) {
    if (count === 0) continue;
    const stream = new reading.ValueStream({ storage, shape, first: 0, count }, checkpoint.files, reader, false, block);
    for (let done = 0; done < count; done += block) await stream.next(Math.min(block, count - done));
    values += count;
  }
  const seconds = (performance.now() - from) / 1000;
  reader.close();
  return { opening, seconds, values };
}

/** @template T @param {number} rounds @param {() => T | Promise<T>} take @returns {Promise<T[]>} */
async function repeat(rounds, take) {
  const all = [];
  for (let round = 0; round < rounds; round++) all.push(await take());
  return all;
}

const rows = [
  '| File | Values | Here | Plain read | Format’s library | Ratio |',
  '| --- | ---: | ---: | ---: | ---: | ---: |',
];
for (const name of ORDER) {
  const path = join(folder, name);
  if (!existsSync(path)) continue;
  plainRead(path);
  const plain = Math.min(...(await repeat(ROUNDS, () => plainRead(path))));
  const runs = await repeat(ROUNDS, () => read(path));
  const here = Math.min(...runs.map(({ seconds }) => seconds));
  const peer = Number(spawnSync(python, [script, 'decode', path], { encoding: 'utf8' }).stdout);
  const against = PLAIN.includes(name) ? plain : peer;
  const ms = (/** @type {number} */ seconds) => `${(1000 * seconds).toFixed(0)} ms`;
  const millions = `${((runs[0]?.values ?? 0) / 1e6).toFixed(1)} M`;
  rows.push(
    `| ${name}, ${(statSync(path).size / 1e6).toFixed(0)} MB | ${millions} | ${ms(here)} | ${ms(plain)} | ${ms(peer)} | ${(here / against).toFixed(2)}× ${PLAIN.includes(name) ? 'plain' : 'library'} |`,
  );
  console.log(rows.at(-1));
}

const opening = ['| 1,000 tensors | Opening |', '| --- | ---: |'];
for (const name of readdirSync(folder).filter((file) => file.startsWith('many.'))) {
  const runs = await repeat(ROUNDS, () => read(join(folder, name)));
  opening.push(`| ${name} | ${Math.min(...runs.map((run) => run.opening)).toFixed(0)} ms |`);
  console.log(opening.at(-1));
}
const machine = `${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`;
await writeResults(
  'Reading, format by format',
  `One thread, best of ${ROUNDS}, from the page cache, on ${machine}. Made by \`npm run bench:formats\`.\n\n${rows.join('\n')}\n\n${opening.join('\n')}`,
);
