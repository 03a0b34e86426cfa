import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { coremlReader } from '../../../src/formats/coreml/coreml';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import { openCheckpoint } from '../../../src/formats/registry';
import { engineSha256, engineValues } from './engine-values';
import { FIXTURES } from './stored-values';
import { field, message } from './tensorflow-bytes';
import { formatError, readBytes } from './thrown';

const FOLDER = path.join(FIXTURES, 'coreml');
type Expected = Record<string, { shape: number[]; sha256: string }>;
const EXPECTED = JSON.parse(readFileSync(path.join(FOLDER, 'networks.json'), 'utf8')) as Record<string, Expected>;

async function open(file: string): Promise<Checkpoint> {
  const opened = await openCheckpoint(path.join(FOLDER, file));
  await opened.close();
  return opened.checkpoint;
}

describe('neural networks of Core ML', () => {
  it.each(Object.keys(EXPECTED))('%s has the values that coremltools reads', async (name) => {
    const checkpoint = await open(name);
    expect(checkpoint).toMatchObject({ format: 'coreml', formatLabel: 'Core ML neural network', notes: [] });
    const expected = EXPECTED[name]!;
    expect(checkpoint.tensors.map((tensor) => tensor.name).sort()).toEqual(Object.keys(expected).sort());
    for (const tensor of checkpoint.tensors) {
      const reference = expected[tensor.name]!;
      expect(tensor.shape, tensor.name).toEqual(reference.shape);
      expect(await engineSha256(checkpoint, tensor), tensor.name).toBe(reference.sha256);
    }
  });
});

/** Field 1 of a message of floats: packed. */
const floats = (...values: number[]): Buffer => field(1, Buffer.from(Float32Array.from(values).buffer));

/** An inner product of 3 inputs and 2 outputs, with the given weights. */
const product = (name: string, ...weights: readonly Uint8Array[]): Buffer =>
  layer(name, 140, field(1, 3), field(2, 2), field(20, message(...weights)));

function layer(name: string, kind: number, ...parameters: readonly Uint8Array[]): Buffer {
  return field(1, message(field(1, name), field(2, 'in'), field(3, 'out'), field(kind, message(...parameters))));
}

function model(kind: number, ...content: readonly Uint8Array[]): Buffer {
  const feature = field(1, message(field(1, 'x'), field(3, field(5, ''))));
  return message(field(1, 1), field(2, feature), field(kind, message(...content)));
}

const linear = (scales: number, biases: number): Buffer =>
  field(
    101,
    message(
      floats(...Array.from({ length: scales }, () => 0.5)),
      ...(biases === 0 ? [] : [field(2, Buffer.alloc(4 * biases))]),
    ),
  );

const read = (bytes: Uint8Array): Promise<Checkpoint> => readBytes(coremlReader, bytes, '/data/model.mlmodel');

