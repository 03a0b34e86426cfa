import * as tf from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import { inputBetween, type PreparedInput } from '../../data/dataset';
import { FormatError, throwIfCancelled } from '../../formats/errors';
import type { OnnxPlan } from './onnx-plan';
import type { OnnxRunner, PassOptions } from './onnx-runner';
import { product } from '../../formats/shape';

/** By how much outputs of a sample may differ with the batch that it is in, of their greatest: what float32 rounds. */
const SAME_OUTPUT = 1e-4;

/** Its multiples lie evenly between whole numbers. */
const GOLDEN_RATIO = 0.6180339887498949;

/** How batches of any size are run, whatever the graph was exported for. */
export interface Batching {
  /** Of one sample. */
  readonly outputShape: readonly number[];
  /** `whole`: as they are; `resized`: batch sizes in the graph's constants are replaced; `single`: sample by sample. */
  readonly way: 'whole' | 'resized' | 'single';
  /** The batch size in the graph's constants. */
  readonly exported: number;
}

/**
 * Finds out how batches are run. A graph with an open batch size is taken at its word; one that is exported for a fixed
 * number of samples is tried out on twice as many: each has to have the output that it has without the others.
 * @throws {FormatError} if the output is not one of each sample, or only batches of one size can be run;
 *   {@link CancelledError} once the signal is raised
 */
export async function batchingOf(
  runner: OnnxRunner,
  plan: OnnxPlan,
  file: string,
  signal: AbortSignal | undefined,
): Promise<Batching> {
  const { batch } = plan;
  const exported = batch === -1 ? 1 : batch;
  const samples = plan.inputs.map(({ shape }) => shape.slice(1));
  // Of any size: nothing can be tried out before there is data.
  if (samples.some((sample) => sample.includes(-1))) {
    if (plan.outputShape === undefined || exported > 1) throw noOutputPerSample(file);
    return { outputShape: plan.outputShape.slice(1), way: batch === -1 ? 'whole' : 'single', exported };
  }
  const numbers = plan.inputs.map(({ takesIntegers }, index): PreparedInput => {
    const shape = samples[index] ?? [];
    return { shape, values: trialNumbers(2 * exported * product(shape), takesIntegers) };
  });
  const outputOf = async (from: number, count: number, options?: PassOptions): Promise<Output> => {
    throwIfCancelled(signal);
    const output = tf.tidy(() => {
      const parameters = runner.parameters.map(({ values, shape }) => tf.tensor(values, [...shape]));
      const inputs = numbers.map((input) => {
        const { shape, values } = inputBetween(input, from, from + count);
        return tf.tensor(values.slice(), [count, ...shape]);
      });
      return runner.run(inputs, parameters, options);
    });
    try {
      return { shape: output.shape, values: Array.from(await output.data()) };
    } finally {
      output.dispose();
    }
  };
  if (batch === -1) {
    const { shape } = await outputOf(0, 2);
    if (shape[0] !== 2) throw noOutputPerSample(file);
    return { outputShape: shape.slice(1), way: 'whole', exported };
  }
  const first = await outputOf(0, exported);
  if (first.shape[0] !== exported) throw noOutputPerSample(file);
  const outputShape = first.shape.slice(1);
  const second = await outputOf(exported, exported);
  const expected = { shape: [2 * exported, ...outputShape], values: [...first.values, ...second.values] };
  const rebatch = { from: exported, to: 2 * exported };
  for (const way of ['whole', 'resized'] as const) {
    try {
      const output = await outputOf(0, 2 * exported, way === 'resized' ? { rebatch } : {});
      if (isSame(output, expected)) return { outputShape, way, exported };
    } catch (error) {
      // Shapes in the graph that do not fit a batch of another size.
      if (!(error instanceof FormatError)) throw error;
    }
  }
  if (exported === 1) return { outputShape, way: 'single', exported };
  throw refused(file, l10n.t('cannot be run: it takes batches of {0} samples only', exported));
}

interface Output {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** Numbers from 0 to 1, of no pattern that a network could take for one; for whole numbers 0 and 1. */
function trialNumbers(count: number, integers: boolean): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => {
    const fraction = ((index + 1) * GOLDEN_RATIO) % 1;
    return integers ? Math.round(fraction) : fraction;
  });
}

function isSame({ shape, values }: Output, expected: Output): boolean {
  if (shape.join() !== expected.shape.join()) return false;
  const largest = expected.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return expected.values.every((value, index) => Math.abs(value - (values[index] ?? NaN)) <= SAME_OUTPUT * largest);
}

/** Runs a batch of any size. */
export function runBatch(
  runner: OnnxRunner,
  { way, exported }: Batching,
  inputs: readonly tf.Tensor[],
  parameters: readonly tf.Tensor[],
  observe: PassOptions['observe'],
): tf.Tensor {
  const batch = inputs[0]?.shape[0] ?? 0;
  switch (way) {
    case 'whole':
      return runner.run(inputs, parameters, { observe });
    case 'resized':
      return runner.run(inputs, parameters, { observe, rebatch: { from: exported, to: batch } });
    case 'single': {
      const samples = inputs.map((input) => tf.split(input, batch, 0));
      const sample = (index: number): tf.Tensor[] => samples.flatMap((parts) => parts[index] ?? []);
      return tf.concat(
        Array.from({ length: batch }, (_, index) => runner.run(sample(index), parameters, { observe })),
        0,
      );
    }
  }
}

function noOutputPerSample(file: string): FormatError {
  return refused(file, l10n.t('cannot be run: it does not give an output for each sample'));
}

function refused(file: string, reason: string): FormatError {
  return new FormatError({
    file,
    reason,
    remedy: l10n.t('Export the network with an open batch size (dynamic_axes of torch.onnx.export).'),
  });
}
