import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import type { Checkpoint, TensorEntry, TensorRole } from '../../formats/checkpoint';
import type { NetworkInput } from '../../data/network-shapes';
import type { Network, NetworkParameter, OutputLink } from '../network';
import { checkParameterCount, readTensorValues } from '../tensor-values';
import type { LayerVariable, ObserveInput } from './layer';
import { actsInTrainingOnly } from './layer-kinds';
import {
  layerSequence,
  type LayerCall,
  type LayerModel,
  type LayerSequence,
  type SequenceInput,
} from './layer-sequence';
import { variableTensors } from './layer-tensors';

/** What parameters are for, as far as measuring is concerned. */
const PARAMETER_ROLES: ReadonlySet<TensorRole> = new Set(['weight', 'bias', 'norm', 'embedding']);

/** Where a variable of a call comes from. */
type VariableSource =
  { readonly kind: 'parameter'; readonly index: number } | { readonly kind: 'constant'; readonly index: number };

/**
 * A network of Keras' layers, with the weights of its checkpoint.
 * @throws {FormatError} if a layer cannot be run, or the weights are not those of the layers; {@link CancelledError}
 */
export async function layersNetwork(
  checkpoint: Checkpoint,
  model: LayerModel,
  signal: AbortSignal | undefined,
): Promise<Network> {
  const sequence = layerSequence(model);
  const byName = new Map(checkpoint.tensors.map((tensor) => [tensor.name, tensor]));
  const entries: { readonly entry: TensorEntry; readonly variable: LayerVariable }[] = [];
  const known = new Map<TensorEntry, number>();
  const variables = sequence.calls.map((call) =>
    variableTensors(call, byName, checkpoint).map((entry, position) => {
      const variable = call.layer.variables[position];
      if (variable === undefined) throw new Error('A tensor without its variable');
      const index = known.get(entry) ?? entries.push({ entry, variable }) - 1;
      known.set(entry, index);
      return index;
    }),
  );
  checkParameterCount(
    entries.reduce((sum, { entry }) => sum + entry.count, 0),
    model.file,
  );
  const parameters: NetworkParameter[] = [];
  const constants: Tensor[] = [];
  const sources: VariableSource[] = [];
  try {
    for (const { entry, variable } of entries) {
      const values = await readTensorValues(checkpoint, entry, signal);
      if (variable.role === 'buffer') {
        sources.push({ kind: 'constant', index: constants.push(tf.tensor(values, [...entry.shape])) - 1 });
      } else {
        sources.push({ kind: 'parameter', index: parameters.push(parameterOf(entry, variable, values)) - 1 });
      }
    }
  } catch (error) {
    tf.dispose(constants);
    throw error;
  }
  const steps = sequence.calls.map((call, index) => ({
    call,
    sources: (variables[index] ?? []).flatMap((entry) => sources[entry] ?? []),
  }));
  return new LayersNetwork(sequence, steps, parameters, constants);
}

function parameterOf(entry: TensorEntry, variable: LayerVariable, values: Float32Array): NetworkParameter {
  const { name, role, roleFrom } = entry;
  const { outputDimension, inputDimension, usedShape: shape = entry.shape } = variable;
  return {
    name,
    shape,
    role: PARAMETER_ROLES.has(role) || roleFrom === 'setting' ? role : variable.role,
    values,
    ...(outputDimension === undefined ? {} : { outputDimension }),
    ...(inputDimension === undefined ? {} : { inputDimension }),
  };
}

interface Step {
  readonly call: LayerCall;
  readonly sources: readonly VariableSource[];
}

class LayersNetwork implements Network {
  readonly inputs: Network['inputs'];
  readonly outputShape: readonly number[];
  readonly link: OutputLink;
  readonly notes: readonly string[];
  /** Number of the last step that takes each value: after it, the value is not needed any more. */
  private readonly lastUse: readonly number[];

  constructor(
    private readonly sequence: LayerSequence,
    private readonly steps: readonly Step[],
    readonly parameters: readonly NetworkParameter[],
    private readonly constants: readonly Tensor[],
  ) {
    const { calls, output, inputs, outputShape } = sequence;
    const [input, ...others] = inputs;
    const first = calls.some(({ channelsFirst }) => channelsFirst);
    const withChannels = (one: SequenceInput): NetworkInput => {
      return { ...one, channels: one.shape.length !== 3 ? 'none' : first ? 'first' : 'last' };
    };
    this.inputs = [withChannels(input), ...others.map(withChannels)];
    this.outputShape = outputShape;
    this.link = linkOf(calls[output - inputs.length]);
    const left = [...new Set(calls.map(({ className }) => className).filter(actsInTrainingOnly))];
    this.notes = left.length === 0 ? [] : [l10n.t('Left away, as at inference: {0}.', left.join(', '))];
    const lastUse = new Array<number>(inputs.length + calls.length).fill(-1);
    calls.forEach((call, step) => {
      for (const value of call.inputs) lastUse[value] = step;
    });
    lastUse[output] = calls.length;
    this.lastUse = lastUse;
  }

  apply(
    inputs: readonly Tensor[],
    parameters: readonly Tensor[],
    observe?: (parameter: number, input: Tensor) => void,
  ): Tensor {
    const values: (Tensor | undefined)[] = [...inputs];
    // What gradients are taken of, or observers may have kept, is theirs.
    const frees = observe === undefined && tf.engine().state.gradientDepth === 0;
    const given = new Set([...inputs, ...parameters, ...this.constants]);
    this.steps.forEach((step, index) => {
      const run = (): Tensor => this.runStep(step, index, values, parameters, observe);
      values.push(frees ? tf.tidy(run) : run());
      if (frees) for (const value of step.call.inputs) this.free(values, value, index, given);
    });
    const result = values[this.sequence.output];
    if (result === undefined) throw new Error('The network has no output');
    return result;
  }

  dispose(): void {
    tf.dispose([...this.constants]);
  }

  private runStep(
    { call, sources }: Step,
    index: number,
    values: readonly (Tensor | undefined)[],
    parameters: readonly Tensor[],
    observe: ((parameter: number, input: Tensor) => void) | undefined,
  ): Tensor {
    const inputs = call.inputs.map((value) => {
      const tensor = values[value];
      if (tensor === undefined) throw new Error(`Value ${value} of the network is not there`);
      return tensor;
    });
    const variables = sources.map((source) => {
      const tensor = source.kind === 'parameter' ? parameters[source.index] : this.constants[source.index];
      if (tensor === undefined) throw new Error(`The parameter ${source.index} was not given`);
      return tensor;
    });
    const told: ObserveInput | undefined =
      observe === undefined
        ? undefined
        : (variable, seen) => {
            const source = sources[variable];
            if (source?.kind === 'parameter') observe(source.index, seen);
          };
    const { layer } = call;
    const result = layer.run(inputs, variables, told);
    const isLink = index + this.inputs.length === this.sequence.output && this.link !== 'none';
    return isLink || layer.activation === undefined ? result : layer.activation.apply(result);
  }

  /** Gives back the memory of a value that no later step takes. */
  private free(values: (Tensor | undefined)[], value: number, step: number, given: ReadonlySet<Tensor>): void {
    const tensor = values[value];
    if (tensor === undefined || this.lastUse[value] !== step) return;
    values[value] = undefined;
    if (!given.has(tensor) && !values.includes(tensor)) tensor.dispose();
  }
}

/** What the last layer does to its logits. */
function linkOf(last: LayerCall | undefined): OutputLink {
  const name = last?.layer.activation?.name;
  return name === 'softmax' || name === 'sigmoid' ? name : 'none';
}
