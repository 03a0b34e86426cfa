import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { loadGraphModel, type GraphModel } from '@tensorflow/tfjs-converter';
import * as l10n from '@vscode/l10n';
import type { Checkpoint } from '../../formats/checkpoint';
import { CancelledError, FormatError } from '../../formats/errors';
import type { TfjsModelJson } from '../../formats/tfjs/tfjs-model-json';
import type { NetworkInput } from '../../data/network-shapes';
import { severalOutputs } from '../several-outputs';
import type { Network, NetworkParameter, OutputLink } from '../network';
import { checkParameterCount, readTensorValues } from '../tensor-values';
import { constantTensor, graphParameters, type GraphParameter } from './graph-weights';

/** Sizes that the input leaves open are tried with this one. */
const TRIED_SIZE = 32;

/** Operators that give other numbers each time: a loss that they are in cannot be compared with another one. */
const RANDOM_OPERATORS: ReadonlySet<string> = new Set([
  'Multinomial',
  'RandomStandardNormal',
  'RandomUniform',
  'RandomUniformInt',
  'TruncatedNormal',
]);

/** Identities after one another, before the operator that gives the output. */
const MAX_IDENTITIES = 16;

/**
 * The network of a TensorFlow.js graph model.
 * @throws {FormatError} if its graph cannot be run; {@link CancelledError}
 */
export async function graphNetwork(
  checkpoint: Checkpoint,
  { modelTopology, signature }: TfjsModelJson,
  file: string,
  signal: AbortSignal | undefined,
): Promise<Network> {
  const { topology } = checkpoint;
  if (topology === undefined) throw refused(file, l10n.t('its graph cannot be followed'));
  const random = topology.nodes.find(({ operator }) => RANDOM_OPERATORS.has(operator));
  if (random !== undefined) {
    throw refused(
      file,
      l10n.t(
        'operator {0} (node "{1}") draws random numbers, as a network does in training',
        random.operator,
        random.name,
      ),
    );
  }
  const found = graphParameters(checkpoint, topology.nodes);
  checkParameterCount(
    checkpoint.tensors.reduce((sum, { count }) => sum + count, 0),
    file,
  );
  for (const { name } of [...topology.nodes, ...checkpoint.tensors]) {
    if (name === '__proto__') throw refused(file, l10n.t('a name in it is no name'));
  }
  const parameters: NetworkParameter[] = [];
  for (const { entry, role, outputDimension, inputDimension } of found) {
    parameters.push({
      name: entry.name,
      shape: entry.shape,
      role,
      values: await readTensorValues(checkpoint, entry, signal),
      ...(outputDimension === undefined ? {} : { outputDimension }),
      ...(inputDimension === undefined ? {} : { inputDimension }),
    });
  }
  const model = await emptyModel(modelTopology, signature, file);
  try {
    const trained = new Set(found.map(({ entry }) => entry));
    for (const entry of checkpoint.tensors) {
      if (!trained.has(entry)) model.weights[entry.name] = [await constantTensor(checkpoint, entry, file, signal)];
    }
    return new GraphNetwork(model, topologyEnds(modelTopology, model, file), found, parameters, file);
  } catch (error) {
    disposeWeights(model);
    throw error;
  }
}

/** The graph without weights: they are given to it apart. */
async function emptyModel(
  modelTopology: TfjsModelJson['modelTopology'],
  signature: unknown,
  file: string,
): Promise<GraphModel> {
  try {
    return await loadGraphModel({
      load: () =>
        Promise.resolve({
          modelTopology: { ...modelTopology, versions: modelTopology.versions ?? {} },
          weightSpecs: [],
          weightData: new ArrayBuffer(0),
          ...(typeof signature === 'object' && signature !== null ? { signature } : {}),
        }),
    });
  } catch (error) {
    throw refused(file, messageOf(error));
  }
}

function disposeWeights(model: GraphModel): void {
  for (const tensors of Object.values(model.weights)) tf.dispose(tensors);
}

/** What a graph takes; its name is that of a node. */
interface GraphInput extends NetworkInput {
  readonly dtype: 'float32' | 'int32';
}

/** Where a graph begins and ends. */
interface Ends {
  readonly inputs: readonly [GraphInput, ...GraphInput[]];
  /** What the operators of the graph take at once: any number of samples, or one. */
  readonly batch: -1 | 1;
  /** The value before the link. */
  readonly logits: string;
  readonly link: OutputLink;
}

function topologyEnds(modelTopology: TfjsModelJson['modelTopology'], model: GraphModel, file: string): Ends {
  const { inputs, outputs } = model;
  const [first, ...others] = inputs;
  const [output] = outputs;
  if (first === undefined || output === undefined || outputs.length > 1) {
    throw new FormatError({
      file,
      reason: severalOutputs(outputs.map(({ name }) => name)),
      remedy: l10n.t('Save the part of it that is to be measured as a model of its own.'),
    });
  }
  const isSingle = inputs.some(({ shape }) => shape?.[0] === 1);
  const { logits, link } = beforeLink(modelTopology, output.name);
  return {
    inputs: [graphInput(first, file), ...others.map((input) => graphInput(input, file))],
    batch: isSingle ? 1 : -1,
    logits,
    link,
  };
}

function graphInput({ name, dtype, shape: given }: GraphModel['inputs'][number], file: string): GraphInput {
  if (dtype !== 'float32' && dtype !== 'int32') {
    throw refused(file, l10n.t('its input is of the type {0}', dtype));
  }
  const [batch = -1, ...shape] = given ?? [];
  if (shape.length === 0) throw refused(file, l10n.t('it does not say what shape its input has'));
  if (batch > 1) throw refused(file, l10n.t('it takes {0} samples at once', batch));
  // The operators of TensorFlow.js take channels last only.
  return { name, shape, dtype, whole: dtype === 'int32', channels: shape.length === 3 ? 'last' : 'none' };
}

