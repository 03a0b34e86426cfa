import type { TensorRole } from '../checkpoint';

/**
 * What layers of a neural network keep, from `NeuralNetwork.proto`: which fields of a layer's parameters are weights, and
 * what their shape is, which is said by other fields, if at all.
 */

/** Whole numbers of a layer's parameters by field: a single one is a list of one. */
export type Sizes = ReadonlyMap<number, readonly number[]>;

export interface LayerWeight {
  /** Fields on the way from the layer's parameters to the weight: messages in messages. */
  readonly path: readonly number[];
  /** Which of the fields with the first number of the path; all of them if absent. */
  readonly occurrence?: number;
  readonly name: string;
  /** By name, shape and type if absent. */
  readonly role?: TensorRole;
  /** Undefined where the file does not say it: a vector then. */
  readonly shape?: (sizes: Sizes) => readonly number[];
  /** The dimension that has a scale for each index, where there are several scales; the first if absent. */
  readonly scaleAxis?: (sizes: Sizes) => number;
}

export interface LayerKind {
  readonly weights: readonly LayerWeight[];
  /** Fields that are lists of whole numbers. */
  readonly lists?: readonly number[];
  /** Fields that hold whole networks. */
  readonly networks?: readonly (readonly [field: number, name: string])[];
}

const one = (sizes: Sizes, field: number): number => sizes.get(field)?.[0] ?? 0;
const list = (sizes: Sizes, field: number): readonly number[] => sizes.get(field) ?? [];
const vector =
  (field: number) =>
  (sizes: Sizes): readonly number[] => [one(sizes, field)];
const matrix =
  (rows: number, columns: number) =>
  (sizes: Sizes): readonly number[] => [one(sizes, rows), one(sizes, columns)];

/** Numbers that are not there are 0; groups count from 1. */
const groups = (sizes: Sizes, field: number): number => Math.max(1, one(sizes, field));

function convolution(sizes: Sizes): readonly number[] {
  const [height = 3, width = 3] = list(sizes, 20);
  const outputs = one(sizes, 1);
  const inputs = one(sizes, 2);
  return one(sizes, 60) === 0 ? [outputs, inputs, height, width] : [inputs, outputs / groups(sizes, 10), height, width];
}

function convolution3d(sizes: Sizes): readonly number[] {
  const kernel = [one(sizes, 20), one(sizes, 21), one(sizes, 22)];
  const outputs = one(sizes, 1);
  const inputs = one(sizes, 2);
  return one(sizes, 86) === 0
    ? [outputs, inputs / groups(sizes, 10), ...kernel]
    : [inputs, outputs / groups(sizes, 10), ...kernel];
}

/** Weights and bias of a layer whose matrix has a row for each output. */
function linear(inputs: number, outputs: number, role: TensorRole, weights = 20): LayerKind {
  return {
    weights: [
      { path: [weights], name: 'weights', role, shape: matrix(outputs, inputs) },
      { path: [weights + 1], name: 'bias', role: 'bias', shape: vector(outputs) },
    ],
  };
}

/** `ActivationParams`: two kinds of activations have parameters. */
function activations(path: readonly number[], prefix: string): readonly LayerWeight[] {
  return [
    { path: [...path, 25, 1], name: `${prefix}alpha`, role: 'other' },
    { path: [...path, 71, 1], name: `${prefix}alpha`, role: 'other' },
    { path: [...path, 71, 2], name: `${prefix}beta`, role: 'other' },
  ];
}

/** Matrices for inputs and for the state, and vectors: of each gate, one field after the other. */
function gates(
  path: readonly number[],
  names: readonly string[],
  first: { readonly weights: number; readonly recursion: number; readonly bias: number },
  prefix = '',
): LayerWeight[] {
  const part = (field: number, suffix: string, role: TensorRole, shape: (sizes: Sizes) => readonly number[]) =>
    names.map((name, gate): LayerWeight => {
      return { path: [...path, field + gate], name: `${prefix}${name}${suffix}`, role, shape };
    });
  return [
    ...part(first.weights, 'WeightMatrix', 'weight', matrix(2, 1)),
    ...part(first.recursion, 'RecursionMatrix', 'weight', matrix(2, 2)),
    ...part(first.bias, 'BiasVector', 'bias', vector(2)),
  ];
}

