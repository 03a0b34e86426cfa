import type { GraphNode, NodeParameter, Topology } from '../topology';
import type { OnnxFunction, OnnxGraph, OnnxModel, OnnxNode } from './onnx-graph';
import { pathBelow, type LocatedTensor } from './onnx-names';
import { CARRIERS, inputUse, isLinear, LOOKED_UP, type InputUse } from './onnx-operators';
import type { TensorRecord } from './onnx-record';
import { findQuantization } from './onnx-scales';
import type { Carried, Origin, Value } from './onnx-values';

/**
 * Bodies of functions are gone through at each call; this bounds what nested calls can multiply to: operators and their
 * outputs and inputs, of which published models have under a million.
 */
const MAX_STEPS = 2_000_000;

/** Functions call functions; real models nest a few levels. */
const MAX_CALL_DEPTH = 30;

type Scope = ReadonlyMap<string, Value>[];

/** Follows the tensors of a model to the operators that take them. */
export class OnnxResolver {
  private readonly nodes: GraphNode[] = [];
  private readonly functions = new Map<string, OnnxFunction>();
  private steps = 0;
  private callDepth = 0;

  /** @param records By what the model has of the tensor. Roles and quantisations are added to them. */
  constructor(
    private readonly model: OnnxModel,
    private readonly records: ReadonlyMap<LocatedTensor['value'], TensorRecord>,
  ) {
    for (const body of model.functions) this.functions.set(functionKey(body.domain, body.name, body.overload), body);
  }

  /** Whether all of the model was gone through. */
  get isComplete(): boolean {
    return this.steps <= MAX_STEPS;
  }

  /** Goes through all graphs. */
  resolve(): Topology {
    const { graph, training } = this.model;
    const values = this.initialValues(graph, '');
    const inputs = graph.inputs.filter((name) => !values.has(name));
    for (const name of inputs) values.set(name, { id: name });
    this.body(graph, [values], '');
    const outputs = graph.outputs.map((name) => values.get(name)?.id ?? name);
    const nodes = [...this.nodes];
    for (const [index, body] of training.entries()) {
      const path = `training_info.${index}`;
      this.body(body, [values, this.initialValues(body, path)], path);
    }
    return { nodes, inputs, outputs };
  }

  private initialValues(graph: OnnxGraph, path: string): Map<string, Value> {
    const values = new Map<string, Value>();
    this.steps += graph.initializers.length + graph.sparseInitializers.length;
    for (const tensor of graph.initializers) this.addTensor(values, tensor.name, tensor, path);
    for (const sparse of graph.sparseInitializers) this.addTensor(values, sparse.values.name, sparse, path);
    return values;
  }

  private addTensor(values: Map<string, Value>, name: string, tensor: LocatedTensor['value'], path: string): void {
    const record = this.records.get(tensor);
    const carried =
      record === undefined ? {} : { carried: { record, axes: record.stored.shape.map((_, axis) => axis) } };
    values.set(name, { id: idOf(path, name), ...carried });
  }

  /** @param scopes The graphs around, and last the one of these nodes, which gets the values they compute. */
  private body(graph: OnnxGraph, scopes: Map<string, Value>[], path: string): void {
    for (const [index, node] of graph.nodes.entries()) {
      this.steps += 1 + node.inputs.length + node.outputs.length;
      if (!this.isComplete) return;
      this.node(node, index, scopes, path);
    }
  }

