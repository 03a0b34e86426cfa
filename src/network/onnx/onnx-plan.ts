import * as l10n from '@vscode/l10n';
import { FormatError } from '../../formats/errors';
import type { OnnxProgram, OnnxProgramNode, OnnxValueInfo } from '../../formats/onnx/onnx-program';
import type { OutputLink } from '../network';
import { cannotRun } from './onnx-call';
import { operatorFor } from './onnx-operators';
import { product } from '../../formats/shape';

/** TensorProto.DataType of real and of whole numbers. */
const FLOATS = new Set([1, 10, 11, 16]);
const INTEGERS = new Set([2, 3, 4, 5, 6, 7, 12, 13]);

/** No exporter in use writes older ones; their arithmetic broadcasts by other rules. */
const LEAST_OPSET = 7;

/** Numbers of the input, for all samples that the graph takes at a time: images have under a million. */
const MAX_INPUT_ELEMENTS = 2 ** 25;

/** What a graph takes: its shape with the batch. */
export interface OnnxInput extends OnnxValueInfo {
  readonly shape: readonly number[];
  readonly takesIntegers: boolean;
  readonly channels: 'last' | 'first' | 'none';
}

/** The part of a graph that is run: from its inputs to one output. */
export interface OnnxPlan {
  readonly inputs: readonly [OnnxInput, ...OnnxInput[]];
  /** Samples that the graph takes at once; −1 where it is open. */
  readonly batch: number;
  /** Name of the value that is given out: logits, if `link` says what makes probabilities of them. */
  readonly output: string;
  readonly link: OutputLink;
  /** With the batch, as far as the graph declares it. */
  readonly outputShape: readonly number[] | undefined;
  /** In the order of execution; without those that the output does not need. */
  readonly nodes: readonly OnnxProgramNode[];
  /** Names of the values that the nodes take from the file. */
  readonly constants: ReadonlySet<string>;
}

/** Decides what is run. @throws {FormatError} for several outputs, inputs that are none of samples, and operators that cannot be run */
export function planOf(program: OnnxProgram, file: string): OnnxPlan {
  const { opset } = program;
  if (opset < LEAST_OPSET) {
    throw refused(
      file,
      l10n.t('cannot be run: it is made for version {0} of the operators of ONNX, older than {1}', opset, LEAST_OPSET),
    );
  }
  const producers = new Map<string, OnnxProgramNode>();
  for (const node of program.nodes) for (const name of node.outputs) if (name !== '') producers.set(name, node);
  const { output, link, outputShape } = outputOf(program, producers, file);
  const needed = neededFor(output, program, producers);
  const nodes = program.nodes.filter((node) => needed.nodes.has(node));
  const taken = program.inputs.filter(({ name }) => needed.values.has(name));
  const [first, ...others] = taken;
  if (first === undefined) throw refused(file, l10n.t('cannot be run: its output depends on none of its inputs'));
  const inputs = [inputOf(first, nodes, file), ...others.map((info) => inputOf(info, nodes, file))] as const;
  for (const node of nodes) {
    if (operatorFor(node) === undefined) {
      throw cannotRun(file, node, l10n.t('is not among those that can be run'));
    }
  }
  const constants = new Set([...program.tensors.keys()].filter((name) => needed.values.has(name)));
  return { inputs, batch: batchOf(inputs, file), output, link, outputShape, nodes, constants };
}

function refused(file: string, reason: string): FormatError {
  return new FormatError({
    file,
    reason,
    remedy: l10n.t('Export the network with one output, and the samples along the first dimension of each input.'),
  });
}

function listed(infos: readonly OnnxValueInfo[]): string {
  return infos.map(({ name }) => `"${name}"`).join(', ');
}

/** An input that the output depends on. */
function inputOf(info: OnnxValueInfo, nodes: readonly OnnxProgramNode[], file: string): OnnxInput {
  const { name, elementType, shape } = info;
  if (!FLOATS.has(elementType) && !INTEGERS.has(elementType)) {
    throw refused(file, l10n.t('cannot be run: its input "{0}" takes no numbers', name));
  }
  if (shape === undefined || shape.length === 0) {
    throw refused(file, l10n.t('cannot be run: it does not say which shape its input "{0}" has', name));
  }
  if (product(shape.map((size) => Math.max(1, size))) > MAX_INPUT_ELEMENTS) {
    throw refused(file, l10n.t('cannot be run: its input has the shape [{0}]', shape.join(', ')));
  }
  return {
    name,
    elementType,
    shape,
    takesIntegers: INTEGERS.has(elementType),
    channels: channelsOf(name, shape, nodes),
  };
}

