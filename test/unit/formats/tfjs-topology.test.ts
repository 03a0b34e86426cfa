import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { tfjsReader } from '../../../src/formats/tfjs/tfjs';
import type { Topology } from '../../../src/formats/topology';
import { readBytes } from './thrown';

type Weights = Readonly<Record<string, readonly number[]>>;

async function topologyOf(modelTopology: unknown, weights: Weights): Promise<Topology | undefined> {
  const specs = Object.entries(weights).map(([name, shape]) => ({ name, shape, dtype: 'float32' }));
  const size = specs.reduce((sum, { shape }) => sum + 4 * shape.reduce((product, length) => product * length, 1), 0);
  const text = JSON.stringify({ modelTopology, weightsManifest: [{ paths: ['w.bin'], weights: specs }] });
  const checkpoint = await readBytes(tfjsReader, Buffer.from(text), '/model.json', { 'w.bin': Buffer.alloc(size) });
  return checkpoint.topology;
}

function briefly(topology: Topology | undefined): (string | string[])[][] {
  return (topology?.nodes ?? []).map(({ name, operator, inputs, parameters }) => [
    `${name} ${operator}`,
    [...inputs],
    ...parameters.map(
      ({ tensor, use, outputChannels = '-', inputChannels = '-' }) =>
        `${tensor} ${use} ${outputChannels} ${inputChannels}`,
    ),
  ]);
}

const node = (name: string, op: string, input: string[] = [], attr = {}): object => ({ name, op, input, attr });

