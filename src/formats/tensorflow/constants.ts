import * as l10n from '@vscode/l10n';
import type { CheckpointNote, TensorEntry, TensorRole } from '../checkpoint';
import { isFloatingPoint } from '../dtype';
import { tensorRole } from '../roles';
import type { NodeParameter } from '../topology';
import { dataTypeName, storedAs } from './data-types';
import type { GraphDefBody, GraphDefNode } from './graph-def';
import { isString } from './tensor-proto';

/** Operators that hand their only input on. */
const PASSING = new Set(['Identity', 'StopGradient', 'Snapshot', 'ReadVariableOp', 'Enter', 'Cast']);

/** Operators that change the shape only: a vector of biases is made one that fits. */
const RESHAPING = new Set(['Reshape', 'Squeeze', 'ExpandDims']);

/** Functions that TensorFlow adds to a SavedModel to save and restore it; their constants are no part of the network. */
const SAVING = /^__inference__traced_(save|restore)(_\d+)?$/;

/** What an operator takes a constant for, by the constant's place among its inputs. */
export interface Use {
  readonly use: NodeParameter['use'];
  readonly role?: TensorRole;
  readonly outputChannels?: number;
  readonly inputChannels?: number;
}

const BIAS: Use = { use: 'bias', role: 'bias', outputChannels: 0 };
const BATCH_NORM: readonly (Use | undefined)[] = [
  undefined,
  { use: 'scale', role: 'norm', outputChannels: 0 },
  { use: 'offset', role: 'norm', outputChannels: 0 },
  { use: 'mean', role: 'buffer', outputChannels: 0 },
  { use: 'variance', role: 'buffer', outputChannels: 0 },
];

/** Filters have their channels last: height, width, in, out. */
const KERNEL_2D: Use = { use: 'weight', role: 'weight', inputChannels: 2, outputChannels: 3 };
const KERNEL_3D: Use = { use: 'weight', role: 'weight', inputChannels: 3, outputChannels: 4 };
const MATRIX: Use = { use: 'weight', role: 'weight', inputChannels: 0, outputChannels: 1 };
const TABLE: Use = { use: 'weight', role: 'embedding', inputChannels: 0, outputChannels: 1 };

const USES: ReadonlyMap<string, readonly (Use | undefined)[]> = new Map<string, readonly (Use | undefined)[]>([
  ['Conv2D', [undefined, KERNEL_2D]],
  ['_FusedConv2D', [undefined, KERNEL_2D, BIAS]],
  ['QuantizedConv2D', [undefined, KERNEL_2D]],
  // Height, width, in, multiplier: the output channels run along both of the last.
  ['DepthwiseConv2dNative', [undefined, { use: 'weight', role: 'weight', inputChannels: 2 }]],
  ['_FusedDepthwiseConv2dNative', [undefined, { use: 'weight', role: 'weight', inputChannels: 2 }, BIAS]],
  ['Conv2DBackpropInput', [undefined, { use: 'weight', role: 'weight', inputChannels: 3, outputChannels: 2 }]],
  ['Conv3D', [undefined, KERNEL_3D]],
  ['Conv3DBackpropInputV2', [undefined, { use: 'weight', role: 'weight', inputChannels: 4, outputChannels: 3 }]],
  ['MatMul', [undefined, MATRIX]],
  ['_FusedMatMul', [undefined, MATRIX, BIAS]],
  ['QuantizedMatMul', [undefined, MATRIX]],
  ['BiasAdd', [undefined, BIAS]],
  ['BiasAddV1', [undefined, BIAS]],
  ['FusedBatchNorm', BATCH_NORM],
  ['FusedBatchNormV2', BATCH_NORM],
  ['FusedBatchNormV3', BATCH_NORM],
  ['Gather', [TABLE]],
  ['GatherV2', [TABLE]],
  ['ResourceGather', [TABLE]],
]);

/** The node that a value comes from: `^` and the number of the output are cut off. */
export function nodeOf(value: string): string {
  const colon = value.indexOf(':');
  return colon === -1 ? value : value.slice(0, colon);
}

