import type { TensorEntry } from '../checkpoint';
import type { GraphNode, NodeParameter, Topology } from '../topology';
import type { StoredNode } from './tfjs-topology';
import { product } from '../shape';

type Use = Omit<NodeParameter, 'tensor'>;

/** Operators whose output is their first input, as far as weights are concerned. */
const PASSING: ReadonlySet<string> = new Set(['Identity', 'ReadVariableOp', 'Enter', 'Cast', 'StopGradient']);

/** Nodes that are weights themselves. */
const WEIGHTS: ReadonlySet<string> = new Set(['Const', 'VarHandleOp', 'VariableV2', 'Variable']);

const BIAS: Use = { use: 'bias', outputChannels: 0 };
/** Height, width, input channels, output channels. */
const HWIO: Use = { use: 'weight', outputChannels: 3, inputChannels: 2 };
const NORMALISATION: readonly Use[] = [
  { use: 'scale', outputChannels: 0 },
  { use: 'offset', outputChannels: 0 },
  { use: 'mean', outputChannels: 0 },
  { use: 'variance', outputChannels: 0 },
];

/** Inputs by number, as TensorFlow's operators take them. */
const USES: ReadonlyMap<string, ReadonlyMap<number, Use>> = new Map([
  ['Conv2D', new Map([[1, HWIO]])],
  ['Conv2DBackpropInput', new Map([[1, { use: 'weight', outputChannels: 2, inputChannels: 3 }]])],
  ['Conv3D', new Map([[1, { use: 'weight', outputChannels: 4, inputChannels: 3 }]])],
  ['BiasAdd', new Map([[1, BIAS]])],
  ['Prelu', new Map([[1, { use: 'other', outputChannels: -1 }]])],
  ['Gather', new Map([[0, { use: 'weight', outputChannels: -1 }]])],
  ['GatherV2', new Map([[0, { use: 'weight', outputChannels: -1 }]])],
  ['ResourceGather', new Map([[0, { use: 'weight', outputChannels: -1 }]])],
]);

/** Arithmetic with a constant vector. */
const ARITHMETIC: ReadonlyMap<string, Use> = new Map([
  ['Add', { use: 'bias', outputChannels: -1 }],
  ['AddV2', { use: 'bias', outputChannels: -1 }],
  ['Sub', { use: 'bias', outputChannels: -1 }],
  ['Mul', { use: 'scale', outputChannels: -1 }],
]);

/** The topology of a TensorFlow graph whose nodes of constants are the weights, under the same names. */
export function graphTopology(stored: readonly StoredNode[], tensors: readonly TensorEntry[]): Topology {
  const weights = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const byName = new Map(stored.map((node) => [node.name, node]));
  /** Weights by the name of a node that gives them. */
  const given = new Map<string, TensorEntry>();
  for (const { name } of stored) {
    const weight = weightOf(name, byName, weights);
    if (weight !== undefined) given.set(name, weight);
  }
  const nodes: GraphNode[] = [];
  const consumed = new Set<string>();
  const names = new Set<string>();
  for (const node of stored) {
    const { name, operator } = node;
    if (given.has(name) || WEIGHTS.has(operator) || names.has(name)) continue;
    names.add(name);
    const inputs: string[] = [];
    const parameters: NodeParameter[] = [];
    for (const [index, input] of node.inputs.entries()) {
      const weight = given.get(input);
      consumed.add(input);
      if (weight === undefined) inputs.push(input);
      else parameters.push({ tensor: weight.name, ...withDimensions(useOf(node, index, weight.shape), weight.shape) });
    }
    nodes.push({ name, operator, inputs, outputs: [name], parameters });
  }
  const inputs = nodes.filter(({ operator }) => operator === 'Placeholder').map(({ name }) => name);
  const outputs = nodes
    .filter(({ name, operator }) => !consumed.has(name) && operator !== 'NoOp')
    .map(({ name }) => name);
  return { nodes, inputs, outputs };
}

/** The weight that a node is, or hands on. */
function weightOf(
  name: string,
  nodes: ReadonlyMap<string, StoredNode>,
  weights: ReadonlyMap<string, TensorEntry>,
): TensorEntry | undefined {
  let current: string | undefined = name;
  // Chains are short: a variable, its reading, and an identity or two. A bound keeps those that end in themselves out.
  for (let steps = 0; steps < 8 && current !== undefined; steps++) {
    const node = nodes.get(current);
    if (node === undefined) return undefined;
    if (WEIGHTS.has(node.operator)) return weights.get(current);
    current = PASSING.has(node.operator) ? node.inputs[0] : undefined;
  }
  return undefined;
}

function useOf(node: StoredNode, input: number, shape: readonly number[]): Use {
  const operator = node.operator.replace(/^_?Fused(?=Conv2D$|DepthwiseConv2dNative$|MatMul$)/, '');
  const isFused = operator !== node.operator;
  if (/^FusedBatchNorm(V2|V3)?$/.test(operator)) return NORMALISATION[input - 1] ?? { use: 'other' };
  // What is fused follows: a bias, or a normalisation; after that the slopes of an activation.
  if (isFused && input >= 2) {
    if (node.inputs.length >= 6) return NORMALISATION[input - 2] ?? { use: 'other' };
    return input === 2 ? BIAS : { use: 'other' };
  }
  if (operator === 'DepthwiseConv2dNative' && input === 1) {
    // Output channels run along both dimensions together; along the one of the input if there is one for each.
    return shape[3] === 1 ? { use: 'weight', outputChannels: 2 } : { use: 'weight' };
  }
  if (/^(MatMul|BatchMatMul(V2|V3)?)$/.test(operator) && shape.length >= 2) {
    const [rows, columns] = [shape.length - 2, shape.length - 1];
    if (input !== 1) return { use: 'weight' };
    return node.transposed
      ? { use: 'weight', outputChannels: rows, inputChannels: columns }
      : { use: 'weight', outputChannels: columns, inputChannels: rows };
  }
  const isVector = shape.at(-1) === product(shape) && (shape.at(-1) ?? 1) > 1;
  return USES.get(operator)?.get(input) ?? (isVector ? ARITHMETIC.get(operator) : undefined) ?? { use: 'other' };
}

/** Counts dimensions from the front, and leaves out those that the tensor does not have. */
export function withDimensions({ use, outputChannels, inputChannels }: Use, shape: readonly number[]): Use {
  const dimension = (number: number | undefined): number | undefined => {
    if (number === undefined) return undefined;
    const index = number < 0 ? shape.length + number : number;
    return index >= 0 && index < shape.length ? index : undefined;
  };
  const output = dimension(outputChannels);
  const input = dimension(inputChannels);
  return {
    use,
    ...(output === undefined ? {} : { outputChannels: output }),
    ...(input === undefined ? {} : { inputChannels: input }),
  };
}
