import { describe, expect, it } from 'vitest';
import { modelOf, type ConstantOf, type ModelOf, type NodeOf } from './onnx-models';
import { logitsOf, pseudoRandom, reference, relativeError, withFile, withNetwork } from './run-onnx';

interface Case {
  /** What is special about it. */
  readonly title: string;
  readonly sample: readonly number[];
  readonly nodes: readonly NodeOf[];
  readonly constants?: Readonly<Record<string, ConstantOf>>;
  readonly opset?: number;
  readonly positive?: true;
}

/** One operator of the input and some constants, which are named in the order of its inputs after the first. */
function one(
  operator: string,
  sample: readonly number[],
  attributes: NonNullable<NodeOf['attributes']> = {},
  constants: Readonly<Record<string, ConstantOf>> = {},
  more: Partial<Case> = {},
): Case {
  const shown = Object.entries(attributes).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const title = [operator, JSON.stringify(sample), ...shown].join(' ');
  return {
    title,
    sample,
    nodes: [{ operator, inputs: ['x', ...Object.keys(constants)], attributes }],
    constants,
    ...more,
  };
}

const IMAGE = [4, 7, 6];
const kernel = (...shape: number[]): Readonly<Record<string, ConstantOf>> => ({ w: { shape } });

/** Behind the operator, so that no link is left away. */
const AGAIN: NodeOf = { operator: 'Neg', inputs: ['a'] };

const ACTIVATIONS: readonly Case[] = [
  ...['Relu', 'Sigmoid', 'Tanh', 'Softplus', 'Softsign', 'HardSwish', 'Mish', 'Erf', 'Abs', 'Neg', 'Exp'].map((name) =>
    one(name, [5]),
  ),
  ...['Sin', 'Cos', 'Floor', 'Ceil', 'Sign', 'Reciprocal'].map((name) => one(name, [5])),
  ...['Sqrt', 'Log'].map((name) => one(name, [5], {}, {}, { positive: true })),
  one('LeakyRelu', [5], { alpha: { float: 0.3 } }),
  one('LeakyRelu', [5]),
  one('Elu', [5], { alpha: { float: 0.7 } }),
  one('Celu', [5], { alpha: { float: 0.7 } }),
  one('Selu', [5]),
  one('HardSigmoid', [5], { alpha: { float: 0.4 }, beta: { float: 0.3 } }),
  one('HardSigmoid', [5]),
  one('Gelu', [5]),
  one('Gelu', [5], { approximate: 'tanh' }),
  one('PRelu', IMAGE, {}, { slope: { shape: [4, 1, 1] } }),
  one('Clip', [5], {}, { low: { floats: [-0.4], shape: [] }, high: { floats: [0.5], shape: [] } }),
  one('Clip', [5], { min: { float: -0.2 }, max: { float: 0.6 } }, {}, { opset: 10 }),
  one('Clip', [5], {}, { low: { floats: [0.1], shape: [] } }),
  one('Softmax', [3, 4], { axis: 1 }),
  one('LogSoftmax', [3, 4], { axis: -2 }),
  one('Softmax', [3, 4], {}, {}, { opset: 11 }),
].map((test) => ({ ...test, nodes: [...test.nodes.map((node) => ({ ...node, outputs: ['a'] })), AGAIN] }));

