import type { GraphNode, NodeParameter, Topology } from '../topology';
import { constantBehind, nodeOf, useOf } from './constants';
import type { GraphDefNode } from './graph-def';

/**
 * The operators of a graph and what they take. Constants are parameters of the operators that take them; the nodes that
 * only hand one on are left out.
 * @param names Names of the tensors, by the name of their node.
 */
export function graphTopology(nodes: readonly GraphDefNode[], names: ReadonlyMap<string, string>): Topology {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const taken = new Map<string, Set<string>>();
  for (const value of nodes.flatMap(({ inputs }) => inputs)) {
    const values = taken.get(nodeOf(value)) ?? new Set();
    values.add(plain(value));
    taken.set(nodeOf(value), values);
  }
  const inputs: string[] = [];
  const outputs: string[] = [];
  const graph: GraphNode[] = [];
  for (const node of nodes) {
    if (node.operator === 'Const' || constantBehind(node.name, byName) !== undefined) continue;
    if (node.operator === 'Placeholder') {
      inputs.push(node.name);
      continue;
    }
    const values: string[] = [];
    const parameters: NodeParameter[] = [];
    for (const [index, value] of node.inputs.entries()) {
      const constant = constantBehind(value, byName);
      if (constant === undefined) {
        values.push(plain(value));
        continue;
      }
      const tensor = names.get(constant.name);
      if (tensor !== undefined) parameters.push({ tensor, ...parameterUse(node, index) });
    }
    const given = taken.get(node.name);
    if (given === undefined && node.operator !== 'NoOp') outputs.push(node.name);
    graph.push({
      name: node.name,
      operator: node.operator,
      inputs: values,
      outputs: [...(given ?? [node.name])],
      parameters,
    });
  }
  return { nodes: graph, inputs, outputs };
}

function parameterUse(node: GraphDefNode, index: number): Omit<NodeParameter, 'tensor'> {
  const use = useOf(node, index);
  if (use === undefined) return { use: 'other' };
  const { outputChannels, inputChannels } = use;
  return {
    use: use.use,
    ...(outputChannels === undefined ? {} : { outputChannels }),
    ...(inputChannels === undefined ? {} : { inputChannels }),
  };
}

/** The first output of a node goes by the node's name. */
function plain(value: string): string {
  return value.endsWith(':0') ? value.slice(0, -2) : value;
}
