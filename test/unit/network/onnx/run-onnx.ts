import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as ort from 'onnxruntime-web';
import { openCheckpoint } from '../../../../src/formats/registry';
import type { Network } from '../../../../src/network/network';
import { onnxNetwork } from '../../../../src/network/onnx/onnx-network';
import { startTestBackend } from '../test-backends';

/** An input of a model: shape and numbers. */
export interface Given {
  readonly shape: readonly number[];
  readonly values: Float32Array;
  /** Type that the graph takes; float32 unless it is said. */
  readonly integers?: boolean;
}

export interface Computed {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Opens a file as a network, for the time of `use`. */
export async function withNetwork<Result>(
  file: string,
  use: (network: Network) => Promise<Result> | Result,
): Promise<Result> {
  await startTestBackend('wasm');
  const opened = await openCheckpoint(file);
  try {
    const network = await onnxNetwork(opened.checkpoint, file, new AbortController().signal);
    try {
      return await use(network);
    } finally {
      network.dispose();
    }
  } finally {
    await opened.close();
  }
}

/** Writes a model for the time of `use`. */
export async function withFile<Result>(model: Uint8Array, use: (file: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(path.join(tmpdir(), 'prunability-onnx-'));
  try {
    const file = path.join(folder, 'model.onnx');
    writeFileSync(file, model);
    return await use(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Output of a network before its link. */
export function logitsOf(network: Network, { shape, values }: Given): Promise<Computed> {
  return read(() => network.apply([tf.tensor(values, [...shape])], parametersOf(network)));
}

async function read(compute: () => tf.Tensor): Promise<Computed> {
  const output = tf.tidy(compute);
  const { shape } = output;
  const values = Float32Array.from(await output.data());
  output.dispose();
  return { shape, values };
}

export function parametersOf(network: Network): tf.Tensor[] {
  return network.parameters.map(({ values, shape }) => tf.tensor(values, [...shape]));
}

/** Output of a network, its link included. */
export async function outputOf(network: Network, given: Given): Promise<Computed> {
  const { shape, values } = await logitsOf(network, given);
  const link = { softmax: tf.softmax, sigmoid: tf.sigmoid, none: tf.clone }[network.link];
  return read(() => link(tf.tensor(values, [...shape])));
}

/** The first output of a model by ONNX Runtime. */
export async function reference(file: string, { shape, values, integers }: Given): Promise<Computed> {
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(readFileSync(file), { logSeverityLevel: 3 });
  try {
    const tensor =
      integers === true
        ? new ort.Tensor('int64', BigInt64Array.from(values, BigInt), shape)
        : new ort.Tensor('float32', values, shape);
    const results = await session.run({ [session.inputNames[0] ?? '']: tensor });
    const output = results[session.outputNames[0] ?? ''];
    if (output === undefined) throw new Error('no output');
    return { shape: output.dims, values: Float32Array.from(output.data as Float32Array) };
  } finally {
    await session.release();
  }
}

/** The greatest difference, of the greatest number of the reference. */
export function relativeError({ values }: Computed, { values: expected }: Computed): number {
  let most = 0;
  let difference = 0;
  expected.forEach((value, index) => {
    most = Math.max(most, Math.abs(value));
    difference = Math.max(difference, Math.abs(value - (values[index] ?? NaN)));
  });
  return difference / most;
}

/** Numbers between −1 and 1, the same in each run (Park and Miller 1988). */
export function pseudoRandom(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (state * 48271) % 2147483647;
    return (2 * state) / 2147483647 - 1;
  });
}
