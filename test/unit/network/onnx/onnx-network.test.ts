import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../../../src/formats/errors';
import type { Network } from '../../../../src/network/network';
import { FIXTURES } from '../../formats/stored-values';
import { modelOf, type ModelOf } from './onnx-models';
import {
  logitsOf,
  outputOf,
  parametersOf,
  pseudoRandom,
  reference,
  relativeError,
  withFile,
  withNetwork,
} from './run-onnx';

const FOLDER = path.join(FIXTURES, 'onnx');

async function withModel<Result>(model: ModelOf, use: (network: Network, file: string) => Promise<Result> | Result) {
  return await withFile(modelOf(model), (file) => withNetwork(file, (network) => use(network, file)));
}

/** The reason for which a model is refused. */
async function refusal(model: ModelOf): Promise<string> {
  try {
    await withModel(model, () => undefined);
  } catch (error) {
    if (error instanceof FormatError) return error.detail.reason;
    throw error;
  }
  return 'not refused';
}

/** A layer that has something to train, behind which comes what a test is about. */
const DENSE = { operator: 'MatMul', inputs: ['x', 'w'], outputs: ['h'] };
const BASE = { input: ['n', 4], constants: { w: { shape: [4, 3] } } } as const;

describe('models of the other tests', () => {
  it.each(['fmnist.onnx', 'fmnist_external.onnx'])('%s gives what ONNX Runtime gives', async (name) => {
    const file = path.join(FOLDER, name);
    await withNetwork(file, async (network) => {
      expect(network).toMatchObject({ inputs: [{ shape: [1, 28, 28], channels: 'first' }], link: 'none' });
      const values = pseudoRandom(2 * 784, 7);
      // ONNX Runtime in WebAssembly reads no external files: both hold the same network, for one sample.
      const of = async (from: number): Promise<Float32Array> => {
        const given = { shape: [1, 1, 28, 28], values: values.slice(from, from + 784) };
        return (await reference(path.join(FOLDER, 'fmnist.onnx'), given)).values;
      };
      const expected = { shape: [2, 10], values: Float32Array.from([...(await of(0)), ...(await of(784))]) };
      expect(relativeError(await logitsOf(network, { shape: [2, 1, 28, 28], values }), expected)).toBeLessThan(1e-5);
    });
  });

  it('leaves running statistics to the structure', async () => {
    await withNetwork(path.join(FOLDER, 'fmnist.onnx'), (network) => {
      const roles = new Set(network.parameters.map(({ role }) => role));
      expect(roles).toEqual(new Set(['weight', 'bias', 'norm']));
      expect(network.parameters.some(({ name }) => name.includes('running'))).toBe(false);
    });
  });
});

