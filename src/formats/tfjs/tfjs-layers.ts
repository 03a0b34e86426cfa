import type { TensorEntry } from '../checkpoint';
import type { GraphNode, NodeParameter, Topology } from '../topology';
import { withDimensions } from './tfjs-graph';
import type { StoredLayer } from './tfjs-topology';

type Use = Omit<NodeParameter, 'tensor'>;

/** What Keras calls the weights of its layers. A kernel's last dimensions are input and output channels. */
const USES: ReadonlyMap<string, Use> = new Map([
  ['kernel', { use: 'weight', outputChannels: -1, inputChannels: -2 }],
  ['pointwise_kernel', { use: 'weight', outputChannels: -1, inputChannels: -2 }],
  ['recurrent_kernel', { use: 'weight', outputChannels: -1, inputChannels: -2 }],
  ['embeddings', { use: 'weight', outputChannels: -1 }],
  ['bias', { use: 'bias', outputChannels: -1 }],
  ['gamma', { use: 'scale', outputChannels: -1 }],
  ['beta', { use: 'offset', outputChannels: -1 }],
  ['moving_mean', { use: 'mean', outputChannels: -1 }],
  ['moving_variance', { use: 'variance', outputChannels: -1 }],
]);

/** The topology of a Keras model, whose weights are called after their layers. */
export function layersTopology(
  { layers }: { layers: readonly StoredLayer[] },
  tensors: readonly TensorEntry[],
): Topology {
  const byName = new Map<string, StoredLayer>();
  for (const layer of layers) if (!byName.has(layer.name)) byName.set(layer.name, layer);
  const parameters = new Map<string, NodeParameter[]>();
  for (const { name, shape } of tensors) {
    // `model/conv1/kernel`: the innermost part that is a layer's name.
    const parts = name.split('/');
    const owner = parts.slice(0, -1).findLast((part) => byName.has(part));
    const layer = owner === undefined ? undefined : byName.get(owner);
    if (layer === undefined) continue;
    const use = withDimensions(useOf(layer.operator, parts.at(-1) ?? '', shape), shape);
    const list = parameters.get(layer.name) ?? [];
    list.push({ tensor: name, ...use });
    parameters.set(layer.name, list);
  }
  const consumed = new Set(layers.flatMap(({ inputs }) => inputs));
  const nodes: GraphNode[] = [...byName.values()].map(({ name, operator, inputs }) => ({
    name,
    operator,
    inputs,
    outputs: [name],
    parameters: parameters.get(name) ?? [],
  }));
  return {
    nodes,
    inputs: nodes.filter(({ inputs }) => inputs.length === 0).map(({ name }) => name),
    outputs: nodes.filter(({ name }) => !consumed.has(name)).map(({ name }) => name),
  };
}

function useOf(operator: string, weight: string, shape: readonly number[]): Use {
  if (weight === 'depthwise_kernel') {
    // Output channels run along both dimensions together; along the one of the input if there is one for each.
    return shape.at(-1) === 1 ? { use: 'weight', outputChannels: -2 } : { use: 'weight' };
  }
  const use = USES.get(weight) ?? { use: 'other' };
  const isTransposed = weight === 'kernel' && /^Conv\d?DTranspose$|^Convolution\d?DTranspose$/.test(operator);
  return isTransposed ? { use: 'weight', outputChannels: -2, inputChannels: -1 } : use;
}
