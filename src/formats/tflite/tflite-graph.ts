import type { TensorEntry, TensorRole } from '../checkpoint';
import { isFloatingPoint } from '../dtype';
import { tensorRole } from '../roles';
import type { GraphNode, NodeParameter, Topology } from '../topology';
import type { ModelOperator, Subgraph } from './tflite-model';
import { operandOf, STORAGE_OPERATORS, type Operand } from './tflite-operators';

/** A subgraph with the names that its tensors have in the checkpoint, and those of them that it lists. */
export interface NamedSubgraph {
  readonly subgraph: Subgraph;
  /** By index of the tensor. */
  readonly names: readonly string[];
  /** Constants that were read, by index of the tensor. */
  readonly entries: ReadonlyMap<number, TensorEntry>;
}

/** Nodes of one subgraph, and what its constants are for. */
export interface SubgraphTopology extends Topology {
  /** By name of the tensor; those that no operator tells anything about are missing. */
  readonly roles: ReadonlyMap<string, TensorRole>;
}

/** @param prefix Of the names of nodes without a name of their own. */
export function subgraphTopology({ subgraph, names, entries }: NamedSubgraph, prefix: string): SubgraphTopology {
  /** Constants by the index of the tensor that stands for them: themselves, or as another operator gives them. */
  const constants = new Map(entries);
  const roles = new Map<string, TensorRole>();
  const nodes: GraphNode[] = [];
  const used = new Set<string>();
  const nameOf = (index: number): string | undefined => names[index];
  for (const [number, operation] of subgraph.operators.entries()) {
    const constant = storedConstant(operation, constants);
    if (constant !== undefined) {
      for (const output of operation.outputs) constants.set(output, constant);
      continue;
    }
    const outputs = [...operation.outputs].map(nameOf).filter((name) => name !== undefined);
    const [first] = outputs;
    const name = first !== undefined && !used.has(first) ? first : `${prefix}${operation.operator} ${number}`;
    used.add(name);
    const { inputs, parameters } = takenBy(operation, constants, nameOf, roles);
    nodes.push({ name, operator: operation.operator, inputs, outputs, parameters });
  }
  return {
    nodes,
    inputs: [...subgraph.inputs].map(nameOf).filter((name) => name !== undefined),
    outputs: [...subgraph.outputs].map(nameOf).filter((name) => name !== undefined),
    roles,
  };
}

/** The constant that an operator only gives in another form. */
function storedConstant(
  { operator, inputs, outputs }: ModelOperator,
  constants: ReadonlyMap<number, TensorEntry>,
): TensorEntry | undefined {
  return STORAGE_OPERATORS.has(operator) && outputs.length === 1 ? constants.get(inputs[0] ?? -1) : undefined;
}

function takenBy(
  { operator, inputs, adjointRight }: ModelOperator,
  constants: ReadonlyMap<number, TensorEntry>,
  nameOf: (index: number) => string | undefined,
  roles: Map<string, TensorRole>,
): { inputs: string[]; parameters: NodeParameter[] } {
  const values: string[] = [];
  const parameters: NodeParameter[] = [];
  for (const [input, index] of inputs.entries()) {
    const entry = constants.get(index);
    if (entry === undefined) {
      const name = nameOf(index);
      if (name !== undefined) values.push(name);
      continue;
    }
    const { name, shape, dtype } = entry;
    const operand = operandOf(operator, input, shape, isFloatingPoint(dtype), adjointRight);
    if (operand !== undefined && !roles.has(name)) roles.set(name, operand.role);
    parameters.push({ tensor: name, use: operand?.use ?? 'other', ...channels(operand, shape) });
  }
  return { inputs: values, parameters };
}

/** Dimensions of channels, where the tensor has them. */
function channels(
  operand: Operand | undefined,
  shape: readonly number[],
): Pick<NodeParameter, 'outputChannels' | 'inputChannels'> {
  const dimension = (number: number | undefined): number | undefined => {
    if (number === undefined) return undefined;
    const index = number < 0 ? shape.length + number : number;
    return index >= 0 && index < shape.length ? index : undefined;
  };
  const outputChannels = dimension(operand?.outputChannels);
  const inputChannels = dimension(operand?.inputChannels);
  return {
    ...(outputChannels === undefined ? {} : { outputChannels }),
    ...(inputChannels === undefined ? {} : { inputChannels }),
  };
}

/**
 * What a constant is for: by the operator that takes it, else by its name and shape. Integers that no scale makes real
 * are shapes, axes and paddings.
 */
export function constantRole(entry: TensorEntry, byOperator: TensorRole | undefined): TensorRole {
  if (byOperator !== undefined) return byOperator;
  if (!isFloatingPoint(entry.dtype) || entry.count === 1) return 'constant';
  return tensorRole(entry.name, entry.shape, entry.dtype);
}
