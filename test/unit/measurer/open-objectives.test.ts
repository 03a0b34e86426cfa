import * as tf from '@tensorflow/tfjs-core';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PreparedSamples } from '../../../src/data/dataset';
import { openObjectives, type ObjectivesRequest, type OpenedObjectives } from '../../../src/measurer/open-objectives';
import { CancelledError, ComputationError, FormatError } from '../../../src/formats/errors';
import { loadNetwork } from '../../../src/network/load-network';
import type { Network } from '../../../src/network/network';
import { createNetworkObjective, weightsOf } from '../../../src/network/network-objective';
import { startBackend } from '../../../src/network/tensorflow/backends';
import { relativeError } from '../network/derivatives';
import { WASM_FOLDER } from '../network/wasm-folder';

const SCRIPT = path.resolve(import.meta.dirname, '../../../dist/measurer.js');
const MODEL = path.resolve(import.meta.dirname, '../../fixtures/network/digits.onnx');
const TWO_INPUTS = path.resolve(import.meta.dirname, '../../fixtures/network/inputs/joined-script.onnx');
/** Sums of float32 in another order. */
const ROUNDING = 1e-6;
const { signal } = new AbortController();

/** As many as are worth two threads. */
function samplesOf(count: number): PreparedSamples {
  return {
    count,
    inputs: [
      {
        shape: [64],
        values: Float32Array.from({ length: count * 64 }, (_, index) => Math.abs(Math.sin(index * 0.37))),
      },
    ],
    targets: {
      kind: 'classes',
      classes: 10,
      labels: Int32Array.from({ length: count }, (_, index) => (index * 7) % 10),
    },
  };
}