/** The value that a final softmax or sigmoid is taken of. */
function beforeLink(
  modelTopology: TfjsModelJson['modelTopology'],
  output: string,
): { readonly logits: string; readonly link: OutputLink } {
  const nodes: readonly unknown[] = Array.isArray(modelTopology.node) ? modelTopology.node : [];
  const byName = new Map<string, { readonly op: unknown; readonly input: unknown }>();
  for (const node of nodes) {
    if (typeof node !== 'object' || node === null) continue;
    const { name, op, input } = node as Readonly<Record<string, unknown>>;
    if (typeof name === 'string') byName.set(name, { op, input });
  }
  let name = output;
  for (let steps = 0; steps < MAX_IDENTITIES; steps++) {
    const node = byName.get(name.replace(/:0$/, ''));
    const [input] = Array.isArray(node?.input) ? (node.input as readonly unknown[]) : [];
    if (typeof input !== 'string') break;
    if (node?.op === 'Softmax') return { logits: input, link: 'softmax' };
    if (node?.op === 'Sigmoid') return { logits: input, link: 'sigmoid' };
    if (node?.op !== 'Identity') break;
    name = input;
  }
  return { logits: output, link: 'none' };
}

class GraphNetwork implements Network {
  readonly inputs: Network['inputs'];
  readonly outputShape: readonly number[];
  readonly link: OutputLink;
  readonly notes: readonly string[];

  /** @throws {FormatError} if the graph does not run */
  constructor(
    private readonly model: GraphModel,
    private readonly ends: Ends,
    private readonly found: readonly GraphParameter[],
    readonly parameters: readonly NetworkParameter[],
    file: string,
  ) {
    this.inputs = ends.inputs;
    this.link = ends.link;
    this.outputShape = this.tried(file);
    const others = model.weights;
    const floats = Object.values(others).filter(([tensor]) => tensor?.dtype === 'float32' && tensor.size > 1).length;
    this.notes = floats === 0 ? [] : [l10n.t('{0} tensors of numbers belong to the structure, and are left as they are.', floats)]; // prettier-ignore
  }

  apply(
    inputs: readonly Tensor[],
    parameters: readonly Tensor[],
    observe?: (parameter: number, input: Tensor) => void,
  ): Tensor {
    const { batch } = this.ends;
    const samples = inputs[0]?.shape[0] ?? 0;
    if (batch === -1 || samples === 1) return this.execute(inputs, parameters, observe);
    const split = inputs.map((input) => tf.split(input, samples));
    const sample = (index: number): Tensor[] => split.flatMap((parts) => parts[index] ?? []);
    return tf.concat(Array.from({ length: samples }, (_, index) => this.execute(sample(index), parameters, observe)));
  }

  dispose(): void {
    disposeWeights(this.model);
  }

  private execute(
    inputs: readonly Tensor[],
    parameters: readonly Tensor[],
    observe: ((parameter: number, input: Tensor) => void) | undefined,
  ): Tensor {
    const { weights } = this.model;
    const { logits } = this.ends;
    this.found.forEach(({ entry }, index) => {
      const tensor = parameters[index];
      if (tensor !== undefined) weights[entry.name] = [tensor];
    });
    try {
      const factors = observe === undefined ? [] : [...new Set(this.found.flatMap((one) => one.factors))];
      const named = factors.filter((name) => this.inputOf(name, inputs) === undefined);
      const given = this.ends.inputs.flatMap(({ name, dtype }, index) => {
        const input = inputs[index];
        return input === undefined ? [] : [[name, dtype === 'int32' ? tf.cast(input, 'int32') : input] as const];
      });
      const results = this.model.execute(Object.fromEntries(given), [logits, ...named]);
      const [result, ...values] = Array.isArray(results) ? results : [results];
      if (result === undefined) throw new Error('The graph has given nothing');
      if (observe !== undefined) {
        const byName = new Map(named.map((name, index) => [name, values[index]]));
        this.found.forEach(({ factors: own }, index) => {
          for (const name of own) {
            const value = this.inputOf(name, inputs) ?? byName.get(name);
            if (value !== undefined) observe(index, value);
          }
        });
      }
      return result;
    } finally {
      // Tensors of others: the graph does not keep them.
      for (const { entry } of this.found) Reflect.deleteProperty(weights, entry.name);
    }
  }

  /** What the input that is called so was given; undefined if there is none. */
  private inputOf(node: string, inputs: readonly Tensor[]): Tensor | undefined {
    return inputs[this.ends.inputs.findIndex(({ name }) => node === name.replace(/:0$/, ''))];
  }

  /** Runs the graph once, for the shape of its output. */
  private tried(file: string): readonly number[] {
    try {
      return tf.tidy(() => {
        const samples = this.inputs.map(({ shape }) =>
          tf.zeros([1, ...shape.map((size) => (size < 0 ? TRIED_SIZE : size))]),
        );
        const parameters = this.parameters.map(({ values, shape }) => tf.tensor(values, [...shape]));
        return this.apply(samples, parameters).shape.slice(1);
      });
    } catch (error) {
      if (error instanceof CancelledError) throw error;
      throw refused(file, messageOf(error));
    }
  }
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.includes('executeAsync')
    ? l10n.t('its graph has loops or conditions, or sizes that depend on values')
    : message.slice(0, 300);
}

function refused(file: string, why: string): FormatError {
  return new FormatError({
    file,
    reason: l10n.t('cannot be run: {0}', why),
    remedy: l10n.t('Export the model to ONNX or as a Keras model instead.'),
  });
}
