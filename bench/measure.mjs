// How each figure is taken. All in fresh processes, as a user's run is.
import { execFile, fork, spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
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
 * @typedef {object} Run
 * @property {number} seconds of the analysis itself, from the request to the last layer
 * @property {number} firstLayer seconds to the first layer: from starting the process in its first run, else from the request
 * @property {number | undefined} peakBytes resident memory of the process so far
 * @property {any} report
 */

/** An engine process, started as the extension starts it. It stays, as in the extension, for the next analysis. */
export class Engine {
  #started = performance.now();
  #calls = 0;
  #process = fork(join(root, 'dist', 'engine.js'), [tmpdir()], {
    serialization: 'advanced',
    execArgv: ['--max-old-space-size=192'],
  });

  stop() {
    this.#process.disconnect();
  }

  /** @param {string} path @returns {Promise<Run>} */
  run(path) {
    const id = ++this.#calls;
    const started = id === 1 ? this.#started : performance.now();
    let firstLayer = Number.NaN;
    return new Promise((resolve, reject) => {
      /** @param {number | null} code */
      const ended = (code) => {
        reject(new Error(`The engine ended with ${code}`));
      };
      /** @param {any} message */
      const receive = async (message) => {
        if (message.kind === 'progress') {
          const { type, layers } = message.progress;
          const isFirst = type === 'layers' && layers.length > 0 && Number.isNaN(firstLayer);
          if (isFirst) firstLayer = (performance.now() - started) / 1000;
          return;
        }
        this.#process.off('message', receive);
        this.#process.off('exit', ended);
        if (message.kind === 'error') reject(new Error(message.error.message));
        const peakBytes = await peakMemory(this.#process.pid);
        resolve({ seconds: message.result.seconds, firstLayer, peakBytes, report: message.result });
      };
      this.#process.on('exit', ended);
      this.#process.on('message', receive);
      this.#process.send({ kind: 'call', id, method: 'analyze', params: { path, hash: false, cache: 'none' } });
    });
  }
}

/** Peak resident memory of a process, where the system tells. @param {number | undefined} pid @returns {Promise<number | undefined>} */
export async function peakMemory(pid) {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

/** Pythons with numpy, one for each of its versions. @returns {{ python: string, version: string }[]} */
export function pythonsWithNumpy() {
  const found = new Map();
  for (const python of [process.env['PRUNABILITY_PYTHON'], 'python3', '/usr/bin/python3', 'python']) {
    if (python === undefined) continue;
    const { status, stdout } = spawnSync(python, ['-c', 'import numpy; print(numpy.__version__)'], {
      encoding: 'utf8',
    });
    if (status === 0 && !found.has(stdout.trim())) found.set(stdout.trim(), python);
  }
  return [...found].map(([version, python]) => ({ python, version }));
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
