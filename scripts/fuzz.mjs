// `npm run fuzz -- NAME FILE…`: coverage-guided fuzzing of the readers, for as long as FUZZ_SECONDS says (an hour unless
// told), starting from the given files, or folders that hold a model of several files. NAME is what the damaged file is
// called, e.g. model.onnx, or the one of a folder that is opened. What runs code that
// nothing has run before is kept and damaged further; V8 itself tells what was run. Findings are written to out/fuzz. Not
// part of the tests: what it finds becomes one.
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { build } from 'esbuild';

/** Larger seeds only make a round slower. */
const MAX_BYTES = 262_144;
/** Half of the damage falls on so many bytes at the start. */
const HOT_BYTES = 4096;
/** A round that takes longer hangs, as far as a person who opens the file is concerned. */
const HANG_MS = 10_000;

if (isMainThread) await supervise();
else await search();

async function supervise() {
  const [name, ...seeds] = process.argv.slice(2);
  if (name === undefined || seeds.length === 0) {
    console.error('Usage: npm run fuzz -- NAME FILE…');
    process.exit(2);
  }
  const folder = join(import.meta.dirname, '..', 'out', 'fuzz', extname(name).slice(1) || name);
  mkdirSync(folder, { recursive: true });
  const target = join(folder, 'target.cjs');
  await build({
    entryPoints: [join(import.meta.dirname, '..', 'test', 'fuzz', 'target.ts')],
    outfile: target,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
  });
  // What is being tried, for the case that it never ends: its length, when it began, its bytes.
  const current = new SharedArrayBuffer(16 + 4 * MAX_BYTES);
  const seconds = Number(process.env.FUZZ_SECONDS ?? '3600');
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { name, seeds, folder, target, current, seconds },
  });
  let findings = 0;
  worker.on('message', (message) => {
    if ('finding' in message) {
      findings++;
      console.log(`FINDING ${message.finding}: ${message.error}`);
    } else
      console.log(`${name}: ${message.rounds} rounds, ${message.corpus} files kept, ${message.covered} ranges run`);
  });
  worker.on('error', (error) => {
    console.error(error);
    process.exitCode = 1;
  });
  const watch = setInterval(() => {
    const began = Number(new BigInt64Array(current, 8, 1)[0]);
    if (began === 0 || Date.now() - began < HANG_MS) return;
    const file = join(folder, `hang-${began}`);
    const length = new Int32Array(current, 0, 1)[0] ?? 0;
    writeFileSync(file, Buffer.from(new Uint8Array(current, 16, length)));
    console.log(`HANG ${file}`);
    process.exit(1);
  }, 1000);
  worker.on('exit', () => {
    clearInterval(watch);
    if (findings > 0) process.exitCode = 1;
  });
}

async function search() {
  const { name, seeds, folder, target, current, seconds } = workerData;
  const { fuzz, mutate, packed, randomFrom } = createRequire(import.meta.url)(target);
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  /** Ranges of the program, with how often they were run in one round (by powers of two). */
  const covered = new Set();
  const corpus = [];
  const seen = new Set();
  const random = randomFrom(Date.now() & 0xffff);
  const length = new Int32Array(current, 0, 1);
  const began = new BigInt64Array(current, 8, 1);
  const shared = new Uint8Array(current, 16);

  /** @param {Buffer} data */
  const round = async (data) => {
    shared.set(data);
    length[0] = data.length;
    began[0] = BigInt(Date.now());
    try {
      await fuzz(data, name);
    } catch (error) {
      const where = /\n\s+at .*/.exec(error.stack ?? '')?.[0] ?? '';
      const key = `${error.message.replace(/\d+/g, 'N').slice(0, 80)}${where}`;
      if (!seen.has(key)) {
        seen.add(key);
        const file = join(folder, `finding-${seen.size}-${Date.now()}`);
        writeFileSync(file, data);
        parentPort.postMessage({ finding: file, error: error.stack ?? String(error) });
      }
    }
    began[0] = 0n;
    const { result } = await session.post('Profiler.takePreciseCoverage');
    let news = false;
    for (const script of result) {
      if (!script.url.endsWith('target.cjs')) continue;
      for (const { ranges } of script.functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          if (count === 0) continue;
          const key = `${startOffset} ${endOffset} ${Math.floor(Math.log2(count))}`;
          if (covered.has(key)) continue;
          covered.add(key);
          news = true;
        }
      }
    }
    if (news) corpus.push(data);
  };

  for (const seed of seeds) {
    const data = statSync(seed).isDirectory() ? packed(seed) : readFileSync(seed);
    if (data.length > MAX_BYTES) continue;
    await round(data);
    if (!corpus.includes(data)) corpus.push(data);
  }
  let rounds = 0;
  let told = Date.now();
  const end = Date.now() + 1000 * seconds;
  while (Date.now() < end) {
    // The newest half as often as all: what was just found leads further.
    const first = random() < 0.5 ? Math.floor(corpus.length / 2) : 0;
    const parent = corpus[first + Math.floor(random() * (corpus.length - first))];
    const data = mutate(parent, random, HOT_BYTES);
    if (data.length <= 4 * MAX_BYTES) await round(data);
    rounds++;
    if (Date.now() - told > 30_000) {
      told = Date.now();
      parentPort.postMessage({ rounds, corpus: corpus.length, covered: covered.size });
    }
  }
  parentPort.postMessage({ rounds, corpus: corpus.length, covered: covered.size });
  session.disconnect();
}
