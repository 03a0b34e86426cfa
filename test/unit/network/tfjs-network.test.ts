import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadNetwork } from '../../../src/network/load-network';
import type { Network } from '../../../src/network/network';
import { formatError } from '../formats/thrown';
import { startTestBackend } from './test-backends';

const folder = mkdtempSync(path.join(tmpdir(), 'network-'));

beforeAll(async () => {
  await startTestBackend('cpu');
  // Its build for Node lacks the methods of tensors that layers call.
  const prototype = tf.Tensor.prototype as unknown as Record<string, unknown>;
  prototype.flatten ??= function flatten(this: tf.Tensor) {
    return tf.reshape(this, [this.size]);
  };
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function write(name: string, modelTopology: unknown, specs: readonly unknown[], data: Uint8Array): string {
  const paths = [`${name}.bin`];
  writeFileSync(path.join(folder, `${name}.bin`), data);
  const file = path.join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify({ modelTopology, weightsManifest: [{ paths, weights: specs }] }));
  return file;
}

function tensors(network: Network): tf.Tensor[] {
  return network.parameters.map(({ values, shape }) => tf.tensor(values, [...shape]));
}

/** Up to the rounding of float32 in sums of some hundred numbers that cancel in part. */
async function expectClose(actual: tf.Tensor, expected: tf.Tensor): Promise<void> {
  expect(actual.shape).toEqual(expected.shape);
  const [a, b] = await Promise.all([actual.data(), expected.data()]);
  const scale = Math.max(1e-3, ...b.map(Math.abs));
  a.forEach((value, index) => {
    expect(Math.abs(value - (b[index] ?? NaN))).toBeLessThan(1e-5 * scale);
  });
}

async function numberOf(scalar: tf.Tensor): Promise<number> {
  return (await scalar.data())[0] ?? NaN;
}

/** A loss that weighs all outputs differently. */
function lossOf(output: tf.Tensor): tf.Scalar {
  const factors = tf.reshape(tf.range(1, output.size + 1), output.shape);
  return tf.sum(tf.mul(tf.sin(output), factors));
}

/** Models made with TensorFlow.js' own layers; the last activation is linear, so that outputs are logits. */
const MODELS: Readonly<Record<string, () => tfl.LayersModel>> = {
  image: () => {
    const { layers } = tfl;
    const input = tfl.input({ shape: [8, 8, 2] });
    const a = layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }).apply(input);
    const b = layers.separableConv2d({ filters: 4, kernelSize: 3, padding: 'same' }).apply(a);
    const c = layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', activation: 'sigmoid' }).apply(a);
    const sum = layers.add().apply([b, c] as tfl.SymbolicTensor[]);
    const normal = layers.batchNormalization().apply(sum);
    const pooled = layers.maxPooling2d({ poolSize: 2 }).apply(layers.leakyReLU({ alpha: 0.2 }).apply(normal));
    // No upsampling, of which TensorFlow.js has a wrong gradient: that of ours is compared with Keras'.
    const up = layers.zeroPadding2d({ padding: [2, 2] }).apply(pooled);
    const back = layers.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2 }).apply(up);
    const flat = layers.flatten().apply(layers.averagePooling2d({ poolSize: 3 }).apply(back));
    const logits = layers.dense({ units: 3 }).apply(layers.dropout({ rate: 0.5 }).apply(flat));
    return tfl.model({ inputs: input, outputs: logits as tfl.SymbolicTensor });
  },
  sequence: () => {
    const { layers } = tfl;
    const recurrentInitializer = 'glorotUniform';
    return tfl.sequential({
      layers: [
        layers.conv1d({ filters: 3, kernelSize: 2, inputShape: [5, 2], activation: 'tanh' }),
        layers.bidirectional({
          layer: layers.gru({ units: 2, returnSequences: true, recurrentInitializer }),
          mergeMode: 'concat',
        }),
        layers.timeDistributed({ layer: layers.dense({ units: 3, activation: 'elu' }) }),
        layers.lstm({ units: 3, recurrentInitializer, returnSequences: true, goBackwards: true }),
        layers.simpleRNN({ units: 3, recurrentInitializer }),
        layers.dense({ units: 2 }),
      ],
    });
  },
  nested: () => {
    const { layers } = tfl;
    const inner = tfl.sequential({
      name: 'inner',
      layers: [layers.dense({ units: 4, inputShape: [4], activation: 'softsign', name: 'same' })],
    });
    const input = tfl.input({ shape: [4] });
    const twice = inner.apply(inner.apply(input));
    const logits = layers.dense({ units: 2, name: 'out' }).apply(twice);
    return tfl.model({ inputs: input, outputs: logits as tfl.SymbolicTensor });
  },
  'several inputs': () => {
    const { layers } = tfl;
    const image = tfl.input({ shape: [3, 3, 1], name: 'image' });
    const numbers = tfl.input({ shape: [4], name: 'numbers' });
    const a = layers.flatten().apply(layers.conv2d({ filters: 2, kernelSize: 2 }).apply(image));
    const b = layers.dense({ units: 8, activation: 'tanh' }).apply(numbers);
    const logits = layers.dense({ units: 3 }).apply(layers.multiply().apply([a, b] as tfl.SymbolicTensor[]));
    return tfl.model({ inputs: [numbers, image], outputs: logits as tfl.SymbolicTensor });
  },
};