  private node(node: OnnxNode, index: number, scopes: Map<string, Value>[], path: string): void {
    const own = scopes.at(-1);
    if (own === undefined) return;
    const [output = ''] = node.outputs;
    if (node.constant !== undefined) {
      this.addTensor(own, output, node.constant, path);
      return;
    }
    const inputs = node.inputs.map((name) => (name === '' ? undefined : (lookUp(scopes, name) ?? { id: name })));
    const called = this.called(node);
    if (called !== undefined && this.callDepth < MAX_CALL_DEPTH) {
      this.call(called, node, index, inputs, own, path);
      return;
    }
    const first = inputs[0]?.carried;
    if (first !== undefined && CARRIERS.has(node.operator)) {
      this.useParameters(node, inputs);
      own.set(output, { id: idOf(path, output), carried: carry(node, first, inputs) });
      return;
    }
    const results = this.bodies(node, index, inputs, scopes, path);
    const parameters = this.useParameters(node, inputs);
    const taken = inputs.filter((value) => value !== undefined && value.carried === undefined);
    const outputs = node.outputs.filter((name) => name !== '');
    const origin = this.origin(node, inputs);
    for (const name of outputs) own.set(name, { id: idOf(path, name), origin });
    this.nodes.push({
      name: pathBelow(path, node, index),
      operator: node.operator,
      inputs: [...new Set([...taken.map((value) => value?.id ?? ''), ...results])],
      outputs: outputs.map((name) => idOf(path, name)),
      parameters,
    });
  }

  /** The function that a node calls, if the model defines it. */
  private called({ domain, operator, overload }: OnnxNode): OnnxFunction | undefined {
    return this.functions.size === 0 ? undefined : this.functions.get(functionKey(domain, operator, overload));
  }

  /** Goes through the body of a function as if it stood in the place of its call. */
  private call(
    called: OnnxFunction,
    node: OnnxNode,
    index: number,
    inputs: readonly (Value | undefined)[],
    own: Map<string, Value>,
    path: string,
  ): void {
    const inner = pathBelow(path, node, index);
    const values = new Map<string, Value>();
    for (const [at, name] of called.inputs.entries()) values.set(name, inputs[at] ?? { id: idOf(inner, name) });
    this.steps += called.inputs.length;
    this.callDepth++;
    this.body(called, [values], inner);
    this.callDepth--;
    for (const [at, name] of node.outputs.entries()) {
      const formal = called.outputs[at] ?? '';
      own.set(name, values.get(formal) ?? { id: idOf(path, name) });
    }
  }

  /** Goes through the bodies of If, Loop and Scan. @returns names of the values that these give */
  private bodies(
    node: OnnxNode,
    index: number,
    inputs: readonly (Value | undefined)[],
    scopes: Map<string, Value>[],
    path: string,
  ): string[] {
    const results: string[] = [];
    for (const { attribute, graph } of node.graphs) {
      const inner = pathBelow(path, node, index, attribute);
      const values = this.initialValues(graph, inner);
      // Loop and Scan hand their inputs to the body in order; what they change from pass to pass is no parameter.
      for (const [at, name] of graph.inputs.entries()) {
        const given = inputs[at];
        values.set(name, given === undefined || given.carried !== undefined ? { id: idOf(inner, name) } : given);
      }
      const all = [...scopes, values];
      this.body(graph, all, inner);
      for (const name of graph.outputs) {
        const value = lookUp(all, name);
        if (value !== undefined && value.carried === undefined) results.push(value.id);
      }
    }
    return results;
  }

  /** Notes what each tensor among the inputs is for. */
  private useParameters(node: OnnxNode, inputs: readonly (Value | undefined)[]): NodeParameter[] {
    const parameters: NodeParameter[] = [];
    for (const [index, value] of inputs.entries()) {
      if (value?.carried === undefined) continue;
      const { record } = value.carried;
      const use = this.useOf(node, index, value.carried, inputs);
      if (use?.role !== undefined) record.roles.add(use.role);
      parameters.push(parameter(value.carried, use));
    }
    findQuantization(node, inputs);
    return parameters;
  }

