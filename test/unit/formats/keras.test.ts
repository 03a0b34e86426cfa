import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import { openCheckpoint } from '../../../src/formats/registry';
import { engineSha256 } from './engine-values';
import { FIXTURES } from './stored-values';
import { formatError } from './thrown';

const FOLDER = path.join(FIXTURES, 'keras');
type Expected = Record<string, { dtype: string; shape: number[]; sha256: string }>;
const EXPECTED = JSON.parse(readFileSync(path.join(FOLDER, 'expected.json'), 'utf8')) as Record<string, Expected>;

async function open(name: string): Promise<Checkpoint> {
  const opened = await openCheckpoint(path.join(FOLDER, name));
  await opened.close();
  return opened.checkpoint;
}

async function weights(name: string): Promise<Expected> {
  const checkpoint = await open(name);
  const found: Expected = {};
  for (const tensor of checkpoint.tensors.filter(({ role }) => role !== 'optimizer')) {
    const { dtype, shape } = tensor;
    found[tensor.name] = { dtype, shape: [...shape], sha256: await engineSha256(checkpoint, tensor) };
  }
  return found;
}

describe('weights have the paths and the values that Keras shows', () => {
  it.each(Object.keys(EXPECTED).filter((name) => name !== 'custom.keras'))('%s', async (name) => {
    expect(await weights(name)).toEqual(EXPECTED[name]);
  });

  it('of layers of its own, weights have numbers', async () => {
    const found = await weights('custom.keras');
    const { 'block/offset': offset, ...others } = EXPECTED['custom.keras']!;
    expect(found).toEqual({ ...others, 'block/0': offset });
  });
});

describe('what a Keras file says', () => {
  it('gives weights their roles', async () => {
    const { tensors } = await open('functional.keras');
    const roles = new Map(tensors.map(({ name, role }) => [name, role]));
    expect(roles.get('multi_head_attention/query/bias')).toBe('bias');
    expect(roles.get('batch_normalization/moving_mean')).toBe('buffer');
    expect(roles.get('batch_normalization/gamma')).toBe('norm');
    expect(roles.get('stem/kernel')).toBe('weight');
    expect(roles.get('optimizer/vars/1')).toBe('optimizer');
    const quantized = await open('int8.keras');
    expect(quantized.tensors).toMatchObject([
      { name: 'first/kernel', dtype: 'float32', role: 'weight', storedAs: 'int8, one scale a column' },
      { name: 'first/bias' },
      { name: 'first/kernel_scale', role: 'quantization' },
      { name: 'dense/kernel' },
      { name: 'dense/kernel_scale', role: 'quantization' },
    ]);
  });

  it('names the format', async () => {
    expect((await open('functional.keras')).formatLabel).toBe('Keras 3');
    expect((await open('keras2.h5')).formatLabel).toBe('Keras HDF5');
    expect((await open('sharded.weights.json')).formatLabel).toBe('Keras 3, 2 shards');
    expect((await open('sharded_00001.weights.h5')).formatLabel).toBe('Keras 3 weights');
  });

  it('gives the graph of a functional model, and the dimensions of its channels', async () => {
    const { topology } = await open('functional.keras');
    expect(topology).toMatchObject({ inputs: ['image'], outputs: ['out'] });
    const node = (name: string): unknown => topology?.nodes.find((one) => one.name === name);
    expect(node('stem')).toEqual({
      name: 'stem',
      operator: 'Conv2D',
      inputs: ['image'],
      outputs: ['stem'],
      parameters: [
        { tensor: 'stem/kernel', use: 'weight', inputChannels: 2, outputChannels: 3 },
        { tensor: 'stem/bias', use: 'bias', outputChannels: 0 },
      ],
    });
    expect(node('depthwise_conv2d')).toMatchObject({ parameters: [{ inputChannels: 2, outputChannels: 2 }, {}] });
    expect(node('add')).toMatchObject({ inputs: ['p_re_lu', 'conv2d'], parameters: [] });
    expect(node('multi_head_attention')).toMatchObject({ inputs: ['reshape', 'reshape'] });
    expect(node('head/dense_1')).toMatchObject({
      inputs: ['head/dense'],
      parameters: [{ tensor: 'head/dense_1/kernel', inputChannels: 0, outputChannels: 1 }, {}],
    });
    expect(node('out')).toMatchObject({ inputs: ['head/dense_1'] });
  });

  it('gives the graph of a model with several inputs and a layer that is called twice, from either file', async () => {
    const { topology } = await open('two_inputs.keras');
    expect((await open('two_inputs.h5')).topology).toEqual(topology);
    expect(topology).toMatchObject({ inputs: ['words', 'other'], outputs: ['a', 'b'] });
    expect(topology?.nodes.map(({ name, inputs }) => [name, ...inputs])).toEqual([
      ['embed', 'words'],
      ['global_average_pooling1d', 'embed'],
      ['shared', 'global_average_pooling1d'],
      ['shared#1', 'other'],
      ['concatenate', 'shared', 'shared#1'],
      ['a', 'concatenate'],
      ['b', 'concatenate'],
    ]);
  });

  it('gives the graph of a model of Keras 2, with a model in it', async () => {
    const { topology } = await open('keras2.h5');
    expect(topology?.nodes.map(({ name, inputs, parameters }) => [name, inputs, parameters[0]?.tensor])).toEqual([
      ['conv', ['x'], 'conv/kernel'],
      ['bn', ['conv'], 'bn/gamma'],
      ['flat', ['bn'], undefined],
      ['inner/fc', ['flat'], 'fc/kernel'],
      ['inner/fc_1', ['inner/fc'], 'fc_1/kernel'],
      ['fc', ['inner/fc_1'], 'fc_2/kernel'],
    ]);
    expect(topology?.nodes.at(-1)?.parameters[0]).toMatchObject({ inputChannels: 0, outputChannels: 1 });
  });

  it('does not hold with compressed weights', async () => {
    const detail = await formatError(open('deflated.keras'));
    expect(detail.reason).toContain('compressed');
    expect(detail.remedy).toContain('model.weights.h5');
  });
});