describe('parameters', () => {
  it('know along which dimensions outputs and inputs run', async () => {
    const model: ModelOf = {
      input: ['n', 4, 6, 6],
      constants: {
        'conv.weight': { shape: [8, 4, 3, 3] },
        'depthwise.weight': { shape: [8, 1, 3, 3] },
        'grouped.weight': { shape: [8, 4, 1, 1] },
        'gemm.weight': { shape: [5, 32] },
        'left.weight': { shape: [2, 5] },
      },
      nodes: [
        { operator: 'Conv', inputs: ['x', 'conv.weight'], outputs: ['a'] },
        { operator: 'Conv', inputs: ['a', 'depthwise.weight'], outputs: ['b'], attributes: { group: 8 } },
        { operator: 'Conv', inputs: ['b', 'grouped.weight'], outputs: ['c'], attributes: { group: 2 } },
        { operator: 'Flatten', inputs: ['c'], outputs: ['d'] },
        { operator: 'Gemm', inputs: ['d', 'gemm.weight'], outputs: ['e'], attributes: { transB: 1 } },
        { operator: 'Transpose', inputs: ['e'], outputs: ['f'] },
        { operator: 'MatMul', inputs: ['left.weight', 'f'], outputs: ['g'] },
        { operator: 'Transpose', inputs: ['g'] },
      ],
    };
    await withModel(model, (network) => {
      const dimensions = network.parameters.map(({ name, outputDimension, inputDimension }) => [
        ...[name.split('.')[0], outputDimension, inputDimension],
      ]);
      expect(dimensions.sort()).toEqual([
        ['conv', 0, 1],
        ['depthwise', 0, 0],
        ['gemm', 0, 1],
        ['grouped', 0, undefined],
        ['left', 0, 1],
      ]);
      const seen = new Map<string, number[]>();
      const input = tf.tensor(pseudoRandom(2 * 144, 1), [2, 4, 6, 6]);
      const output = network.apply([input], parametersOf(network), (index, tensor) => {
        seen.set(network.parameters[index]?.name.split('.')[0] ?? '', tensor.shape);
      });
      expect(output.shape).toEqual([2, 2]);
      expect(Object.fromEntries(seen)).toEqual({
        conv: [2, 6, 6, 4],
        depthwise: [2, 4, 4, 8],
        gemm: [2, 32],
        left: [2, 5],
      });
    });
  });

  it('are found behind what arranges them', async () => {
    const model: ModelOf = {
      ...BASE,
      constants: { 'dense.weight': { shape: [3, 4] } },
      nodes: [
        { operator: 'Transpose', inputs: ['dense.weight'], outputs: ['t'] },
        { operator: 'MatMul', inputs: ['x', 't'] },
      ],
    };
    await withModel(model, (network) => {
      expect(network.parameters).toMatchObject([{ name: 'dense.weight', outputDimension: 0, inputDimension: 1 }]);
      const shapes: number[][] = [];
      network.apply([tf.ones([2, 4])], parametersOf(network), (_, tensor) => shapes.push(tensor.shape));
      expect(shapes).toEqual([[2, 4]]);
    });
  });

  it('are not what the graph computes with besides', async () => {
    const model: ModelOf = {
      ...BASE,
      constants: { w: { shape: [4, 3] }, exponent: { floats: [2], shape: [] }, mean: { shape: [4] } },
      nodes: [
        { operator: 'Sub', inputs: ['x', 'mean'], outputs: ['centred'] },
        { operator: 'Pow', inputs: ['centred', 'exponent'], outputs: ['square'] },
        { operator: 'MatMul', inputs: ['square', 'w'] },
      ],
    };
    await withModel(model, ({ parameters }) => {
      expect(parameters.map(({ name }) => name)).toEqual(['w']);
    });
  });
});

describe('the function at the end', () => {
  it.each([
    ['Softmax', { axis: -1 }, 'softmax'],
    ['LogSoftmax', { axis: 1 }, 'none'],
    ['Sigmoid', {}, 'sigmoid'],
    ['Softmax', { axis: 0 }, 'none'],
    ['Tanh', {}, 'none'],
  ] as const)('%s %j is taken for %s', async (operator, attributes, link) => {
    // Without a declared shape of the output, a dimension counted from the front is not known to be the last.
    await withModel({ ...BASE, nodes: [DENSE, { operator, inputs: ['h'], attributes }] }, (network) => {
      expect(network.link).toBe(link);
    });
  });

  it('gives logits, from which it makes what ONNX Runtime gives', async () => {
    const nodes = [
      DENSE,
      { operator: 'Sigmoid', inputs: ['h'], outputs: ['s'] },
      { operator: 'Identity', inputs: ['s'] },
    ];
    await withModel({ ...BASE, nodes }, async (network, file) => {
      const given = { shape: [3, 4], values: pseudoRandom(12, 3) };
      const expected = await reference(file, given);
      expect(relativeError(await outputOf(network, given), expected)).toBeLessThan(1e-6);
      const logits = { shape: expected.shape, values: expected.values.map((p) => Math.log(p / (1 - p))) };
      expect(relativeError(await logitsOf(network, given), logits)).toBeLessThan(1e-5);
    });
  });

  it('is left away where a label is given, too', async () => {
    const nodes = [
      DENSE,
      { operator: 'Softmax', inputs: ['h'], outputs: ['p'] },
      { operator: 'ZipMap', domain: 'ai.onnx.ml', inputs: ['p'], outputs: ['y'] },
    ];
    await withModel({ ...BASE, nodes }, (network) => {
      expect(network.link).toBe('softmax');
      expect(network.outputShape).toEqual([3]);
    });
  });
});