/** Samples at once: of all inputs the same, where they are not open. */
function batchOf(inputs: readonly OnnxInput[], file: string): number {
  const [batch = -1, ...others] = new Set(inputs.map(({ shape }) => shape[0] ?? -1));
  if (others.length === 0) return batch;
  const shapes = inputs.slice(0, 4).map(({ name, shape }) => `"${name}" [${shape.join(', ')}]`);
  throw refused(
    file,
    l10n.t('cannot be run: its inputs do not take as many samples as each other: {0}', shapes.join(', ').slice(0, 300)),
  );
}

/** The one output of real numbers, before what makes probabilities of logits. */
function outputOf(
  program: OnnxProgram,
  producers: ReadonlyMap<string, OnnxProgramNode>,
  file: string,
): Pick<OnnxPlan, 'output' | 'link' | 'outputShape'> {
  const real = program.outputs.flatMap((info) => {
    const producer = producers.get(info.name);
    // What scikit-learn's exporter makes of probabilities: a dictionary for each sample.
    if (producer?.operator === 'ZipMap') return [{ ...info, name: producer.inputs[0] ?? '', shape: undefined }];
    return FLOATS.has(info.elementType) || info.elementType === 0 ? [info] : [];
  });
  const [first] = real;
  if (first === undefined || real.length > 1) {
    throw refused(file, l10n.t('cannot be run: it has {0} outputs: {1}', real.length, listed(real)));
  }
  let { name } = first;
  let node = producers.get(name);
  while (node !== undefined && ['Identity', 'Cast'].includes(node.operator)) {
    name = node.inputs[0] ?? '';
    node = producers.get(name);
  }
  const link = node === undefined ? 'none' : linkOf(node, program.opset, first.shape?.length);
  const outputShape = first.shape;
  if (link === 'none') return { output: first.name, link, outputShape };
  return { output: node?.inputs[0] ?? '', link, outputShape };
}

/** @param rank of the output, if it is known */
function linkOf(
  { operator, domain, attributes }: OnnxProgramNode,
  opset: number,
  rank: number | undefined,
): OutputLink {
  if (domain !== '') return 'none';
  if (operator === 'Sigmoid') return 'sigmoid';
  if (operator !== 'Softmax' && operator !== 'LogSoftmax') return 'none';
  const axis = attributes.get('axis')?.integers[0] ?? (opset < 13 ? 1 : -1);
  // Probabilities of classes that are not the last dimension stay what they are.
  return axis === -1 || (rank !== undefined && axis === rank - 1) ? 'softmax' : 'none';
}

function neededFor(
  output: string,
  program: OnnxProgram,
  producers: ReadonlyMap<string, OnnxProgramNode>,
): { nodes: ReadonlySet<OnnxProgramNode>; values: ReadonlySet<string> } {
  const nodes = new Set<OnnxProgramNode>();
  const values = new Set<string>();
  const open = [output];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === '' || values.has(name)) continue;
    values.add(name);
    const node = program.tensors.has(name) ? undefined : producers.get(name);
    if (node === undefined || nodes.has(node)) continue;
    nodes.add(node);
    open.push(...node.inputs);
  }
  return { nodes, values };
}

/** Operators that may come before the first one that tells where the channels are. */
const NEUTRAL = new Set([
  ...['Identity', 'Cast', 'Add', 'Sub', 'Mul', 'Div', 'Pad', 'Clip', 'Relu', 'BatchNormalization', 'Dropout'],
]);

const CHANNELS_FIRST = new Set([
  ...['Conv', 'MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool', 'LRN', 'InstanceNormalization'],
]);

/** Where an image has its channels: told by the first operator that cares, or by the sizes. */
function channelsOf(name: string, shape: readonly number[], nodes: readonly OnnxProgramNode[]): OnnxInput['channels'] {
  if (shape.length !== 4) return 'none';
  const passed = new Set([name]);
  for (const { operator, inputs, outputs, attributes } of nodes) {
    if (!inputs.some((input) => passed.has(input))) continue;
    if (CHANNELS_FIRST.has(operator)) return 'first';
    if (operator === 'Transpose' && attributes.get('perm')?.integers.join() === '0,3,1,2') return 'last';
    if (NEUTRAL.has(operator)) for (const output of outputs) passed.add(output);
  }
  const isCount = (size = 0): boolean => size === 1 || size === 3 || size === 4;
  if (isCount(shape[1]) && !isCount(shape[3])) return 'first';
  return isCount(shape[3]) && !isCount(shape[1]) ? 'last' : 'none';
}