async function saved(name: string, model: tfl.LayersModel): Promise<string> {
  let file = '';
  await model.save({
    save: (artifacts) => {
      const data = new Uint8Array(artifacts.weightData as ArrayBuffer);
      file = write(name, artifacts.modelTopology, artifacts.weightSpecs ?? [], data);
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
    },
  });
  return file;
}

describe('layers models of TensorFlow.js', () => {
  it.each(Object.entries(MODELS))('%s gives what TensorFlow.js gives, and its gradients', async (name, make) => {
    const model = make();
    // The same each time; initial zeros and ones would hide what they belong to.
    const seeded = model.weights.map(({ name: of, shape }, index) => {
      const [low, high] = of.includes('variance') ? [0.5, 1] : [-0.4, 0.6];
      return tf.randomUniform(shape as number[], low, high, 'float32', index + 1);
    });
    model.setWeights(seeded);
    const network = await loadNetwork(await saved(name, model), undefined);
    const shapes = model.inputs.map(({ shape: [, ...shape] }) => shape as number[]);
    const inputs = shapes.map((shape) => tf.randomNormal([2, ...shape], 0, 1, 'float32', 5));
    expect(network.inputs.map((one) => one.shape)).toEqual(shapes);
    await expectClose(network.apply(inputs, tensors(network)), model.predict(inputs) as tf.Tensor);

    const stock = tf.variableGrads(() => lossOf(model.apply(inputs, { training: false }) as tf.Tensor)).grads;
    const own = tf.grads((...parameters: tf.Tensor[]) => lossOf(network.apply(inputs, parameters)))(tensors(network));
    expect(own).toHaveLength(model.trainableWeights.length);
    for (const weight of model.trainableWeights) {
      const index = network.parameters.findIndex((parameter) => parameter.name === weight.originalName);
      const expected = stock[(weight as unknown as { val: tf.Variable }).val.name];
      const gradient = own[index];
      if (expected === undefined || gradient === undefined) throw new Error(`${weight.originalName} has no gradient`);
      await expectClose(gradient, expected);
      expect(Math.max(...(await gradient.data()).map(Math.abs))).toBeGreaterThan(0);
    }
    network.dispose();
    model.dispose();
  });
});

type Attributes = Readonly<Record<string, unknown>>;

const ints = (values: readonly number[]): unknown => ({ list: { i: values.map(String) } });
const word = (text: string): unknown => ({ s: Buffer.from(text).toString('base64') });
const floats = { type: 'DT_FLOAT' };

class Graph {
  readonly nodes: unknown[] = [];
  readonly specs: unknown[] = [];
  readonly data: Buffer[] = [];

  node(name: string, op: string, input: readonly string[], attr: Attributes = {}): void {
    this.nodes.push({ name, op, input, attr: { T: floats, ...attr } });
  }

  weight(name: string, shape: readonly number[], make: (index: number) => number): void {
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) => make(index));
    this.specs.push({ name, shape, dtype: 'float32' });
    this.data.push(Buffer.from(values.buffer));
    this.nodes.push({ name, op: 'Const', input: [], attr: { dtype: floats } });
  }

  integers(name: string, values: readonly number[]): void {
    this.specs.push({ name, shape: [values.length], dtype: 'int32' });
    this.data.push(Buffer.from(Int32Array.from(values).buffer));
    this.nodes.push({ name, op: 'Const', input: [], attr: { dtype: { type: 'DT_INT32' } } });
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(Buffer.concat(this.data));
  }
}

const wave = (step: number) => (index: number) => 0.5 * Math.sin(step * (index + 1));