/** What a node takes its input at `index` for, if that is known of its operator. */
export function useOf(node: GraphDefNode, index: number): Use | undefined {
  const use = USES.get(node.operator)?.[index];
  if (use === undefined || !node.transposed || use.use !== 'weight') return use;
  return { ...use, inputChannels: use.outputChannels ?? 0, outputChannels: use.inputChannels ?? 0 };
}

/** Follows a value back through operators that only hand it on, to the constant it is. Undefined if it is none. */
export function constantBehind(value: string, nodes: ReadonlyMap<string, GraphDefNode>): GraphDefNode | undefined {
  let node = nodes.get(nodeOf(value));
  let reshaped = false;
  // A loop of identities cannot be run; the file may have one all the same.
  for (let steps = 0; node !== undefined && steps < 16; steps++) {
    if (node.constant !== undefined) return reshaped && node.constant.shape.length !== 1 ? undefined : node;
    const [first] = node.inputs;
    if (RESHAPING.has(node.operator)) reshaped = true;
    else if (!PASSING.has(node.operator)) return undefined;
    if (first === undefined) return undefined;
    node = nodes.get(nodeOf(first));
  }
  return undefined;
}

/** The constants of graphs as the tensors of a checkpoint. */
export class Constants {
  readonly tensors: TensorEntry[] = [];
  private readonly used = new Set<string>();
  private readonly strings: string[] = [];
  private readonly unread: string[] = [];
  private readonly renamed: string[] = [];
  private unreadType = 0;

  /** @returns the names of the tensors by the name of their node */
  add({ functionName, nodes }: GraphDefBody): ReadonlyMap<string, string> {
    const names = new Map<string, string>();
    if (functionName !== undefined && SAVING.test(functionName)) return names;
    const roles = constantRoles(nodes);
    for (const { name: node, constant } of nodes) {
      if (constant === undefined) continue;
      const wanted = functionName === undefined ? node : `${functionName}/${node}`;
      const { type, shape, values } = constant;
      if (values === undefined) {
        if (isString(constant)) this.strings.push(wanted);
        else {
          this.unread.push(wanted);
          this.unreadType = type;
        }
        continue;
      }
      const name = this.unique(wanted);
      if (name !== wanted) this.renamed.push(name);
      names.set(node, name);
      const { dtype, count, storage } = values;
      const stored = storedAs(type);
      const known = shape.length > 0 && isFloatingPoint(dtype) ? roles.get(node) : undefined;
      this.tensors.push({
        name,
        dtype,
        shape,
        count,
        role: known ?? tensorRole(node, shape, dtype),
        storage,
        ...(stored === undefined ? {} : { storedAs: stored }),
      });
    }
    return names;
  }

  notes(): CheckpointNote[] {
    const notes: CheckpointNote[] = [];
    if (this.strings.length > 0) {
      notes.push({
        code: 'string-tensors',
        message: l10n.t('Tensors of strings are not analyzed.'),
        tensors: this.strings,
      });
    }
    if (this.unread.length > 0) {
      notes.push({
        code: 'skipped-types',
        message: l10n.t(
          '{0} tensors have the type {1}, which is not analyzed.',
          this.unread.length,
          dataTypeName(this.unreadType),
        ),
        tensors: this.unread,
      });
    }
    if (this.renamed.length > 0) {
      notes.push({
        code: 'renamed-tensors',
        message: l10n.t('{0} tensors have the name of another one; a number was added.', this.renamed.length),
        tensors: this.renamed,
      });
    }
    return notes;
  }

  private unique(wanted: string): string {
    let name = wanted;
    for (let number = 2; this.used.has(name); number++) name = `${wanted}#${number}`;
    this.used.add(name);
    return name;
  }
}

/** What the operators that take them make of constants, by the name of their node. */
function constantRoles(nodes: readonly GraphDefNode[]): ReadonlyMap<string, TensorRole> {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const roles = new Map<string, TensorRole>();
  for (const node of nodes) {
    for (const [index, value] of node.inputs.entries()) {
      const role = useOf(node, index)?.role;
      const constant = role === undefined ? undefined : constantBehind(value, byName);
      if (role !== undefined && constant !== undefined && !roles.has(constant.name)) roles.set(constant.name, role);
    }
  }
  return roles;
}
