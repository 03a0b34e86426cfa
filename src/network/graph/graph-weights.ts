import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import type { Checkpoint, TensorEntry, TensorRole } from '../../formats/checkpoint';
import { isFloatingPoint } from '../../formats/dtype';
import { FormatError } from '../../formats/errors';
import type { GraphNode, NodeParameter } from '../../formats/topology';
import { readTensorValues } from '../tensor-values';

/** A weight of a graph that is trained, and where its inputs come from. */
export interface GraphParameter {
  readonly entry: TensorEntry;
  readonly role: TensorRole;
  readonly outputDimension?: number;
  readonly inputDimension?: number;
  /** Names of the values that it is multiplied with or slides over; more than one if operators share it. */
  readonly factors: readonly string[];
}

/** Integers from here on may not be exact in float32, as which all values are read. */
const FIRST_INEXACT = 2 ** 24;
const MAX_INT32 = 2 ** 31 - 1;

/** Operators whose first weight is multiplied with what comes in, by the number of that input among those that are no weights. */
const PRODUCTS = /^_?(?:Fused)?(?:MatMul|Conv2D|DepthwiseConv2dNative|Conv2DBackpropInput|BatchMatMul(?:V2|V3)?)$/;

/** Which of the weights of a graph are parameters: those of products, biases and normalisations; the rest is structure. */
export function graphParameters(checkpoint: Checkpoint, nodes: readonly GraphNode[]): GraphParameter[] {
  const entries = new Map(checkpoint.tensors.map((tensor) => [tensor.name, tensor]));
  const found = new Map<string, GraphParameter>();
  for (const node of nodes) {
    for (const parameter of node.parameters) {
      const entry = entries.get(parameter.tensor);
      const role = entry === undefined ? undefined : roleOf(node, parameter, entry);
      if (entry === undefined || role === undefined) continue;
      const isProduct = parameter.use === 'weight' && PRODUCTS.test(node.operator);
      const factor = isProduct ? factorOf(node, parameter) : undefined;
      const known = found.get(entry.name);
      if (known !== undefined) {
        if (factor !== undefined) found.set(entry.name, { ...known, factors: [...known.factors, factor] });
        continue;
      }
      const { outputChannels, inputChannels } = parameter;
      const input = factor === undefined ? undefined : (inputChannels ?? depthwiseInput(node));
      found.set(entry.name, {
        entry,
        role,
        ...(outputChannels === undefined || entry.shape.length < 2 ? {} : { outputDimension: outputChannels }),
        ...(input === undefined ? {} : { inputDimension: input }),
        factors: factor === undefined ? [] : [factor],
      });
    }
  }
  return [...found.values()];
}

function roleOf({ operator }: GraphNode, { use }: NodeParameter, entry: TensorEntry): TensorRole | undefined {
  if (!isFloatingPoint(entry.dtype)) return undefined;
  if (entry.roleFrom === 'setting') return entry.role;
  switch (use) {
    case 'weight':
      return operator.includes('Gather') ? 'embedding' : 'weight';
    case 'bias':
      return 'bias';
    case 'scale':
    case 'offset':
      return 'norm';
    default:
      return undefined;
  }
}

/** The one value that the operator takes besides its weights. */
function factorOf({ inputs, operator }: GraphNode, { inputChannels }: NodeParameter): string | undefined {
  // Of a transposed convolution, the first is its size.
  if (operator.endsWith('Conv2DBackpropInput')) return inputs.at(-1);
  const [only, other] = inputs;
  return other === undefined && (inputChannels !== undefined || operator.includes('Depthwise')) ? only : undefined;
}

function depthwiseInput({ operator }: GraphNode): number | undefined {
  return operator.includes('Depthwise') ? 2 : undefined;
}

/**
 * The other weights of a graph, as the tensors that its operators take.
 * @throws {FormatError} if one is of a type that cannot be run
 */
export async function constantTensor(
  checkpoint: Checkpoint,
  entry: TensorEntry,
  file: string,
  signal: AbortSignal | undefined,
): Promise<Tensor> {
  const { name, dtype, shape } = entry;
  const fail = (reason: string): FormatError =>
    new FormatError({
      file,
      tensor: name,
      reason,
      remedy: l10n.t('Convert the model anew, from one that computes with float32.'),
    });
  const isInteger = dtype === 'int32' || dtype === 'int16' || dtype === 'int8' || dtype === 'uint8';
  if (!isInteger && dtype !== 'bool' && !isFloatingPoint(dtype)) {
    throw fail(l10n.t('is of the type {0}, with which networks cannot be run here', dtype));
  }
  const values = await readTensorValues(checkpoint, entry, signal);
  if (!isInteger) return tf.tensor(values, [...shape], dtype === 'bool' ? 'bool' : 'float32');
  // The largest integer stands for "to the end" in many graphs; as float32 it is one more.
  const exact = values.every((value) => Math.abs(value) < FIRST_INEXACT || Math.abs(value) === MAX_INT32 + 1);
  if (!exact) throw fail(l10n.t('holds integers that are too large'));
  return tf.tensor(
    Int32Array.from(values, (value) => Math.min(value, MAX_INT32)),
    [...shape],
    'int32',
  );
}
