import * as tf from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import type { Checkpoint, TensorEntry } from '../../formats/checkpoint';
import { isFloatingPoint } from '../../formats/dtype';
import { FormatError } from '../../formats/errors';
import type { OnnxProgram, OnnxProgramNode } from '../../formats/onnx/onnx-program';
import type { NodeParameter } from '../../formats/topology';
import type { NetworkParameter } from '../network';
import { checkParameterCount, readTensorValues } from '../tensor-values';
import type { OnnxPlan } from './onnx-plan';
import { MAX_NUMBERS, numbersValue, tensorValue, type Value } from './onnx-value';

/** Constants of so many real numbers are kept as numbers too: bounds, exponents, factors. */
const MAX_REAL_NUMBERS = 64;

/** What the file gives: parameters, and all that is part of the structure. */
export interface OnnxTensors {
  readonly parameters: readonly NetworkParameter[];
  /** Index of the parameter that a value is, by its name in the graph. */
  readonly parameterOf: ReadonlyMap<string, number>;
  /** Parameters whose values the file has as codes. */
  readonly dequantised: ReadonlySet<number>;
  /** Kept until the network is disposed of. */
  readonly constants: ReadonlyMap<string, Value>;
}

/** Operators whose operands are trained. */
const TRAINED_OPERANDS = new Set([
  ...['Gemm', 'MatMul', 'Conv', 'Add', 'Mul', 'BatchNormalization', 'LayerNormalization', 'RMSNormalization'],
  ...['InstanceNormalization', 'GroupNormalization', 'Gather', 'PRelu', 'Concat'],
]);

