// `npm run bench:formats`: what reading costs, format by format, in one thread, from the page cache: all values as float32, and
// nothing done with them. Against plainly reading the same file (uncompressed formats) or against the format's own library
// (compressed and quantised ones), in the same run. Needs a Python with numpy, h5py, onnx, gguf, zarr and torch
// (PRUNABILITY_PYTHON); formats whose library is missing are left out. Writes a section of bench/RESULTS.md, unless only some of
// the files are named: `npm run bench:formats -- gzip.h5 many.npz`.
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
  'shuffle.h5',
  'fletcher32.h5',
  'deflated.npz',
  'gzip.h5',
  'gzip-shuffle.h5',
  'lzf-shuffle.h5',
  'zstd.zarr',
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
// What is made last, and without a library.
if (!existsSync(join(folder, 'many.pdparams'))) spawnSync(python, [script, 'make', folder], { stdio: 'inherit' });

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

/** Milliseconds to open a model in a process that has opened none before, as the user's has not. @param {string} path */
function openingTime(path) {
  const program = `
    const { openCheckpoint } = require(${JSON.stringify(bundle)});
    const started = performance.now();
    openCheckpoint(${JSON.stringify(path)}).then(({ close }) => {
      console.log(performance.now() - started);
      return close();
    });`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${path} does not open: ${stderr}`);
  return Number(stdout);
}

/**
 * What the files themselves cost a process of its own: listing folders, asking for sizes, reading what is under 4 KB. An index in
 * one file has no such cost to speak of; a zarr hierarchy is thousands of files.
 * @param {string} path
 */
function listingTime(path) {
  const program = `
    const { readdir, readFile, stat } = require('node:fs/promises');
    const { join } = require('node:path');
    const look = async (path) => {
      const found = await stat(path);
      if (found.isDirectory()) await Promise.all((await readdir(path)).map((name) => look(join(path, name))));
      else if (found.size < 4096) await readFile(path);
    };
    const started = performance.now();
    look(${JSON.stringify(path)}).then(() => console.log(performance.now() - started));`;
  return Number(spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' }).stdout);
}

/** Files of a path: itself, or those in the folder. @param {string} path @returns {string[]} */
function filesAt(path) {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** @param {string} path @returns {Promise<{ seconds: number, values: number }>} */
async function read(path) {
  const { checkpoint, close } = await reading.openCheckpoint(path);
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
  return { seconds, values };
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
const chosen = process.argv.slice(2);
/** @param {string} name */
const isWanted = (name) => existsSync(join(folder, name)) && (chosen.length === 0 || chosen.includes(name));
for (const name of ORDER.filter(isWanted)) {
  const path = join(folder, name);
  const files = filesAt(path);
  const readPlainly = () => files.reduce((seconds, file) => seconds + plainRead(file), 0);
  readPlainly();
  const plain = Math.min(...(await repeat(ROUNDS, readPlainly)));
  const runs = await repeat(ROUNDS, () => read(path));
  const here = Math.min(...runs.map(({ seconds }) => seconds));
  const peer = Number(spawnSync(python, [script, 'decode', path], { encoding: 'utf8' }).stdout);
  const against = PLAIN.includes(name) ? plain : peer;
  const ms = (/** @type {number} */ seconds) => `${(1000 * seconds).toFixed(0)} ms`;
  const megabytes = files.reduce((bytes, file) => bytes + statSync(file).size, 0) / 1e6;
  const millions = `${((runs[0]?.values ?? 0) / 1e6).toFixed(1)} M`;
  rows.push(
    `| ${name}, ${megabytes.toFixed(0)} MB | ${millions} | ${ms(here)} | ${ms(plain)} | ${ms(peer)} | ${(here / against).toFixed(2)}× ${PLAIN.includes(name) ? 'plain' : 'library'} |`,
  );
  console.log(rows.at(-1));
}

const opening = [
  '| 1,000 tensors | Opening, in a process of its own | Node alone: listing, small files |',
  '| --- | ---: | ---: |',
];
for (const name of readdirSync(folder).filter((file) => file.startsWith('many.') && isWanted(file))) {
  const times = await repeat(ROUNDS, () => openingTime(join(folder, name)));
  const listing = await repeat(ROUNDS, () => listingTime(join(folder, name)));
  opening.push(`| ${name} | ${Math.min(...times).toFixed(0)} ms | ${Math.min(...listing).toFixed(0)} ms |`);
  console.log(opening.at(-1));
}
const machine = `${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`;
if (chosen.length === 0) {
  await writeResults(
    'Reading, format by format',
    `One thread, best of ${ROUNDS}, from the page cache, on ${machine}. Made by \`npm run bench:formats\`.\n\n${rows.join('\n')}\n\n${opening.join('\n')}`,
  );
}