/** `LSTMWeightParams`. */
function lstm(prefix: string, occurrence?: number): LayerWeight[] {
  const path = [20];
  const fields = { weights: 1, recursion: 20, bias: 40 };
  const peepholes = ['input', 'forget', 'output'].map((gate, index): LayerWeight => {
    return { path: [...path, 60 + index], name: `${prefix}${gate}GatePeepholeVector`, role: 'other', shape: vector(2) };
  });
  const all = [...gates(path, ['inputGate', 'forgetGate', 'blockInput', 'outputGate'], fields, prefix), ...peepholes];
  return occurrence === undefined ? all : all.map((weight) => ({ ...weight, occurrence }));
}

const constant = (field: number): LayerKind => ({
  weights: [{ path: [field], name: 'data', shape: (sizes) => list(sizes, 1) }],
  lists: [1],
});

/** By their field in `NeuralNetworkLayer`. */
export const LAYER_KINDS: ReadonlyMap<number, LayerKind> = new Map<number, LayerKind>([
  [
    100,
    {
      weights: [
        {
          path: [90],
          name: 'weights',
          role: 'weight',
          shape: convolution,
          scaleAxis: (sizes) => (one(sizes, 60) === 0 ? 0 : 1),
        },
        { path: [91], name: 'bias', role: 'bias', shape: vector(1) },
      ],
      lists: [20],
    },
  ],
  [130, { weights: activations([], '') }],
  [140, linear(1, 2, 'weight')],
  [150, linear(1, 2, 'embedding')],
  [
    160,
    {
      weights: [
        { path: [15], name: 'gamma', role: 'norm', shape: vector(1) },
        { path: [16], name: 'beta', role: 'norm', shape: vector(1) },
        { path: [17], name: 'mean', role: 'buffer', shape: vector(1) },
        { path: [18], name: 'variance', role: 'buffer', shape: vector(1) },
      ],
    },
  ],
  [
    245,
    {
      weights: [
        { path: [2], name: 'scale', role: 'norm', shape: (sizes) => list(sizes, 1) },
        { path: [5], name: 'bias', role: 'bias', shape: (sizes) => list(sizes, 4) },
      ],
      lists: [1, 4],
    },
  ],
  [250, { weights: [{ path: [2], name: 'bias', role: 'bias', shape: (sizes) => list(sizes, 1) }], lists: [1] }],
  [290, constant(2)],
  [
    400,
    {
      weights: [
        { path: [30], name: 'weightMatrix', role: 'weight', shape: matrix(2, 1) },
        { path: [31], name: 'recursionMatrix', role: 'weight', shape: matrix(2, 2) },
        { path: [32], name: 'biasVector', role: 'bias', shape: vector(2) },
        ...activations([10], 'activation/'),
      ],
    },
  ],
  [
    410,
    {
      weights: [
        ...gates([], ['updateGate', 'resetGate', 'outputGate'], { weights: 30, recursion: 50, bias: 70 }),
        ...activations([10], 'activations/'),
      ],
    },
  ],
  [420, { weights: [...lstm(''), ...activations([10], 'activations/')] }],
  [
    430,
    {
      weights: [
        ...lstm('forward/', 0),
        ...lstm('backward/', 1),
        ...activations([10], 'forward/activations/'),
        ...activations([11], 'backward/activations/'),
      ],
    },
  ],
  [500, { weights: [{ path: [20], name: 'weights' }] }],
  [
    605,
    {
      weights: [],
      networks: [
        [1, 'if'],
        [2, 'else'],
      ],
    },
  ],
  [
    615,
    {
      weights: [],
      networks: [
        [3, 'condition'],
        [4, 'body'],
      ],
    },
  ],
  [1040, linear(1, 2, 'embedding')],
  [1045, linear(5, 6, 'weight', 8)],
  [1070, constant(2)],
  [
    1350,
    {
      weights: [
        { path: [3], name: 'gamma', role: 'norm', shape: (sizes) => list(sizes, 1) },
        { path: [4], name: 'beta', role: 'norm', shape: (sizes) => list(sizes, 1) },
      ],
      lists: [1],
    },
  ],
  [
    1471,
    {
      weights: [
        {
          path: [60],
          name: 'weights',
          role: 'weight',
          shape: convolution3d,
          scaleAxis: (sizes) => (one(sizes, 86) === 0 ? 0 : 1),
        },
        { path: [61], name: 'bias', role: 'bias', shape: vector(1) },
      ],
    },
  ],
]);