/** Convolution, normalisation, depthwise convolution, pools, products of matrices of both kinds, fused and not. */
function convolutional(last: string, batch = -1): Graph {
  const graph = new Graph();
  const dim = [batch, 6, 6, 2].map((size) => ({ size: String(size) }));
  graph.node('x', 'Placeholder', [], { dtype: floats, shape: { shape: { dim } } });
  graph.weight('conv', [3, 3, 2, 4], wave(0.7));
  graph.weight('conv_bias', [4], wave(1.1));
  const window = { strides: ints([1, 1, 1, 1]), padding: word('SAME'), data_format: word('NHWC'), dilations: ints([1, 1, 1, 1]) }; // prettier-ignore
  graph.node('c', '_FusedConv2D', ['x', 'conv', 'conv_bias'], {
    ...window,
    fused_ops: { list: { s: ['BiasAdd', 'Relu'].map((name) => Buffer.from(name).toString('base64')) } },
    num_args: { i: '1' },
    epsilon: { f: 0 },
  });
  graph.weight('gamma', [4], (index) => 1 + 0.1 * index);
  graph.weight('beta', [4], wave(0.3));
  graph.weight('mean', [4], wave(0.9));
  graph.weight('variance', [4], (index) => 0.5 + 0.2 * index);
  graph.node('bn', 'FusedBatchNormV3', ['c', 'gamma', 'beta', 'mean', 'variance'], {
    epsilon: { f: 0.001 },
    is_training: { b: false },
    data_format: word('NHWC'),
  });
  graph.weight('depth', [3, 3, 4, 1], wave(0.5));
  graph.node('d', 'DepthwiseConv2dNative', ['bn', 'depth'], window);
  graph.node('p', 'MaxPool', ['d'], { ksize: ints([1, 2, 2, 1]), strides: ints([1, 2, 2, 1]), padding: word('VALID') });
  graph.integers('shape', [-1, 36]);
  graph.node('flat', 'Reshape', ['p', 'shape'], { Tshape: { type: 'DT_INT32' } });
  graph.weight('w1', [36, 5], wave(1.3));
  graph.weight('b1', [5], wave(0.2));
  graph.node('h', '_FusedMatMul', ['flat', 'w1', 'b1'], {
    fused_ops: { list: { s: ['BiasAdd', 'Relu'].map((name) => Buffer.from(name).toString('base64')) } },
    num_args: { i: '1' },
    transpose_a: { b: false },
    transpose_b: { b: false },
    epsilon: { f: 0 },
  });
  graph.weight('w2', [3, 5], wave(1.7));
  graph.node('m', 'MatMul', ['h', 'w2'], { transpose_a: { b: false }, transpose_b: { b: true } });
  graph.weight('b2', [3], wave(0.4));
  graph.node('logits', 'BiasAdd', ['m', 'b2'], { data_format: word('NHWC') });
  graph.node('link', last, ['logits']);
  graph.node('Identity', 'Identity', ['link']);
  return graph;
}

describe('layers that are random in training', () => {
  it('are left away, and named', async () => {
    const { layers } = tfl;
    const model = tfl.sequential({
      layers: [
        layers.gaussianNoise({ stddev: 1, inputShape: [4] }),
        layers.dense({ units: 3, activation: 'tanh' }),
        layers.dropout({ rate: 0.5 }),
        layers.alphaDropout({ rate: 0.5 }),
        layers.gaussianDropout({ rate: 0.5 }),
        layers.dense({ units: 2 }),
      ],
    });
    const network = await loadNetwork(await saved('noisy', model), undefined);
    const input = tf.randomNormal([5, 4], 0, 1, 'float32', 5);
    await expectClose(network.apply([input], tensors(network)), model.predict(input) as tf.Tensor);
    expect(network.notes.join()).toMatch(/Left away.*GaussianNoise, Dropout, AlphaDropout, GaussianDropout/);
    network.dispose();
  });
});