describe('a fixed batch size', () => {
  const ways = async (model: ModelOf): Promise<{ notes: readonly string[]; error: number }> =>
    await withModel(model, async (network, file) => {
      const [, ...sample] = model.input as number[];
      const size = sample.reduce((product, length) => product * length, 1);
      const values = pseudoRandom(3 * size, 9);
      const output = await logitsOf(network, { shape: [3, ...sample], values });
      const single: number[] = [];
      for (let index = 0; index < 3; index++) {
        const own = { shape: [1, ...sample], values: values.slice(index * size, (index + 1) * size) };
        single.push(...(await reference(file, own)).values);
      }
      const expected = { shape: output.shape, values: Float32Array.from(single) };
      return { notes: network.notes, error: relativeError(output, expected) };
    });

  it('of 1 is replaced in shapes', async () => {
    const { notes, error } = await ways({
      ...{ input: [1, 2, 4], constants: { s: { integers: [1, -1] }, w: { shape: [8, 3] } } },
      nodes: [
        { operator: 'Reshape', inputs: ['x', 's'], outputs: ['flat'] },
        { operator: 'MatMul', inputs: ['flat', 'w'] },
      ],
    });
    expect(notes).toEqual([]);
    expect(error).toBeLessThan(1e-6);
  });

  it('that cannot be replaced makes samples run one by one', async () => {
    const { notes, error } = await ways({
      ...{ input: [1, 2, 4], constants: { s: { integers: [8] }, t: { integers: [1, 3] }, w: { shape: [8, 3] } } },
      nodes: [
        { operator: 'Reshape', inputs: ['x', 's'], outputs: ['flat'] },
        { operator: 'MatMul', inputs: ['flat', 'w'], outputs: ['h'] },
        { operator: 'Reshape', inputs: ['h', 't'] },
      ],
    });
    expect(notes).toEqual(['The graph is exported for one sample: samples are run one by one, which takes longer.']);
    expect(error).toBeLessThan(1e-6);
  });

  it('that mixes samples is refused', async () => {
    const nodes = [DENSE, { operator: 'Softmax', inputs: ['h'], outputs: ['p'], attributes: { axis: 0 } }];
    const model = { ...BASE, input: [4, 4], nodes: [...nodes, { operator: 'Neg', inputs: ['p'] }] };
    expect(await refusal(model)).toBe('cannot be run: it takes batches of 4 samples only');
  });
});

describe('weights that are stored quantised', () => {
  it('are run as what they stand for', async () => {
    const model: ModelOf = {
      ...BASE,
      constants: {
        weight: { codes: [-128, 127, 3, -40, 55, 0, 7, -7, 100, 12, -99, 1], shape: [4, 3] },
        scale: { floats: [0.5, 0.25, 2] },
        zero: { codes: [0, 1, -1], shape: [3] },
      },
      nodes: [
        { operator: 'DequantizeLinear', inputs: ['weight', 'scale', 'zero'], outputs: ['w'], attributes: { axis: 1 } },
        { operator: 'MatMul', inputs: ['x', 'w'] },
      ],
    };
    await withModel(model, async (network, file) => {
      const given = { shape: [3, 4], values: pseudoRandom(12, 3) };
      expect(relativeError(await logitsOf(network, given), await reference(file, given))).toBeLessThan(1e-6);
      expect(network.parameters).toMatchObject([{ name: 'weight', outputDimension: 1, inputDimension: 0 }]);
      // (code − zero) · scale
      expect([...(network.parameters[0]?.values ?? [])].slice(0, 3)).toEqual([-64, 31.5, 8]);
    });
  });

  it('are not run where the network rounds what it computes', async () => {
    const nodes = [
      DENSE,
      { operator: 'QuantizeLinear', inputs: ['h', 's'], outputs: ['q'] },
      { operator: 'DequantizeLinear', inputs: ['q', 's'] },
    ];
    expect(
      await refusal({ ...BASE, constants: { ...BASE.constants, s: { floats: [0.1], shape: [] } }, nodes }),
    ).toContain('operator QuantizeLinear (node "node1")');
  });
});

