import { describe, expect, it } from 'vitest';
import type { Checkpoint, TensorEntry, TensorRole } from '../../../src/formats/checkpoint';
import { layerName } from '../../../src/formats/layer-name';
import { matches, parseRoleSettings, withRoles } from '../../../src/formats/role-settings';

function entry(name: string, shape: number[], role: TensorRole): TensorEntry {
  const count = shape.reduce((product, size) => product * size, 1);
  return { name, dtype: 'float32', shape, count, role, storage: { dtype: 'float32', extents: [] } };
}

function rolesOf(tensors: TensorEntry[], settings: readonly (readonly [string, TensorRole])[]): string[] {
  const checkpoint: Checkpoint = { format: 'f', formatLabel: 'f', files: [], tensors, notes: [] };
  return withRoles(checkpoint, settings).tensors.map(({ role, roleFrom }) => `${role} ${roleFrom ?? ''}`);
}

describe('the roles of tensors', () => {
  it('say what has decided them', () => {
    expect(
      rolesOf(
        [
          entry('conv1.weight', [2, 2], 'weight'),
          entry('conv1.bias', [2], 'bias'),
          entry('bn1.running_mean', [2], 'buffer'),
          entry('onnx::MatMul_7', [2, 2], 'embedding'),
          entry('x', [2], 'other'),
        ],
        [],
      ),
    ).toEqual(['weight shape', 'bias name', 'buffer name', 'embedding format', 'other shape']);
  });

  it('are those of the first setting that matches', () => {
    const tensors = [entry('lm_head.weight', [2, 2], 'weight'), entry('lm_head.scale', [2], 'norm')];
    expect(
      rolesOf(tensors, [
        ['lm_head.w*', 'embedding'],
        ['lm_head.*', 'constant'],
      ]),
    ).toEqual(['embedding setting', 'constant setting']);
  });

  it('are read from what a person has written, and what is wrong is told', () => {
    expect(
      parseRoleSettings([
        ['a.*', 'weight'],
        ['b', 'no role'],
        ['', 'bias'],
        ['__proto__', 'buffer'],
        ['c', 7],
      ]),
    ).toEqual({
      settings: [
        ['a.*', 'weight'],
        ['__proto__', 'buffer'],
      ],
      wrong: ['b', '', 'c'],
    });
  });
});

describe('a pattern', () => {
  it.each([
    ['conv1.weight', 'conv1.weight', true],
    ['conv1.weight', 'conv?.weight', true],
    ['conv12.weight', 'conv?.weight', false],
    ['a.b.c', 'a.*', true],
    ['a.b.c', '*.c', true],
    ['a.b.c', '*.b', false],
    ['a.b.c', 'a*b*c*', true],
    ['abab', '*ab', true],
    ['', '*', true],
    ['', '?', false],
    ['a+b(c)', 'a+b(c)', true],
  ])('"%s" matches "%s": %s', (name, pattern, expected) => {
    expect(matches(name, pattern)).toBe(expected);
  });

  it('of many stars takes no more steps than both lengths multiplied', () => {
    expect(matches('a'.repeat(4096), '*a'.repeat(200) + 'b')).toBe(false);
  });
});

describe('the layer of a tensor', () => {
  it.each([
    ['conv1.weight', 'conv1'],
    ['model.layers.0.self_attn.q_proj.weight', 'model.layers.0.self_attn.q_proj'],
    ['dense_1/kernel:0', 'dense_1'],
    ['model/conv2d/Conv2D/ReadVariableOp', 'model/conv2d'],
    ['model/dense/BiasAdd/ReadVariableOp/resource', 'model/dense'],
    ['layer_with_weights-0/kernel/.ATTRIBUTES/VARIABLE_VALUE', 'layer_with_weights-0'],
    ['blk.0.attn_q.weight', 'blk.0.attn_q'],
    ['params/Dense_0/kernel', 'params/Dense_0'],
    ['fc1_weight', 'fc1'],
    ['arr_0', 'arr_0'],
    ['weight', 'weight'],
    ['_bias', '_bias'],
    ['.x', '.x'],
  ])('%s is %s', (tensor, layer) => {
    expect(layerName(tensor)).toBe(layer);
  });
});