describe('topology of a TensorFlow.js graph model', () => {
  it('knows which weight feeds which operator, and along which dimensions channels run', async () => {
    const weights: Weights = {
      ...{
        w1: [3, 3, 3, 8],
        b1: [8],
        w2: [3, 3, 8, 1],
        w2b: [3, 3, 8, 2],
        s: [8],
        o: [8],
        m: [8],
        v: [8],
        slopes: [1, 1, 8],
      },
      ...{ w3: [10, 5], w4: [4, 5], b3: [4], table: [20, 6], up: [2, 2, 6, 8], add: [1, 4], shape: [2] },
    };
    const topology = await topologyOf(
      {
        node: [
          node('x', 'Placeholder'),
          ...Object.keys(weights).map((name) => node(name, name === 'w3' ? 'VarHandleOp' : 'Const')),
          node('w1/read', 'Identity', ['w1']),
          node('conv', '_FusedConv2D', ['x', 'w1/read', 'b1', 'slopes'], { fused_ops: { list: { s: ['Qmlhcw=='] } } }),
          node('depthwise', 'DepthwiseConv2dNative', ['conv:0', 'w2', '^x']),
          node('multiplied', 'FusedDepthwiseConv2dNative', ['depthwise', 'w2b', 'b1']),
          node('norm', 'FusedBatchNormV3', ['multiplied', 's', 'o', 'm', 'v']),
          node('fused', '_FusedConv2D', ['norm', 'w1', 's', 'o', 'm', 'v']),
          node('up/conv', 'Conv2DBackpropInput', ['shape', 'up', 'fused']),
          node('w3/read', 'ReadVariableOp', ['w3']),
          node('dense', 'MatMul', ['up/conv', 'w3/read'], { transpose_b: { b: false } }),
          node('dense_t', '_FusedMatMul', ['dense', 'w4', 'b3'], { transpose_b: { b: true }, T: { type: 'DT_FLOAT' } }),
          node('sum', 'AddV2', ['dense_t', 'add']),
          node('embedded', 'GatherV2', ['table', 'x', 'shape']),
        ],
        library: {},
      },
      weights,
    );
    expect(briefly(topology)).toEqual([
      ['x Placeholder', []],
      ['conv _FusedConv2D', ['x'], 'w1 weight 3 2', 'b1 bias 0 -', 'slopes other - -'],
      ['depthwise DepthwiseConv2dNative', ['conv'], 'w2 weight 2 -'],
      ['multiplied FusedDepthwiseConv2dNative', ['depthwise'], 'w2b weight - -', 'b1 bias 0 -'],
      ['norm FusedBatchNormV3', ['multiplied'], 's scale 0 -', 'o offset 0 -', 'm mean 0 -', 'v variance 0 -'],
      ['fused _FusedConv2D', ['norm'], 'w1 weight 3 2', 's scale 0 -', 'o offset 0 -', 'm mean 0 -', 'v variance 0 -'],
      ['up/conv Conv2DBackpropInput', ['fused'], 'shape other - -', 'up weight 2 3'],
      ['dense MatMul', ['up/conv'], 'w3 weight 1 0'],
      ['dense_t _FusedMatMul', ['dense'], 'w4 weight 0 1', 'b3 bias 0 -'],
      ['sum AddV2', ['dense_t'], 'add bias 1 -'],
      ['embedded GatherV2', ['x'], 'table weight 1 -', 'shape other - -'],
    ]);
    expect(topology).toMatchObject({ inputs: ['x'], outputs: ['sum', 'embedded'] });
  });

  it('reads the graph of a real model', async () => {
    const folder = path.resolve(import.meta.dirname, '../../../node_modules/@vscode/vscode-languagedetection/model');
    const files = { 'group1-shard1of1.bin': readFileSync(path.join(folder, 'group1-shard1of1.bin')) };
    const json = readFileSync(path.join(folder, 'model.json'));
    const { topology, tensors } = await readBytes(tfjsReader, json, '/model.json', files);
    const used = new Set(topology?.nodes.flatMap(({ parameters }) => parameters.map(({ tensor }) => tensor)));
    const weights = tensors.filter(({ role }) => role === 'weight' || role === 'bias');
    expect(weights.filter(({ name }) => !used.has(name))).toEqual([]);
    expect(topology).toMatchObject({ inputs: ['Placeholder'], outputs: ['head/Tile'] });
  });

  it.each([
    ['an identity of itself', [node('a', 'Identity', ['a']), node('b', 'Relu', ['a'])]],
    ['nodes of one name', [node('a', 'Relu'), node('a', 'Relu', ['a'])]],
    [
      'names that JavaScript has a meaning for',
      [node('__proto__', 'Const'), node('constructor', 'Relu', ['__proto__'])],
    ],
    ['what is no node', [1, null, [], { name: 3, op: {} }, { name: 'a', op: 'b', input: 'c', attr: 4 }]],
  ])('takes %s', async (_, nodes) => {
    const topology = await topologyOf({ node: nodes }, { w: [1] });
    const names = topology?.nodes.map(({ name }) => name) ?? [];
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('topology of a TensorFlow.js layers model', () => {
  const layer = (class_name: string, name: string, inbound?: unknown): object => ({
    class_name,
    config: { name, kernel_initializer: { class_name: 'GlorotUniform', config: { name: 'no layer' } } },
    ...(inbound === undefined ? {} : { name, inbound_nodes: inbound }),
  });

  it('lets the layers of a sequential model follow one another', async () => {
    const layers = [layer('Conv2D', 'conv'), layer('Flatten', 'flat'), layer('Dense', 'dense')];
    const expected = [
      ['conv Conv2D', [], 'conv/kernel weight 3 2', 'conv/bias bias 0 -'],
      ['flat Flatten', ['conv']],
      ['dense Dense', ['flat'], 'sequential/dense/kernel weight 1 0'],
    ];
    const weights = { 'conv/kernel': [3, 3, 1, 8], 'conv/bias': [8], 'sequential/dense/kernel': [8, 2] };
    for (const config of [layers, { name: 'sequential', layers }]) {
      const model_config = { class_name: 'Sequential', config };
      expect(briefly(await topologyOf({ keras_version: '2', model_config }, weights))).toEqual(expected);
      expect(briefly(await topologyOf(model_config, weights))).toEqual(expected);
    }
  });

  it('follows the connections of Keras 2 and 3, and those of models within models', async () => {
    const inner = { class_name: 'Sequential', name: 'inner', inbound_nodes: [[['x', 0, 0, {}]]] };
    const keras3 = { class_name: '__keras_tensor__', config: { shape: [1, 8], keras_history: ['up', 0, 0] } };
    const config = {
      layers: [
        layer('InputLayer', 'x', []),
        { ...inner, config: { name: 'inner', layers: [layer('DepthwiseConv2D', 'deep')] } },
        layer('Conv2DTranspose', 'up', [[['x', 0, 0, {}]]]),
        layer('BatchNormalization', 'norm', [{ args: [keras3], kwargs: { training: false } }]),
        layer('Add', 'sum', [
          [
            ['norm', 0, 0, {}],
            ['inner', 1, 0, {}],
          ],
        ]),
      ],
    };
    const weights = {
      ...{ 'inner/deep/depthwise_kernel': [3, 3, 4, 1], 'up/kernel': [2, 2, 8, 4], 'norm/gamma': [8] },
      ...{ 'norm/moving_variance': [8], 'elsewhere/kernel': [2, 2] },
    };
    const topology = await topologyOf({ model_config: { class_name: 'Functional', config } }, weights);
    expect(briefly(topology)).toEqual([
      ['x InputLayer', []],
      ['deep DepthwiseConv2D', [], 'inner/deep/depthwise_kernel weight 2 -'],
      ['inner Sequential', ['x']],
      ['up Conv2DTranspose', ['x'], 'up/kernel weight 2 3'],
      ['norm BatchNormalization', ['up'], 'norm/gamma scale 0 -', 'norm/moving_variance variance 0 -'],
      ['sum Add', ['norm', 'inner']],
    ]);
    expect(topology?.outputs).toContain('sum');
  });

  it.each([
    ['a number', 7],
    ['null', null],
    ['a text', 'topology'],
    ['no layers', { class_name: 'Sequential', config: { layers: [] } }],
    ['layers that are none', { config: { layers: [1, 'a', null, { class_name: 3, config: 4, inbound_nodes: 5 }] } }],
  ])('reads the weights with %s in its place', async (_, modelTopology) => {
    expect(await topologyOf(modelTopology, { w: [1] })).toBeUndefined();
  });

  it('does not recurse without end', async () => {
    let inbound: unknown = ['x', 0];
    for (let depth = 0; depth < 100; depth++) inbound = [inbound];
    let config: object = { layers: [layer('Dense', 'dense', inbound)] };
    for (let depth = 0; depth < 60; depth++) config = { layers: [{ class_name: 'Model', config }] };
    const topology = await topologyOf(
      { config: { layers: [layer('A', 'a'), { class_name: 'B', name: 'b', config }] } },
      {
        w: [1],
      },
    );
    expect(topology?.nodes.map(({ name }) => name)).toEqual(['a', 'b']);
  });
});