/** Operators that give on what is trained. */
const CARRIERS = new Set([
  ...['Identity', 'Cast', 'Transpose', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Expand', 'DequantizeLinear'],
  ...['Slice', 'Split', 'Tile'],
]);

/**
 * Reads what the nodes of a plan take from the file.
 * @throws {FormatError} for tensors without numbers, and networks that are too large to be run
 */
export async function readTensors(
  checkpoint: Checkpoint,
  program: OnnxProgram,
  plan: OnnxPlan,
  file: string,
  signal: AbortSignal | undefined,
): Promise<OnnxTensors> {
  const entries = new Map(checkpoint.tensors.map((entry) => [entry.name, entry]));
  const dimensions = channelDimensions(checkpoint, plan.nodes);
  const consumers = consumersOf(plan.nodes);
  const parameters: NetworkParameter[] = [];
  const parameterOf = new Map<string, number>();
  const indices = new Map<string, number>();
  const dequantised = new Set<number>();
  const constants = new Map<string, Value>();
  let total = 0;
  for (const value of plan.constants) {
    const entry = entryOf(entries, program.tensors.get(value) ?? value, file);
    total += entry.count;
    checkParameterCount(total, file);
    const known = indices.get(entry.name);
    const values = known === undefined ? await readTensorValues(checkpoint, entry, signal) : undefined;
    const isCodes = entry.storage.coding?.kind === 'scaled';
    if (known !== undefined) parameterOf.set(value, known);
    else if (values !== undefined && isTrained(entry, value, consumers) && values.every(Number.isFinite)) {
      const index = parameters.length;
      parameters.push(parameterFor(entry, values, dimensions.get(entry.name)));
      parameterOf.set(value, index);
      indices.set(entry.name, index);
      if (isCodes) dequantised.add(index);
    } else if (values !== undefined) {
      const constant = constantValue(entry, values);
      constants.set(value, isCodes ? { ...constant, dequantised: true } : constant);
    }
  }
  return { parameters, parameterOf, dequantised, constants };
}

/** The tensor, or the earlier one whose memory it shares. */
function entryOf(entries: ReadonlyMap<string, TensorEntry>, name: string, file: string): TensorEntry {
  const entry = entries.get(name);
  const original = entry?.aliasOf === undefined ? undefined : entries.get(entry.aliasOf);
  const found = original !== undefined && original.shape.join() === entry?.shape.join() ? original : entry;
  if (found !== undefined && !found.dtype.startsWith('complex')) return found;
  throw new FormatError({
    file,
    tensor: name,
    reason: l10n.t('cannot be run: it needs a tensor that holds no numbers here'),
    remedy: l10n.t('Export the network with other operators, or measure it in the format of TensorFlow.js or Keras.'),
  });
}

function parameterFor(
  { name, shape, role }: TensorEntry,
  values: Float32Array,
  dimensions: Dimensions = {},
): NetworkParameter {
  return { name, shape, role, values, ...(shape.length < 2 ? {} : dimensions) };
}

type Dimensions = Pick<NetworkParameter, 'outputDimension' | 'inputDimension'>;

/** Along which dimensions channels run, as the topology of the checkpoint says it. */
function channelDimensions(
  { topology, tensors }: Checkpoint,
  nodes: readonly OnnxProgramNode[],
): ReadonlyMap<string, Dimensions> {
  const byOutput = new Map(nodes.map((node) => [node.outputs[0] ?? '', node]));
  const shapes = new Map(tensors.map(({ name, shape }) => [name, shape]));
  const found = new Map<string, Dimensions>();
  for (const { parameters, outputs, operator } of topology?.nodes ?? []) {
    for (const parameter of parameters) {
      const { tensor, outputChannels } = parameter;
      if (outputChannels === undefined || found.has(tensor)) continue;
      const node = operator === 'Conv' ? byOutput.get(outputs[0] ?? '') : undefined;
      const inputChannels =
        node === undefined ? parameter.inputChannels : convolutionInputs(node, parameter, shapes.get(tensor) ?? []);
      found.set(tensor, {
        outputDimension: outputChannels,
        ...(inputChannels === undefined ? {} : { inputDimension: inputChannels }),
      });
    }
  }
  return found;
}

/**
 * Groups of a convolution have inputs of their own. Where each group is one channel with one filter, outputs and inputs are
 * the same dimension; other groups have no dimension of inputs.
 */
function convolutionInputs(
  { attributes }: OnnxProgramNode,
  { inputChannels = 1, outputChannels = 0 }: NodeParameter,
  shape: readonly number[],
): number | undefined {
  const groups = attributes.get('group')?.integers[0] ?? 1;
  if (groups === 1) return inputChannels;
  return shape[outputChannels] === groups && shape[inputChannels] === 1 ? outputChannels : undefined;
}

function consumersOf(nodes: readonly OnnxProgramNode[]): ReadonlyMap<string, readonly OnnxProgramNode[]> {
  const consumers = new Map<string, OnnxProgramNode[]>();
  for (const node of nodes) {
    for (const name of new Set(node.inputs)) {
      const list = consumers.get(name) ?? [];
      consumers.set(name, list);
      list.push(node);
    }
  }
  return consumers;
}

/** Whether a tensor is trained: its role says so, and an operator takes it that has something to train. */
function isTrained(
  { role, dtype, count }: TensorEntry,
  value: string,
  consumers: ReadonlyMap<string, readonly OnnxProgramNode[]>,
): boolean {
  if (!isFloatingPoint(dtype) || count === 0) return false;
  const takers = takersOf(value, consumers);
  // Slopes of rectifiers, and what is put in front of a sequence, as a class token is.
  if (role === 'other') return takers.includes('PRelu') || (count > 1 && takers.includes('Concat'));
  return ['weight', 'bias', 'norm', 'embedding'].includes(role) && takers.some((name) => TRAINED_OPERANDS.has(name));
}

/** Operators that take a value, itself or given on. */
function takersOf(value: string, consumers: ReadonlyMap<string, readonly OnnxProgramNode[]>): string[] {
  const takers: string[] = [];
  const seen = new Set<string>();
  const open = [value];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    for (const node of consumers.get(name) ?? []) {
      takers.push(node.operator);
      if (CARRIERS.has(node.operator) && node.inputs[0] === name) open.push(...node.outputs);
    }
  }
  return takers;
}

function constantValue({ shape, count, dtype }: TensorEntry, values: Float32Array): Value {
  const type = isFloatingPoint(dtype) ? 'float' : dtype === 'bool' ? 'bool' : 'int';
  if (count <= (type === 'float' ? 1 : MAX_NUMBERS)) return numbersValue([...values], shape, type);
  const typed = type === 'float' ? values : type === 'int' ? Int32Array.from(values) : Uint8Array.from(values);
  const tensor = tf.keep(
    tf.tensor(typed, [...shape], { float: 'float32', int: 'int32', bool: 'bool' }[type] as 'int32'),
  );
  return { ...tensorValue(tensor), ...(count <= MAX_REAL_NUMBERS ? { numbers: [...values] } : {}) };
}