describe('what cannot be run', () => {
  it('is named by operator and node', async () => {
    const odd = { operator: 'LSTM', inputs: ['h', 'w', 'w'] };
    expect(await refusal({ ...BASE, nodes: [DENSE, odd] })).toBe(
      'cannot be run: operator LSTM (node "node1"): is not among those that can be run',
    );
    const foreign = { operator: 'FusedMatMul', domain: 'com.microsoft', inputs: ['h', 'w'] };
    expect(await refusal({ ...BASE, nodes: [DENSE, foreign] })).toBe(
      'cannot be run: operator com.microsoft.FusedMatMul (node "node1"): is not among those that can be run',
    );
  });

  it.each(['RandomNormalLike', 'RandomUniformLike', 'Bernoulli', 'Multinomial'])('is random: %s', async (operator) => {
    expect(await refusal({ ...BASE, nodes: [DENSE, { operator, inputs: ['h'] }] })).toContain(
      `operator ${operator} (node`,
    );
  });

  it('is dropout as in training; as in inference it is left away, and that is said', async () => {
    const constants = {
      ...BASE.constants,
      ratio: { floats: [0.5], shape: [] },
      training: { integers: [1], shape: [] },
    };
    const dropout = { operator: 'Dropout', inputs: ['h', 'ratio', 'training'] };
    expect(await refusal({ ...BASE, constants, nodes: [DENSE, dropout] })).toContain(
      'Dropout (node "node1"): it is set to training',
    );
    const inference = { operator: 'Dropout', inputs: ['h', 'ratio'] };
    await withModel({ ...BASE, constants, nodes: [DENSE, inference] }, (network) => {
      expect(network.notes.join()).toContain('Left away, as at inference: Dropout.');
    });
  });

  it('is named by an attribute that nothing is known of', async () => {
    const odd = { operator: 'Relu', inputs: ['h'], attributes: { leak: 1 } };
    expect(await refusal({ ...BASE, nodes: [DENSE, odd] })).toContain('its attribute leak is not understood');
  });

  it.each([
    ['Pad', { mode: 'reflect' }, 'its attribute mode is reflect'],
    ['Gelu', { approximate: 'rough' }, 'its attribute approximate is rough'],
    ['ReduceMean', { axes: [5] }, 'it works along dimension 5 of 2'],
    ['Transpose', { perm: [0, 0] }, 'its attribute perm is [0, 0]'],
    ['MaxPool', { kernel_shape: [2, 2] }, 'its input has the shape [2, 3]'],
  ] as const)('%s %j is refused', async (operator, attributes, reason) => {
    expect(await refusal({ ...BASE, nodes: [DENSE, { operator, inputs: ['h'], attributes }] })).toContain(reason);
  });

  it('is a graph of several inputs or outputs', async () => {
    const nodes = [
      { operator: 'MatMul', inputs: ['x', 'w'] },
      { operator: 'Neg', inputs: ['y'], outputs: ['z'] },
    ];
    expect(await refusal({ ...BASE, nodes, outputs: ['y', 'z'] })).toBe('cannot be run: it has 2 outputs: "y", "z"');
  });

  it('is a value that nothing gives', async () => {
    expect(await refusal({ ...BASE, nodes: [{ operator: 'Add', inputs: ['nowhere', 'w'] }] })).toContain(
      'none of its inputs',
    );
    const nodes = [DENSE, { operator: 'Add', inputs: ['h', 'nowhere'] }];
    expect(await refusal({ ...BASE, nodes })).toContain('there is no value "nowhere"');
  });

  it('is a shape that does not fit, or is out of all proportion', async () => {
    const reshape = { operator: 'Reshape', inputs: ['h', 's'] };
    const of = (integers: readonly number[]): ModelOf => ({
      ...BASE,
      constants: { ...BASE.constants, s: { integers } },
      nodes: [DENSE, reshape],
    });
    expect(await refusal(of([-1, 7]))).toContain('Reshape');
    const expand = { operator: 'Expand', inputs: ['h', 's'] };
    expect(await refusal({ ...of([1_000_000, 1_000_000, 1, 1]), nodes: [DENSE, expand] })).toContain(
      'it would give more than 268435456 numbers',
    );
    const fill = { operator: 'ConstantOfShape', inputs: ['s'], outputs: ['c'] };
    const add = { operator: 'Add', inputs: ['h', 'c'] };
    expect(await refusal({ ...of([1_000_000, 1_000_000]), nodes: [DENSE, fill, add] })).toContain(
      'it would give more than 268435456 numbers',
    );
  });

  it('is an old version of the operators', async () => {
    expect(await refusal({ ...BASE, nodes: [{ operator: 'MatMul', inputs: ['x', 'w'] }], opset: 6 })).toContain(
      'version 6',
    );
  });
});

it('frees all that it keeps', async () => {
  const file = path.join(FIXTURES, 'network', 'onnx', 'vit-script.onnx');
  await withNetwork(file, () => undefined);
  const before = tf.memory().numTensors;
  await withNetwork(file, async (network) => {
    await logitsOf(network, { shape: [2, 1, 8, 8], values: pseudoRandom(128, 3) });
  });
  expect(tf.memory().numTensors).toBe(before);
});
