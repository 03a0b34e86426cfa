import * as tf from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import type { Checkpoint } from '../../formats/checkpoint';
import { readOnnxProgram } from '../../formats/onnx/onnx-program';
import type { NetworkInput } from '../../data/network-shapes';
import type { Network, NetworkParameter, OutputLink } from '../network';
import { batchingOf, runBatch, type Batching } from './onnx-batches';
import { planOf, type OnnxInput, type OnnxPlan } from './onnx-plan';
import { OnnxRunner } from './onnx-runner';
import { readTensors } from './onnx-tensors';

/**
 * An ONNX model as a network that can be run and differentiated: from its inputs of numbers to its one output of real
 * numbers, without the Softmax or Sigmoid at the end. Everything is computed in float32. The backend of TensorFlow.js has
 * to be chosen before.
 * @param checkpoint the same file, opened for its weights: parameters have its names, roles and values
 * @param path of the model
 * @throws {FormatError} for operators and attributes that cannot be run, named with their node; for several
 *   outputs; {@link CancelledError} once the signal is raised
 */
export async function onnxNetwork(
  checkpoint: Checkpoint,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Network> {
  // Of a folder, the path is not that of the model.
  const file = checkpoint.files[0]?.path ?? path;
  const program = await readOnnxProgram(file, signal);
  const plan = planOf(program, file);
  const tensors = await readTensors(checkpoint, program, plan, file, signal);
  await tf.ready();
  const runner = OnnxRunner.create(plan, tensors, program.opset, file, signal);
  try {
    return new OnnxNetwork(runner, plan, await batchingOf(runner, plan, file, signal));
  } catch (error) {
    runner.dispose();
    throw error;
  }
}

class OnnxNetwork implements Network {
  readonly inputs: Network['inputs'];
  readonly outputShape: readonly number[];
  readonly link: OutputLink;
  readonly parameters: readonly NetworkParameter[];
  readonly notes: readonly string[];

  constructor(
    private readonly runner: OnnxRunner,
    plan: OnnxPlan,
    private readonly batching: Batching,
  ) {
    const [input, ...others] = plan.inputs;
    this.inputs = [networkInput(input), ...others.map(networkInput)];
    this.outputShape = batching.outputShape;
    this.link = plan.link;
    this.parameters = runner.parameters;
    this.notes = notesOn(plan, batching);
  }

  /** Where samples are run one by one, `observe` is called for each. */
  apply(
    inputs: readonly tf.Tensor[],
    parameters: readonly tf.Tensor[],
    observe?: (parameter: number, input: tf.Tensor) => void,
  ): tf.Tensor {
    return tf.tidy(() => runBatch(this.runner, this.batching, inputs, parameters, observe));
  }

  dispose(): void {
    this.runner.dispose();
  }
}

function networkInput({ name, shape, channels, takesIntegers }: OnnxInput): NetworkInput {
  return { name, shape: shape.slice(1), channels, whole: takesIntegers };
}

function notesOn({ nodes, inputs }: OnnxPlan, { way }: Batching): string[] {
  const notes: string[] = [];
  const uses = (operator: string): boolean => nodes.some((node) => node.operator === operator);
  if (uses('Dropout')) notes.push(l10n.t('Left away, as at inference: {0}.', 'Dropout'));
  if (uses('BatchNormalization')) {
    notes.push(l10n.t('Batch normalisations use the statistics of the training, as at inference.'));
  }
  if (way === 'single') {
    notes.push(l10n.t('The graph is exported for one sample: samples are run one by one, which takes longer.'));
  }
  if (inputs.some(({ elementType }) => [10, 11, 16].includes(elementType))) {
    notes.push(l10n.t('The network is run in float32, whatever types its graph names.'));
  }
  return notes;
}
