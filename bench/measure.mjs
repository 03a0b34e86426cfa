// How each figure is taken. All in fresh processes, as a user's run is.
import { execFile, fork, spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..');
const CHUNK = 1 << 20;

/** Seconds to read a file once in one thread, and do nothing with it. @param {string} path */
export function plainRead(path) {
  const buffer = new Uint8Array(CHUNK);
  const started = performance.now();
  const file = openSync(path, 'r');
  while (readSync(file, buffer, 0, CHUNK, null) > 0);
  closeSync(file);
  return (performance.now() - started) / 1000;
}

/** Drops a file from the page cache (GNU dd asks the kernel to); false where that is not possible. @param {string} path */
export function dropFromCache(path) {
  const sync = spawnSync('sync', [path]);
  const { status } = spawnSync('dd', [`if=${path}`, 'iflag=nocache', 'count=0'], { stdio: 'ignore' });
  return sync.status === 0 && status === 0;
}

/**
 * One analysis in a fresh engine process, as the extension starts it.
 *
 * @param {string} path
 * @returns {Promise<{ seconds: number, total: number, firstLayer: number, peakBytes: number | undefined, report: any }>}
 *   seconds of the analysis itself; from starting the process to the report, and to the first layer; peak resident memory
 */
export function analyze(path) {
  const started = performance.now();
  const since = () => (performance.now() - started) / 1000;
  const engine = fork(join(root, 'dist', 'engine.js'), [], {
    serialization: 'advanced',
    execArgv: ['--max-old-space-size=192'],
  });
  let firstLayer = Number.NaN;
  return new Promise((resolve, reject) => {
    engine.on('error', reject);
    engine.on('exit', (code) => {
      reject(new Error(`The engine ended with ${code}`));
    });
    engine.on('message', async (/** @type {any} */ message) => {
      if (message.kind === 'progress') {
        const { type, layers } = message.progress;
        if (type === 'layers' && layers.length > 0 && Number.isNaN(firstLayer)) firstLayer = since();
        return;
      }
      const total = since();
      const peakBytes = await peakMemory(engine.pid);
      engine.removeAllListeners('exit');
      engine.disconnect();
      if (message.kind === 'error') reject(new Error(message.error.message));
      else resolve({ seconds: message.result.seconds, total, firstLayer, peakBytes, report: message.result });
    });
    engine.send({ kind: 'call', id: 1, method: 'analyze', params: { path, hash: false } });
  });
}

/** Peak resident memory of a process, where the system tells. @param {number | undefined} pid @returns {Promise<number | undefined>} */
async function peakMemory(pid) {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

/** A Python with numpy, or undefined. @returns {Promise<string | undefined>} */
export async function pythonWithNumpy() {
  for (const python of [process.env['PRUNABILITY_PYTHON'], 'python3', '/usr/bin/python3', 'python']) {
    if (python === undefined) continue;
    if (spawnSync(python, ['-c', 'import numpy'], { stdio: 'ignore' }).status === 0) return python;
  }
  return undefined;
}

/**
 * The sort-based way of numpy on float32 values.
 *
 * @param {string} python @param {string} path @param {number} offset @param {number} count
 * @returns {Promise<{ seconds: number, prunedFraction: number, kurtosis: number, peakBytes: number }>}
 */
export async function numpyWay(python, path, offset, count) {
  const { stdout } = await promisify(execFile)(python, [
    join(import.meta.dirname, 'numpy_way.py'),
    path,
    String(offset),
    String(count),
  ]);
  return JSON.parse(stdout);
}

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
