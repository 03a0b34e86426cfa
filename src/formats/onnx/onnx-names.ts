import * as l10n from '@vscode/l10n';
import type { CheckpointNote } from '../checkpoint';
import { MAX_NAME_LENGTH } from '../limits';
import type { ConstantValue, OnnxGraph, OnnxModel, OnnxNode } from './onnx-graph';
import type { ProtoSparseTensor, ProtoTensor } from './onnx-tensor';

/** Paths of nested graphs are cut to their last characters: every name in them has one. */
const MAX_PATH_LENGTH = 400;

/** A tensor where it stands in the model. */
export interface LocatedTensor {
  readonly value: ProtoTensor | ProtoSparseTensor | ConstantValue;
  /** Unique in the model. */
  readonly name: string;
  /** It belongs to a graph that trains the model. */
  readonly training: boolean;
}

interface Found {
  readonly value: LocatedTensor['value'];
  readonly own: string;
  readonly path: string;
  readonly place: 'network' | 'function' | 'training';
}

/** Path of what a node has in its body, or a function: the names of the nodes around it. */
export function pathBelow(path: string, node: OnnxNode, index: number, attribute?: string): string {
  const own = attribute === undefined ? nodeName(node, index) : `${nodeName(node, index)}.${attribute}`;
  const joined = path === '' ? own : `${path}/${own}`;
  return joined.length > MAX_PATH_LENGTH ? joined.slice(-MAX_PATH_LENGTH) : joined;
}

/** A node's name, or its operator and number if it has none. */
export function nodeName({ name, operator }: OnnxNode, index: number): string {
  return name === '' ? `${operator}_${index}` : name;
}

/**
 * All tensors of a model, with a name each: that of the value in the graph. Where several graphs (branches of an If)
 * have values of the same name, these names begin with the path of the nodes around them; so do those in functions.
 */
export function locateTensors(model: OnnxModel): { tensors: LocatedTensor[]; notes: CheckpointNote[] } {
  const found = [...allTensors(model)];
  const uses = new Map<string, number>();
  for (const { own } of found) uses.set(own, (uses.get(own) ?? 0) + 1);
  /** How often each name was wanted. */
  const taken = new Map<string, number>();
  const renamed: string[] = [];
  const tensors = found.map(({ value, own, path, place }) => {
    const plain = path === '' || (uses.get(own) === 1 && place === 'network');
    const wanted = (plain ? own : `${path}/${own}`).slice(-MAX_NAME_LENGTH);
    let name = wanted;
    let number = taken.get(wanted) ?? 0;
    while (taken.has(name)) name = `${wanted}#${++number + 1}`;
    taken.set(wanted, number);
    if (name !== wanted) {
      taken.set(name, 0);
      renamed.push(name);
    }
    return { value, name, training: place === 'training' };
  });
  if (renamed.length === 0) return { tensors, notes: [] };
  const message = l10n.t('{0} tensors have the name of another one; a number was put behind it.', renamed.length);
  return { tensors, notes: [{ code: 'renamed-tensors', message, tensors: renamed }] };
}

function* allTensors({ graph, functions, training }: OnnxModel): Generator<Found> {
  yield* inGraph(graph, '', 'network');
  for (const body of functions) yield* inGraph(body, body.name, 'function');
  for (const [index, body] of training.entries()) yield* inGraph(body, `training_info.${index}`, 'training');
}

function* inGraph(graph: OnnxGraph, path: string, place: Found['place']): Generator<Found> {
  for (const [index, value] of graph.initializers.entries()) {
    yield { value, own: value.name === '' ? `initializer_${index}` : value.name, path, place };
  }
  for (const [index, value] of graph.sparseInitializers.entries()) {
    const { name } = value.values;
    yield { value, own: name === '' ? `sparse_initializer_${index}` : name, path, place };
  }
  for (const [index, node] of graph.nodes.entries()) {
    const { constant, graphs, outputs } = node;
    if (constant !== undefined) {
      const output = outputs[0] ?? '';
      yield { value: constant, own: output === '' ? nodeName(node, index) : output, path, place };
    }
    for (const { attribute, graph: body } of graphs) {
      yield* inGraph(body, pathBelow(path, node, index, attribute), place);
    }
  }
}