const CONVOLUTIONS: readonly Case[] = [
  one('Conv', IMAGE, { kernel_shape: [3, 2] }, kernel(5, 4, 3, 2)),
  one('Conv', IMAGE, { kernel_shape: [3, 3], pads: [1, 0, 2, 1], strides: [2, 1] }, kernel(5, 4, 3, 3)),
  one('Conv', IMAGE, { kernel_shape: [3, 2], dilations: [2, 3], pads: [1, 1, 1, 1] }, kernel(5, 4, 3, 2)),
  one('Conv', IMAGE, { auto_pad: 'SAME_UPPER', strides: [2, 2] }, kernel(3, 4, 3, 2)),
  one('Conv', IMAGE, { auto_pad: 'SAME_LOWER', strides: [1, 1] }, kernel(3, 4, 2, 4)),
  one('Conv', IMAGE, { auto_pad: 'VALID' }, { ...kernel(3, 4, 3, 2), b: { shape: [3] } }),
  one('Conv', IMAGE, { group: 4, pads: [1, 1, 1, 1], strides: [2, 2] }, kernel(4, 1, 3, 3)),
  one('Conv', IMAGE, { group: 4, pads: [1, 1, 1, 1] }, { ...kernel(8, 1, 3, 3), b: { shape: [8] } }),
  one('Conv', IMAGE, { group: 4, dilations: [2, 1] }, kernel(4, 1, 3, 3)),
  one('Conv', IMAGE, { group: 4, strides: [2, 1] }, kernel(4, 1, 3, 3)),
  one('Conv', IMAGE, { group: 2, strides: [2, 1] }, kernel(6, 2, 3, 3)),
  one('Conv', [4, 9], { kernel_shape: [3], pads: [1, 2], strides: [2], dilations: [2] }, kernel(5, 4, 3)),
  one('MaxPool', IMAGE, { kernel_shape: [3, 2], strides: [2, 2] }),
  one('MaxPool', IMAGE, { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 0, 1, 1] }),
  one('MaxPool', IMAGE, { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }),
  one('MaxPool', IMAGE, { kernel_shape: [2, 2], strides: [2, 2], auto_pad: 'SAME_UPPER' }),
  one('MaxPool', [4, 9], { kernel_shape: [2], strides: [2] }),
  one('AveragePool', IMAGE, { kernel_shape: [3, 2], strides: [2, 2] }),
  one('AveragePool', IMAGE, { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
  one('AveragePool', IMAGE, { kernel_shape: [3, 3], pads: [1, 1, 0, 1], count_include_pad: 1 }),
  one('AveragePool', IMAGE, { kernel_shape: [2, 4], strides: [2, 3], ceil_mode: 1 }),
  one('AveragePool', IMAGE, { kernel_shape: [3, 3], auto_pad: 'SAME_LOWER', strides: [2, 2] }),
  one('AveragePool', [4, 9], { kernel_shape: [2], strides: [2], pads: [1, 0] }),
  one('GlobalAveragePool', IMAGE),
  one('GlobalMaxPool', IMAGE),
  one('GlobalAveragePool', [4, 9]),
  one('LRN', IMAGE, { size: 3, alpha: { float: 0.5 }, beta: { float: 0.6 }, bias: { float: 1.5 } }),
  one('LRN', IMAGE, { size: 5 }),
  one('Upsample', IMAGE, {}, { scales: { floats: [1, 1, 2, 3] } }, { opset: 9 }),
  {
    title: 'Resize to the nearest',
    sample: IMAGE,
    nodes: [{ operator: 'Resize', inputs: ['x', '', 's'], attributes: { mode: 'nearest' } }],
    constants: { s: { floats: [1, 1, 3, 2] } },
  },
];

/** As scikit-learn's pipelines begin. */
const SCALER: Case = {
  title: 'Scaler',
  sample: [4],
  nodes: [
    {
      ...{ operator: 'Scaler', domain: 'ai.onnx.ml', inputs: ['x'] },
      attributes: { offset: { floats: [0.5, 1, -1, 2] }, scale: { floats: [2, 0.5, 1, 3] } },
    },
  ],
};

const vector = (size: number): ConstantOf => ({ shape: [size] });
const STATISTICS = { s: vector(4), b: vector(4), m: vector(4), v: { shape: [4], from: 0.5, to: 2 } };

const NORMALISATIONS: readonly Case[] = [
  SCALER,
  one('BatchNormalization', IMAGE, { epsilon: { float: 0.01 }, momentum: { float: 0.9 } }, STATISTICS),
  one('BatchNormalization', [4], {}, STATISTICS),
  one('BatchNormalization', [4, 5], {}, STATISTICS),
  one('LayerNormalization', [3, 4], { epsilon: { float: 0.01 } }, { s: vector(4), b: vector(4) }),
  one('LayerNormalization', [3, 4], { axis: 1 }, { s: { shape: [3, 4] } }),
  one('InstanceNormalization', IMAGE, {}, { s: vector(4), b: vector(4) }),
  one('GroupNormalization', IMAGE, { num_groups: 2 }, { s: vector(4), b: vector(4) }, { opset: 21 }),
  one('GroupNormalization', IMAGE, { num_groups: 2 }, { s: vector(2), b: vector(2) }),
];

const MATRICES: readonly Case[] = [
  one('Gemm', [4], { transB: 1 }, { w: { shape: [3, 4] }, b: { shape: [3] } }),
  one('Gemm', [4], { alpha: { float: 0.5 }, beta: { float: 2 } }, { w: { shape: [4, 3] }, b: { shape: [1, 3] } }),
  one('MatMul', [4], {}, { w: { shape: [4, 3] } }),
  one('MatMul', [5, 4], {}, { w: { shape: [4, 3] } }),
  one('MatMul', [3, 5, 4], {}, { w: { shape: [3, 4, 2] } }),
  one('MatMul', [3, 5, 4], {}, { w: { shape: [4] } }),
  {
    title: 'MatMul with weights on the left',
    sample: [4, 5],
    nodes: [{ operator: 'MatMul', inputs: ['w', 'x'] }],
    constants: { w: { shape: [3, 4] } },
  },
  {
    title: 'MatMul of the input with itself',
    sample: [3, 4],
    nodes: [
      { operator: 'Transpose', inputs: ['x'], outputs: ['t'], attributes: { perm: [0, 2, 1] } },
      { operator: 'MatMul', inputs: ['x', 't'] },
    ],
  },
];

const integers = (...numbers: number[]): ConstantOf => ({ integers: numbers });
const scalar = (number: number): ConstantOf => ({ floats: [number], shape: [] });

const ARRANGING: readonly Case[] = [
  one('Reshape', [4, 6], {}, { s: integers(0, 3, -1) }),
  one('Reshape', [4, 6], {}, { s: integers(-1, 8, 3) }),
  one('Flatten', IMAGE),
  one('Flatten', IMAGE, { axis: -3 }),
  one('Squeeze', [1, 5, 1], {}, { a: integers(1, -1) }),
  one('Squeeze', [1, 5], { axes: [1] }, {}, { opset: 11 }),
  one('Unsqueeze', [5], {}, { a: integers(1, -1) }),
  one('Transpose', IMAGE, { perm: [0, 2, 3, 1] }),
  one('Transpose', IMAGE, { perm: [0, 3, 1, 2] }),
  one('Transpose', [4, 5], { perm: [0, 2, 1] }),
  one('Slice', [6, 5], {}, { b: integers(1, -4), e: integers(5, 9_223_372_036), a: integers(1, 2) }),
  one('Slice', [7], {}, { b: integers(-1), e: integers(-100), a: integers(1), s: integers(-2) }),
  one('Slice', [7], { starts: [1], ends: [-1], axes: [1] }, {}, { opset: 9 }),
  one('Gather', [6, 5], { axis: 1 }, { i: { integers: [-1], shape: [] } }),
  one('Gather', [6, 5], { axis: 2 }, { i: { integers: [4, 0, 2, 2], shape: [2, 2] } }),
  one('GatherND', [3, 5], {}, { i: { integers: [0, 2, -1, 0], shape: [2, 2] } }),
  {
    title: 'GatherND of constants at places that depend on the sample, and on the batch alone',
    sample: [4, 2],
    nodes: [
      { operator: 'Floor', inputs: ['x'], outputs: ['below'] },
      { operator: 'Cast', inputs: ['below'], outputs: ['negative'], attributes: { to: 7 } },
      { operator: 'GatherND', inputs: ['table', 'negative'], outputs: ['taken'] },
      { operator: 'Shape', inputs: ['x'], outputs: ['size'] },
      { operator: 'GatherND', inputs: ['size', 'second'], outputs: ['four'] },
      { operator: 'Cast', inputs: ['four'], outputs: ['real'], attributes: { to: 1 } },
      { operator: 'Mul', inputs: ['taken', 'real'] },
    ],
    constants: { table: { shape: [2, 3, 2] }, second: { integers: [1], shape: [1] } },
  },
  {
    title: 'IsNaN',
    sample: [5],
    nodes: [
      { operator: 'Sqrt', inputs: ['x'], outputs: ['root'] },
      { operator: 'IsNaN', inputs: ['root'], outputs: ['none'] },
      { operator: 'Where', inputs: ['none', 'x', 'root'] },
    ],
  },
  one('Pad', IMAGE, {}, { p: integers(0, 1, 2, 0, 0, 0, 1, 3), v: scalar(0.5) }),
  one('Pad', IMAGE, {}, { p: integers(0, 0, -1, 1, 0, 0, 0, -2) }),
  one('Pad', [5], { pads: [0, 2, 0, 1], value: { float: 0.25 } }, {}, { opset: 10 }),
  one('Expand', [1, 5], {}, { s: integers(1, 3, 1) }),
  one('Tile', [3], {}, { r: integers(1, 2) }),
  one('ReduceMean', IMAGE, { keepdims: 0 }, { a: integers(2, 3) }),
  one('ReduceMean', IMAGE, { axes: [1], keepdims: 1 }, {}, { opset: 13 }),
  one('ReduceSum', [3, 4], { keepdims: 0 }, { a: integers(-1) }),
  one('ReduceMax', [3, 4], {}, { a: integers(1) }),
  one('ReduceMin', [3, 4], { keepdims: 0 }, { a: integers(2) }),
  one('ReduceL2', [3, 4], {}, { a: integers(1) }),
  one('ReduceSumSquare', [3, 4], {}, { a: integers(1) }),
  one('ReduceLogSumExp', [3, 4], {}, { a: integers(1) }),
  one('Dropout', [5], {}, { r: scalar(0.5) }),
  one(
    'Split',
    [7],
    { axis: 1 },
    { s: integers(3, 4) },
    {
      nodes: [
        { operator: 'Split', inputs: ['x', 's'], outputs: ['p', 'q'], attributes: { axis: 1 } },
        { operator: 'Concat', inputs: ['q', 'p', 'q'], attributes: { axis: 1 } },
      ],
    },
  ),
  one(
    'Split',
    [6],
    {},
    {},
    {
      nodes: [
        { operator: 'Split', inputs: ['x'], outputs: ['p', 'q'], attributes: { axis: -1, num_outputs: 2 } },
        { operator: 'Sub', inputs: ['q', 'p'] },
      ],
    },
  ),
];

const ARITHMETIC: readonly Case[] = [
  ...['Add', 'Sub', 'Mul', 'Div', 'Min', 'Max'].map((name) =>
    one(name, IMAGE, {}, { c: { shape: [4, 1, 1], from: 1, to: 2 } }),
  ),
  ...[1, 2, 3, 0.5, -1, 1.7].map((exponent) =>
    one('Pow', [5], {}, { e: scalar(exponent) }, { positive: true, title: `Pow ${exponent}` }),
  ),
  {
    title: 'a block of a residual network, whose layouts have to agree',
    sample: IMAGE,
    constants: {
      w: { shape: [4, 4, 3, 3] },
      ...STATISTICS,
      c: { shape: [1, 4, 1, 1] },
      d: { shape: [6] },
      e: { shape: [7, 1] },
    },
    nodes: [
      { operator: 'Conv', inputs: ['x', 'w'], outputs: ['c1'], attributes: { pads: [1, 1, 1, 1] } },
      { operator: 'BatchNormalization', inputs: ['c1', 's', 'b', 'm', 'v'], outputs: ['n1'] },
      { operator: 'Add', inputs: ['x', 'n1'], outputs: ['sum'] },
      { operator: 'Mul', inputs: ['c', 'sum'], outputs: ['scaled'] },
      { operator: 'Add', inputs: ['scaled', 'd'], outputs: ['moved'] },
      { operator: 'Sub', inputs: ['e', 'moved'], outputs: ['less'] },
      { operator: 'Concat', inputs: ['less', 'x', 'n1'], outputs: ['all'], attributes: { axis: 1 } },
      { operator: 'ReduceMean', inputs: ['all', 'axes'], outputs: ['line'], attributes: { keepdims: 0 } },
      { operator: 'Softmax', inputs: ['line'], outputs: ['soft'], attributes: { axis: 1 } },
      { operator: 'Reshape', inputs: ['soft', 'flat'] },
    ],
  },
  {
    title: 'shapes that are computed',
    sample: [3, 4],
    constants: { zero: integers(0), one: integers(1), two: integers(2), four: integers(4), half: scalar(0.5) },
    nodes: [
      { operator: 'Shape', inputs: ['x'], outputs: ['shape'] },
      { operator: 'Gather', inputs: ['shape', 'zero'], outputs: ['batch'] },
      { operator: 'Slice', inputs: ['shape', 'one', 'two'], outputs: ['rows'] },
      { operator: 'Mul', inputs: ['rows', 'four'], outputs: ['all'] },
      { operator: 'Div', inputs: ['all', 'two'], outputs: ['halves'] },
      { operator: 'Concat', inputs: ['batch', 'two', 'halves'], outputs: ['target'], attributes: { axis: 0 } },
      { operator: 'Reshape', inputs: ['x', 'target'], outputs: ['split'] },
      { operator: 'Cast', inputs: ['rows'], outputs: ['real'], attributes: { to: 1 } },
      { operator: 'Pow', inputs: ['real', 'half'], outputs: ['root'] },
      { operator: 'Div', inputs: ['split', 'root'] },
    ],
  },
  {
    title: 'conditions on numbers of the sample',
    sample: [3, 4],
    constants: { half: scalar(0.25), other: { shape: [4] } },
    nodes: [
      { operator: 'Greater', inputs: ['x', 'half'], outputs: ['more'] },
      { operator: 'Where', inputs: ['more', 'x', 'other'] },
    ],
  },
];

describe.each([
  ['activation functions', ACTIVATIONS],
  ['convolutions and poolings', CONVOLUTIONS],
  ['normalisations', NORMALISATIONS],
  ['products of matrices', MATRICES],
  ['arranging and reducing', ARRANGING],
  ['arithmetic', ARITHMETIC],
] as const)('%s', (_, cases) => {
  it.each(cases.map((test) => [test.title, test] as const))('%s', async (__, test) => {
    const { sample, nodes, constants = {}, opset, positive } = test;
    const model: ModelOf = {
      input: ['batch', ...sample],
      ...{ nodes, constants: { axes: integers(3), flat: integers(0, -1), ...constants } },
      ...(opset === undefined ? {} : { opset }),
    };
    const used = new Set(nodes.flatMap(({ inputs }) => inputs));
    const needed = Object.fromEntries(Object.entries(model.constants ?? {}).filter(([name]) => used.has(name)));
    // A model without any weights is none.
    const tensors = { ...needed, unused: { floats: [0, 1] } };
    await withFile(modelOf({ ...model, constants: tensors }), async (file) => {
      const shape = [2, ...sample];
      const numbers = pseudoRandom(
        shape.reduce((product, size) => product * size, 1),
        5,
      );
      const given = { shape, values: positive === true ? numbers.map((value) => 1.25 + value) : numbers };
      const expected = await reference(file, given);
      await withNetwork(file, async (network) => {
        const output = await logitsOf(network, given);
        expect(network.link).toBe('none');
        expect(output.shape).toEqual(expected.shape);
        expect(relativeError(output, expected)).toBeLessThan(2e-6);
      });
    });
  });
});