  private useOf(
    node: OnnxNode,
    index: number,
    { record }: Carried,
    inputs: readonly (Value | undefined)[],
  ): InputUse | undefined {
    const known = inputUse(node, index);
    if (known !== undefined) return known;
    const { shape, count } = record.stored;
    const { operator } = node;
    if (operator === 'Gather' && index === 0) {
      return shape.length === 2 && inputs[1]?.carried === undefined ? LOOKED_UP : undefined;
    }
    const isVector = shape.length > 0 && shape.filter((size) => size !== 1).length <= 1;
    const other = inputs[1 - index]?.origin;
    if (operator === 'Add' && isVector) {
      if (other?.scaled === true) return { use: 'offset', role: 'norm' };
      return other?.linear === true || count > 1 ? { use: 'bias', role: 'bias' } : { use: 'other', role: 'constant' };
    }
    if (operator === 'Mul' && isVector && count > 1) return { use: 'scale', role: 'norm' };
    return count === 1 ? { use: 'other', role: 'constant' } : undefined;
  }

  private origin(node: OnnxNode, inputs: readonly (Value | undefined)[]): Origin {
    const { operator } = node;
    const [first, second] = inputs;
    const linear = isLinear(operator);
    switch (operator) {
      case 'Gather':
        return first?.carried === undefined ? { linear } : { linear, table: first.carried };
      case 'ConvInteger':
      case 'MatMulInteger': {
        const weight = second?.carried;
        if (weight === undefined) return { linear };
        const axis = operator === 'ConvInteger' ? 0 : -1;
        const [, , tableZero, zero] = inputs.map((value) => value?.carried?.record);
        return { linear, product: { weight, zero, axis, table: first?.origin?.table, tableZero } };
      }
      case 'Cast': {
        const product = first?.origin?.product;
        return product === undefined ? { linear } : { linear, product };
      }
      case 'Mul': {
        const factors = [first, second].flatMap((value) => value?.carried?.record ?? []);
        if (factors.length === 0) return { linear: first?.origin?.product !== undefined };
        return { linear, factors, scaled: factors.some(({ stored }) => stored.count > 1) };
      }
      case 'Reshape':
      case 'Squeeze':
      case 'Unsqueeze':
      case 'Transpose':
      case 'Identity': {
        const table = first?.origin?.table;
        return table === undefined ? { linear } : { linear, table };
      }
      default:
        return { linear };
    }
  }
}

function carry(node: OnnxNode, first: Carried, inputs: readonly (Value | undefined)[]): Carried {
  const { record, axes } = first;
  switch (node.operator) {
    case 'Reshape':
    case 'Flatten':
    case 'Squeeze':
    case 'Unsqueeze':
    case 'Expand':
      return { record };
    case 'Transpose': {
      const perm = node.attributes.get('perm') ?? axes?.map((_, index) => axes.length - 1 - index);
      if (axes === undefined || perm?.length !== axes.length) return { record };
      const moved = perm.map((from) => axes[from]);
      return { record, axes: moved.every((axis) => axis !== undefined) ? moved : undefined };
    }
    default:
      return inputs.length > 0 ? first : { record };
  }
}

function parameter({ record, axes }: Carried, use: InputUse | undefined): NodeParameter {
  const along = (dimension: number | undefined): number | undefined => {
    if (dimension === undefined || axes === undefined) return undefined;
    // A vector that is multiplied has input channels only.
    return axes[dimension < 0 ? dimension + axes.length : dimension];
  };
  const outputChannels = along(use?.outputChannels);
  const inputChannels = along(use?.inputChannels);
  return {
    tensor: record.name,
    use: use?.use ?? 'other',
    ...(outputChannels === undefined ? {} : { outputChannels }),
    ...(inputChannels === undefined ? {} : { inputChannels }),
  };
}

function lookUp(scopes: Scope, name: string): Value | undefined {
  for (let index = scopes.length - 1; index >= 0; index--) {
    const value = scopes[index]?.get(name);
    if (value !== undefined) return value;
  }
  return undefined;
}

function idOf(path: string, name: string): string {
  return path === '' ? name : `${path}/${name}`;
}

function functionKey(domain: string, name: string, overload: string): string {
  return JSON.stringify([domain === 'ai.onnx' ? '' : domain, name, overload]);
}