describe('graph models of TensorFlow.js', () => {
  it.each([false, true])('differentiates resizing to the nearest as it resizes, half pixels: %s', async (half) => {
    const graph = new Graph();
    const dim = [-1, 4, 3, 2].map((size) => ({ size: String(size) }));
    graph.node('x', 'Placeholder', [], { dtype: floats, shape: { shape: { dim } } });
    graph.weight('kernel', [1, 1, 2, 2], wave(0.7));
    graph.node('c', 'Conv2D', ['x', 'kernel'], {
      strides: ints([1, 1, 1, 1]),
      padding: word('SAME'),
      data_format: word('NHWC'),
      dilations: ints([1, 1, 1, 1]),
    });
    graph.integers('size', [6, 7]);
    const attributes = { align_corners: { b: false }, half_pixel_centers: { b: half } };
    graph.node('r', 'ResizeNearestNeighbor', ['c', 'size'], attributes);
    graph.integers('shape', [-1, 84]);
    graph.node('flat', 'Reshape', ['r', 'shape'], { Tshape: { type: 'DT_INT32' } });
    graph.weight('matrix', [84, 3], wave(1.3));
    graph.node('logits', 'MatMul', ['flat', 'matrix'], { transpose_a: { b: false }, transpose_b: { b: false } });
    const file = write(`nearest-${half}`, { node: graph.nodes, versions: {} }, graph.specs, graph.bytes);
    const network = await loadNetwork(file, undefined);
    const input = tf.randomNormal([2, 4, 3, 2], 0, 1, 'float32', 3);
    const loss = (...parameters: tf.Tensor[]): tf.Scalar => lossOf(network.apply([input], parameters));
    const [kernel, matrix] = tensors(network);
    if (kernel === undefined || matrix === undefined) throw new Error('no parameters');
    const [gradient] = tf.grads(loss)([kernel, matrix]);
    const slopes = await (gradient ?? tf.scalar(NaN)).data();
    for (let place = 0; place < 4; place++) {
      const unit = tf.reshape(tf.oneHot(place, 4, 0.01, 0, 'float32'), [1, 1, 2, 2]);
      const [more, less] = [loss(tf.add(kernel, unit), matrix), loss(tf.sub(kernel, unit), matrix)];
      const difference = ((await numberOf(more)) - (await numberOf(less))) / 0.02;
      expect(Math.abs((slopes[place] ?? NaN) - difference)).toBeLessThan(2e-3 * Math.max(...slopes.map(Math.abs)));
    }
    network.dispose();
  });

  it('gives the logits of what TensorFlow.js gives, and their gradients', async () => {
    const graph = convolutional('Softmax');
    const modelTopology = { node: graph.nodes, versions: {} };
    const network = await loadNetwork(write('graph', modelTopology, graph.specs, graph.bytes), undefined);
    expect(network).toMatchObject({
      inputs: [{ shape: [6, 6, 2], channels: 'last' }],
      outputShape: [3],
      link: 'softmax',
    });
    expect(
      network.parameters.map(({ name, role, inputDimension, outputDimension }) => [
        name,
        role,
        inputDimension,
        outputDimension,
      ]),
    ).toEqual([
      // prettier-ignore
      ['conv', 'weight', 2, 3],
      ['conv_bias', 'bias', undefined, undefined],
      ['gamma', 'norm', undefined, undefined],
      ['beta', 'norm', undefined, undefined],
      ['depth', 'weight', 2, 2],
      ['w1', 'weight', 0, 1],
      ['b1', 'bias', undefined, undefined],
      ['w2', 'weight', 1, 0],
      ['b2', 'bias', undefined, undefined],
    ]);
    const stock = await loadGraphModel({
      load: () =>
        Promise.resolve({
          modelTopology,
          weightSpecs: graph.specs as tf.io.WeightsManifestEntry[],
          weightData: graph.bytes.buffer,
        }),
    });
    const input = tf.randomNormal([3, 6, 6, 2], 0, 1, 'float32', 9);
    const parameters = tensors(network);
    const count = tf.memory().numTensors;
    const logits = network.apply([input], parameters);
    expect(tf.memory().numTensors).toBe(count + 1);
    await expectClose(logits, stock.execute(input, 'logits') as tf.Tensor);
    await expectClose(tf.softmax(logits), stock.predict(input) as tf.Tensor);

    const loss = (...changed: tf.Tensor[]): tf.Scalar => lossOf(network.apply([input], changed));
    const own = tf.grads(loss)(parameters);
    for (const [index, parameter] of parameters.entries()) {
      const gradient = own[index] ?? tf.scalar(NaN);
      // Along a direction, against the difference of two losses of the stock model with moved weights.
      const direction = tf.randomNormal(parameter.shape, 0, 1, 'float32', 20 + index);
      const name = network.parameters[index]?.name ?? '';
      const [original] = stock.weights[name] ?? [];
      const moved = async (by: number): Promise<number> => {
        stock.weights[name] = [tf.add(parameter, tf.mul(direction, by))];
        return numberOf(lossOf(stock.execute(input, 'logits') as tf.Tensor));
      };
      const difference = ((await moved(1e-3)) - (await moved(-1e-3))) / 2e-3;
      if (original !== undefined) stock.weights[name] = [original];
      const slope = await numberOf(tf.sum(tf.mul(gradient, direction)));
      const size = await numberOf(tf.norm(gradient));
      expect(size).toBeGreaterThan(0);
      expect(Math.abs(slope - difference)).toBeLessThan(0.02 * size * Math.sqrt(parameter.size));
    }

    const seen = new Map<number, readonly number[]>();
    network.apply([input], parameters, (parameter, values) => seen.set(parameter, values.shape));
    expect([...seen].sort(([a], [b]) => a - b)).toEqual([
      [0, [3, 6, 6, 2]],
      [4, [3, 6, 6, 4]],
      [5, [3, 36]],
      [7, [3, 5]],
    ]);
    network.dispose();
    stock.dispose();
  });

  it.each([-1, 1])('runs graphs with several inputs, for any number of samples and for one (%s)', async (batch) => {
    const graph = new Graph();
    const sized = (size: number): unknown => ({ shape: { dim: [batch, size].map((one) => ({ size: String(one) })) } });
    graph.node('a', 'Placeholder', [], { dtype: floats, shape: sized(4) });
    graph.node('ids', 'Placeholder', [], { dtype: { type: 'DT_INT32' }, shape: sized(3) });
    graph.weight('table', [5, 2], wave(0.7));
    graph.integers('axis', [0]);
    graph.node('words', 'GatherV2', ['table', 'ids', 'axis'], {
      Tparams: floats,
      Tindices: { type: 'DT_INT32' },
      Taxis: { type: 'DT_INT32' },
      batch_dims: { i: '0' },
    });
    graph.integers('shape', [-1, 6]);
    graph.node('flat', 'Reshape', ['words', 'shape'], { Tshape: { type: 'DT_INT32' } });
    graph.weight('w', [4, 6], wave(1.3));
    graph.node('h', 'MatMul', ['a', 'w'], { transpose_a: { b: false }, transpose_b: { b: false } });
    graph.node('Identity', 'AddV2', ['h', 'flat']);
    const name = `several${batch}`;
    const network = await loadNetwork(write(name, { node: graph.nodes }, graph.specs, graph.bytes), undefined);
    expect(network.inputs).toMatchObject([
      { name: 'a', shape: [4], whole: false },
      { name: 'ids', shape: [3], whole: true },
    ]);
    const a = tf.randomNormal([2, 4], 0, 1, 'float32', 9);
    const ids = tf.tensor([0, 4, 2, 1, 1, 3], [2, 3]);
    const values = (named: string): tf.Tensor => {
      const found = network.parameters.find((one) => one.name === named)!;
      return tf.tensor(found.values, [...found.shape]);
    };
    const rows = tf.reshape(tf.gather(values('table'), tf.cast(ids, 'int32')), [2, 6]);
    const expected = tf.add(tf.matMul(a as tf.Tensor2D, values('w') as tf.Tensor2D), rows);
    await expectClose(network.apply([a, ids], tensors(network)), expected);
    network.dispose();
  });

  it('runs graphs of one sample sample by sample', async () => {
    const one = convolutional('Sigmoid', 1);
    const any = convolutional('Sigmoid');
    const single = await loadNetwork(write('one', { node: one.nodes }, one.specs, one.bytes), undefined);
    const batch = await loadNetwork(write('any', { node: any.nodes }, any.specs, any.bytes), undefined);
    expect(single.link).toBe('sigmoid');
    const input = tf.randomNormal([3, 6, 6, 2], 0, 1, 'float32', 9);
    await expectClose(single.apply([input], tensors(single)), batch.apply([input], tensors(batch)));
    single.dispose();
    batch.dispose();
  });

  it('refuses operators that are not known, loops, and inputs that are no numbers', async () => {
    const unknown = convolutional('Unheard');
    const refused = async (name: string, graph: Graph): Promise<string> =>
      (await formatError(loadNetwork(write(name, { node: graph.nodes }, graph.specs, graph.bytes), undefined))).reason;
    expect(await refused('unknown', unknown)).toContain('Unheard');
    const dynamic = convolutional('Where');
    expect(await refused('dynamic', dynamic)).toContain('sizes that depend on values');
    for (const random of ['RandomStandardNormal', 'RandomUniform', 'TruncatedNormal']) {
      expect(await refused('random', convolutional(random))).toMatch(
        new RegExp(`${random} \\(node "link"\\) draws random`),
      );
    }
    const model = path.resolve('node_modules/@vscode/vscode-languagedetection/model/model.json');
    expect((await formatError(loadNetwork(model, undefined))).reason).not.toBe('');
  });
});