describe('objectives', () => {
  let network: Network;
  let weights: Float32Array;
  let folder: string;
  let tensors: number;
  const train = samplesOf(4001);
  const test = samplesOf(300);
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'prunability-threads-'));
    await startBackend({ wasmFolder: WASM_FOLDER, backends: ['wasm'] });
    network = await loadNetwork(MODEL, undefined);
    weights = weightsOf(network);
    tensors = tf.memory().numTensors;
  });
  afterAll(async () => {
    network.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  const request = (): ObjectivesRequest => ({
    ...{ script: SCRIPT, backend: 'wasm', model: MODEL, network, train, test, batch: 256, processors: 3 },
  });

  async function withOpened(
    changes: Partial<ObjectivesRequest>,
    run: (opened: OpenedObjectives) => Promise<void>,
  ): Promise<void> {
    const opened = await openObjectives({ ...request(), ...changes }, signal);
    try {
      await run(opened);
    } finally {
      await opened.dispose();
    }
    expect(tf.memory().numTensors).toBe(tensors);
  }

  it('in threads give what one gives, and the same each time', async () => {
    const plain = createNetworkObjective(network, train, 256);
    const direction = weights.map((_, index) => Math.cos(index));
    const all = async ({ objective }: Pick<OpenedObjectives, 'objective'>) => ({
      evaluation: await objective.evaluate(weights, signal),
      slope: await objective.gradient(weights, signal),
      product: await objective.hessianTimes(weights, direction, signal),
      norms: await objective.inputNorms(weights, signal),
    });
    const expected = await all({ objective: plain });
    let first: typeof expected | undefined;
    for (let run = 0; run < 2; run++) {
      await withOpened({}, async (opened) => {
        expect(opened.threads).toBe(2);
        expect(opened.loss.kind).toBe('softmax-cross-entropy');
        expect(opened.objective).toMatchObject({ size: plain.size, samples: 4001 });
        const found = await all(opened);
        expect(relativeError(found.evaluation.losses, expected.evaluation.losses)).toBeLessThan(ROUNDING);
        expect(found.evaluation.loss).toBeCloseTo(expected.evaluation.loss, 6);
        expect(found.evaluation.accuracy).toBe(expected.evaluation.accuracy);
        expect(found.slope.loss).toBeCloseTo(expected.slope.loss, 5);
        expect(relativeError(found.slope.gradient, expected.slope.gradient)).toBeLessThan(ROUNDING);
        expect(relativeError(found.product, expected.product)).toBeLessThan(ROUNDING);
        found.norms.forEach((norms, index) => {
          const here = expected.norms[index];
          if (here === undefined) expect(norms).toBeUndefined();
          else expect(relativeError(norms!, here)).toBeLessThan(ROUNDING);
        });
        first ??= found;
        expect(found).toEqual(first);
        const tested = await createNetworkObjective(network, test, 256).evaluate(weights, signal);
        expect(await opened.test!.evaluate(weights, signal)).toEqual(tested);
        // Other samples, in the threads that there are, and no more of them afterwards.
        const others = samplesOf(9000);
        const { losses } = await createNetworkObjective(network, others, 256).evaluate(weights, signal);
        expect(relativeError(await opened.losses(others, weights, signal), losses)).toBeLessThan(ROUNDING);
        expect(await opened.losses(test, weights, signal)).toEqual(tested.losses);
      });
    }
  });

  it('share out what each of several inputs is given', async () => {
    const several = await loadNetwork(TWO_INPUTS, undefined);
    try {
      const count = 30_001;
      const wave = (size: number, step: number): Float32Array =>
        Float32Array.from({ length: count * size }, (_, index) => Math.sin(index * step));
      const samples: PreparedSamples = {
        count,
        inputs: [
          { shape: [1, 6, 6], values: wave(36, 0.37) },
          { shape: [4], values: wave(4, 0.11) },
        ],
        targets: { kind: 'classes', classes: 3, labels: Int32Array.from({ length: count }, (_, index) => index % 3) },
      };
      const own = weightsOf(several);
      const plain = createNetworkObjective(several, samples, 256);
      const wanted = { model: TWO_INPUTS, network: several, train: samples, test: undefined, processors: 2 };
      const opened = await openObjectives({ ...request(), ...wanted }, signal);
      try {
        expect(opened.threads).toBe(2);
        const { losses } = await opened.objective.evaluate(own, signal);
        expect(relativeError(losses, (await plain.evaluate(own, signal)).losses)).toBeLessThan(ROUNDING);
        const { gradient } = await opened.objective.gradient(own, signal);
        // Sums of 30,000 samples, of which each has a hundredth of the gradient's length or more.
        expect(relativeError(gradient, (await plain.gradient(own, signal)).gradient)).toBeLessThan(100 * ROUNDING);
      } finally {
        await opened.dispose();
      }
    } finally {
      several.dispose();
    }
  });

  it('are cancelled in the middle, and can be used again', async () => {
    await withOpened({ test: undefined }, async ({ objective, test: none }) => {
      expect(none).toBeUndefined();
      const controller = new AbortController();
      const squares = objective.squaredGradients(weights, controller.signal);
      setTimeout(() => {
        controller.abort();
      }, 50);
      await expect(squares).rejects.toThrow(CancelledError);
      await expect(objective.evaluate(weights, AbortSignal.abort())).rejects.toThrow(CancelledError);
      expect((await objective.evaluate(weights, signal)).losses).toHaveLength(4001);
    });
  });

  it('say what is wrong in a thread', async () => {
    await withOpened({}, async ({ objective }) => {
      const broken = weights.map(() => NaN);
      await expect(objective.gradient(broken, signal)).rejects.toThrow(ComputationError);
      expect((await objective.gradient(weights, signal)).gradient).toHaveLength(weights.length);
    });
  });

  it('stay in one thread where there is little to do, one processor, or no script', async () => {
    for (const changes of [{ train: samplesOf(1400) }, { processors: 1 }, { script: undefined }]) {
      await withOpened(changes, ({ threads }) => {
        expect(threads).toBe(1);
        return Promise.resolve();
      });
    }
  });

  it('end with an error where a thread dies, at once and for good', async () => {
    const script = path.join(folder, 'dies.cjs');
    await writeFile(
      script,
      `const { parentPort } = require('node:worker_threads');
      parentPort.on('message', ({ id, method }) => {
        if (method === 'gradient') process.exit(9);
        parentPort.postMessage({ kind: 'result', id, result: method === 'load' ? ${weights.length} : undefined });
      });`,
    );
    await withOpened({ script }, async ({ objective }) => {
      await expect(objective.gradient(weights, signal)).rejects.toThrow('A thread of the computation has ended');
      await expect(objective.evaluate(weights, signal)).rejects.toThrow(ComputationError);
    });
    const missing = path.join(folder, 'missing.cjs');
    await expect(openObjectives({ ...request(), script: missing }, signal)).rejects.toThrow(ComputationError);
  });

  it('are of one network: a model file that was changed is an error', async () => {
    const model = path.resolve(MODEL, '../onnx/mlp-script.onnx');
    const opened = openObjectives({ ...request(), model }, signal);
    await expect(opened).rejects.toThrow(FormatError);
    await expect(opened).rejects.toThrow('was changed');
    expect(tf.memory().numTensors).toBe(tensors);
  });
});