describe('hand-written neural networks', () => {
  const good = product('fc', floats(1, 2, 3, 4, 5, 6));

  it('are told from other files that start alike', () => {
    const isOurs = (bytes: Uint8Array): boolean => coremlReader.matches(bytes, { path: '', size: 0 } as never);
    expect(isOurs(model(500, good))).toBe(true);
    const described = message(field(1, 'x'), field(2, 'n'.repeat(300)), field(3, field(4, '')));
    expect(isOurs(message(field(1, 1), field(2, field(10, described))))).toBe(true);
    // A SavedModel with the version of its graph, and its operators.
    const information = message(field(1, 'v1'), field(2, field(1, message(field(1, 'Add')))));
    expect(isOurs(message(field(1, 1), field(2, field(1, information))))).toBe(false);
  });

  it.each([303, 403, 500])('are those of kind %i', async (kind) => {
    const { tensors, notes } = await read(model(kind, good));
    expect(tensors).toMatchObject([{ name: 'fc/weights', shape: [2, 3], role: 'weight', dtype: 'float32' }]);
    expect(notes).toEqual([]);
  });

  it('have the roles that layers give', async () => {
    const { tensors } = await read(readFileSync(path.join(FOLDER, 'network.mlmodel')));
    const roles = Object.fromEntries(tensors.map(({ name, role }) => [name, role]));
    expect(roles).toMatchObject({
      'conv/weights': 'weight',
      'conv/bias': 'bias',
      'bn/gamma': 'norm',
      'bn/variance': 'buffer',
      'scale/scale': 'norm',
      'embed/weights': 'embedding',
      'lstm/backward/inputGateRecursionMatrix': 'weight',
      'gru/resetGateBiasVector': 'bias',
      'prelu/alpha': 'other',
    });
  });

  it('say how weights are stored', async () => {
    const stored = async (name: string): Promise<unknown> =>
      (await open(name)).tensors.find((tensor) => tensor.name === 'fc/weights')?.storedAs;
    expect(await stored('linear4.mlmodel')).toBe('uint4, 10 scales');
    expect(await stored('table3.mlmodel')).toBe('palette of 8 values');
    expect(await stored('half.mlmodel')).toBeUndefined();
  });

  it('may have weights of int8 with one scale', async () => {
    const codes = field(31, Buffer.from([1, 2, 3, 0xff, 0xfe, 0xfd]));
    const bytes = model(500, product('fc', codes, field(40, message(field(1, 8), linear(1, 0)))));
    const { tensors } = await read(bytes);
    expect(tensors[0]).toMatchObject({ storedAs: 'int8, 1 scales', storage: { coding: { codes: { dtype: 'int8' } } } });
    const folder = mkdtempSync(path.join(tmpdir(), 'coreml-'));
    try {
      const file = path.join(folder, 'int8.mlmodel');
      writeFileSync(file, bytes);
      const opened = await openCheckpoint(file);
      await opened.close();
      const { checkpoint } = opened;
      expect([...(await engineValues(checkpoint, checkpoint.tensors[0]!))]).toEqual([0.5, 1, 1.5, -0.5, -1, -1.5]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('may be in pipelines, loops and branches', async () => {
    const inner = model(500, good);
    const branch = layer('if', 605, field(1, good), field(2, good));
    const loop = layer('while', 615, field(3, message()), field(4, good));
    const pipeline = [
      field(1, inner),
      field(1, model(302)),
      field(1, model(500, branch, loop, good)),
      field(2, 'name'),
    ];
    const names = ['0/fc', '2/if/if/fc', '2/if/else/fc', '2/while/body/fc', '2/fc'].map((name) => `${name}/weights`);
    expect((await read(model(202, ...pipeline))).tensors.map(({ name }) => name)).toEqual(names);
    expect((await read(model(200, field(1, message(...pipeline))))).tensors.map(({ name }) => name)).toEqual(names);
  });

  it('may have names twice, strange ones, and none', async () => {
    const { tensors, notes } = await read(
      model(500, good, good, product('__proto__', floats(1, 2, 3, 4, 5, 6)), product('', floats(1, 2, 3, 4, 5, 6))),
    );
    expect(tensors.map(({ name }) => name)).toEqual(['fc/weights', 'fc/weights (2)', '__proto__/weights', '4/weights']);
    expect(notes).toMatchObject([{ code: 'repeated-names', tensors: ['fc/weights (2)'] }]);
  });

  it('may have lists and floats that are not packed', async () => {
    const single = Buffer.concat([Buffer.from([0x0d]), Buffer.from(Float32Array.of(7).buffer)]);
    const { tensors } = await read(
      model(500, layer('scale', 245, field(1, 2), field(1, 1), field(2, message(single, single)))),
    );
    expect(tensors).toMatchObject([{ shape: [2, 1], storage: { extents: [{ length: 4 }, { length: 4 }] } }]);
  });

  it('may lack biases', async () => {
    const { tensors, notes } = await read(
      model(500, layer('fc', 140, field(1, 1), field(2, 1), field(20, floats(1)), field(21, ''))),
    );
    expect(tensors.map(({ name }) => name)).toEqual(['fc/weights']);
    expect(notes).toEqual([]);
  });

  const codes = (bytes: number): Buffer => field(30, Buffer.alloc(bytes));
  const quantization = (...fields: readonly Uint8Array[]): Buffer => field(40, message(...fields));
  it.each([
    ['fewer floats', floats(1, 2, 3, 4, 5)],
    ['more floats', floats(1, 2, 3, 4, 5, 6, 7)],
    ['part of a float', field(1, Buffer.alloc(25))],
    ['half of a half', field(2, Buffer.alloc(13))],
    ['codes without quantisation', codes(6)],
    ['codes without scales', message(codes(6), quantization(field(1, 8)))],
    ['0 bits', message(codes(6), quantization(field(1, 0), linear(1, 1)))],
    ['9 bits', message(codes(7), quantization(field(1, 9), linear(1, 1)))],
    ['2^63 bits', message(codes(6), quantization(field(1, 2n ** 63n), linear(1, 1)))],
    ['too few codes', message(codes(2), quantization(field(1, 3), linear(1, 1)))],
    ['too many codes', message(codes(4), quantization(field(1, 3), linear(1, 1)))],
    ['a scale for each of other channels', message(codes(6), quantization(field(1, 8), linear(3, 3)))],
    ['fewer biases than scales', message(codes(6), quantization(field(1, 8), linear(2, 1)))],
    ['part of a scale', message(codes(6), quantization(field(1, 8), field(101, field(1, Buffer.alloc(7)))))],
    ['a table of the wrong size', message(codes(3), quantization(field(1, 4), field(102, floats(1, 2))))],
  ])('are named if they have %s', async (_, weights) => {
    const { tensors, notes } = await read(model(500, good, product('bad', weights)));
    expect(tensors.map(({ name }) => name)).toEqual(['fc/weights']);
    expect(notes).toMatchObject([{ code: 'tensors-not-read', tensors: ['bad/weights'] }]);
  });

  it.each([
    ['a negative size', [field(1, -3n), field(2, 2)]],
    ['sizes that overflow', [field(1, 2n ** 40n), field(2, 2n ** 40n)]],
    ['no sizes', []],
  ])('are named if they have %s', async (_, sizes) => {
    const bad = layer('bad', 140, ...sizes, field(20, floats(1, 2, 3, 4, 5, 6)));
    const { tensors, notes } = await read(model(500, good, bad));
    expect(tensors.map(({ name }) => name)).toEqual(['fc/weights']);
    expect(notes).toMatchObject([{ code: 'tensors-not-read', tensors: ['bad/weights'] }]);
  });

  it.each([
    ['a shape of 65 dimensions', layer('c', 1070, field(1, Buffer.alloc(65, 1)), field(2, floats(1))), 'more than 64'],
    ['a weight in very many pieces', product('p', ...Array.from({ length: 1001 }, () => floats(1))), 'pieces'],
    ['floats that are a number', product('p', field(1, 5)), 'wire type'],
    ['a layer that is a number', field(1, 5), 'wire type'],
    ['a name that is too long', product('n'.repeat(4097), floats(1)), 'at most 4096'],
    ['a weight that is cut off', Buffer.concat([good.subarray(0, -3)]), ''],
  ])('are refused: %s', async (_, content, reason) => {
    expect((await formatError(read(model(500, content)))).reason).toContain(reason);
  });

  it('nest loops only so deep, and names with them', async () => {
    let deep = good;
    for (let depth = 0; depth < 60; depth++) deep = layer('loop', 615, field(4, deep));
    expect((await formatError(read(model(500, deep)))).reason).toContain('deeper');
    let long = good;
    for (let depth = 0; depth < 5; depth++) long = layer('n'.repeat(1000), 615, field(4, long));
    expect((await formatError(read(model(500, long)))).reason).toContain('more than 4096 characters');
  });

  it('are few in a pipeline', async () => {
    const pipeline = model(202, ...Array.from({ length: 1001 }, () => field(1, '')));
    expect((await formatError(read(pipeline))).reason).toContain('more than 1000 models');
  });
});
