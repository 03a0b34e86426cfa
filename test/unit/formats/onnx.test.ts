import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Checkpoint, TensorEntry } from '../../../src/formats/checkpoint';
import { openCheckpoint, type OpenedCheckpoint } from '../../../src/formats/registry';
import { onnxReader } from '../../../src/formats/onnx/onnx';
import { engineSha256 } from './engine-values';
import { attribute, field, graph, message, model, node, tensor, type GraphParts } from './onnx-bytes';
import { FIXTURES } from './stored-values';
import { readBytes } from './thrown';

interface Expected {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly sha256: string;
}

const FOLDER = path.join(FIXTURES, 'onnx');
const EXPECTED = JSON.parse(readFileSync(path.join(FOLDER, 'expected.json'), 'utf8')) as Record<
  string,
  Record<string, Expected>
>;

/** Opens a fixture for a test. */
async function withFixture<Result>(name: string, use: (checkpoint: Checkpoint) => Promise<Result>): Promise<Result> {
  const opened = await openCheckpoint(path.join(FOLDER, name));
  try {
    return await use(opened.checkpoint);
  } finally {
    await opened.close();
  }
}

function named({ tensors }: Checkpoint, name: string): TensorEntry {
  const tensor = tensors.find((entry) => entry.name === name);
  if (tensor === undefined) throw new Error(`${name} is not among ${tensors.map((entry) => entry.name).join(', ')}`);
  return tensor;
}

describe.each(Object.entries(EXPECTED))('%s', (file, tensors) => {
  let opened: OpenedCheckpoint;
  beforeAll(async () => {
    opened = await openCheckpoint(path.join(FOLDER, file));
  });
  afterAll(() => opened.close());

  it('opens without complaint', () => {
    expect(opened.checkpoint.format).toBe('onnx');
    expect(opened.checkpoint.notes.filter(({ code }) => code !== 'string-tensors')).toEqual([]);
  });

  it.each(Object.entries(tensors))('%s has the values of the reference', async (name, { shape, dtype, sha256 }) => {
    const tensor = named(opened.checkpoint, name);
    expect({ shape: tensor.shape, dtype: tensor.dtype }).toEqual({ shape, dtype });
    expect(await engineSha256(opened.checkpoint, tensor)).toBe(sha256);
  });
});

describe('the network that is saved in all formats', () => {
  const reference = JSON.parse(readFileSync(path.join(FOLDER, 'reference.json'), 'utf8')) as Record<string, Expected>;

  it.each(['fmnist.onnx', 'fmnist_external.onnx'])('%s has the values of the reference', async (file) => {
    await withFixture(file, async (checkpoint) => {
      expect(checkpoint.tensors).toHaveLength(Object.keys(reference).length);
      for (const tensor of checkpoint.tensors) {
        expect(tensor.shape).toEqual(reference[tensor.name]?.shape);
        expect(await engineSha256(checkpoint, tensor)).toBe(reference[tensor.name]?.sha256);
      }
      expect(checkpoint.formatLabel).toBe(file === 'fmnist.onnx' ? 'ONNX' : 'ONNX with external data');
      expect(checkpoint.files).toHaveLength(file === 'fmnist.onnx' ? 1 : 2);
    });
  });

  it('has a topology', async () => {
    const { topology } = await withFixture('fmnist.onnx', (checkpoint) => Promise.resolve(checkpoint));
    expect(topology?.nodes.map(({ operator }) => operator)).toEqual(
      'Conv BatchNormalization Relu MaxPool Conv Relu MaxPool Flatten Gemm Relu Gemm'.split(' '),
    );
    expect(topology?.inputs).toHaveLength(1);
    expect(topology?.outputs).toEqual(topology?.nodes.at(-1)?.outputs);
    // Each takes what the one before gives.
    topology?.nodes.slice(1).forEach(({ inputs }, index) => {
      expect(inputs).toEqual(topology.nodes[index]?.outputs);
    });
    expect(topology?.nodes[0]?.parameters).toEqual([
      { tensor: 'conv1.weight', use: 'weight', outputChannels: 0, inputChannels: 1 },
      { tensor: 'conv1.bias', use: 'bias' },
    ]);
    expect(topology?.nodes[1]?.parameters.map(({ use }) => use)).toEqual(['scale', 'offset', 'mean', 'variance']);
    expect(topology?.nodes[8]?.parameters[0]).toMatchObject({ outputChannels: 0, inputChannels: 1 });
  });
});

describe('graphs within graphs', () => {
  it('are followed: the branches of an If come before it, and feed it', async () => {
    const { topology, notes } = await withFixture('graphs.onnx', (checkpoint) => Promise.resolve(checkpoint));
    const nodes = new Map(topology?.nodes.map((one) => [one.name, one]));
    expect([...nodes.keys()]).toEqual([
      'choice.else_branch/else.matmul',
      'choice.else_branch/If_2.else_branch/MatMul_0',
      'choice.else_branch/If_2.then_branch/MatMul_0',
      'choice.else_branch/If_2',
      'choice.then_branch/then.matmul',
      'choice',
      'loop.body/MatMul_1',
      'loop.body/Identity_2',
      'loop',
      'dense/MatMul_2',
      'dense/MatMul_3',
      'dense/Add_4',
      'last',
    ]);
    expect(nodes.get('choice')?.inputs).toEqual([
      'condition',
      'choice.else_branch/else.y',
      'choice.then_branch/then.y',
    ]);
    expect(nodes.get('loop.body/MatMul_1')?.inputs).toEqual(['a']);
    expect(nodes.get('dense/MatMul_2')?.parameters).toEqual([
      { tensor: 'top.w', use: 'weight', outputChannels: 1, inputChannels: 0 },
    ]);
    expect(nodes.get('last')?.inputs).toEqual(['dense/result']);
    expect(notes).toMatchObject([{ code: 'string-tensors', tensors: ['strings', 'text', 'texts'] }]);
  });
});

describe('quantised weights', () => {
  it('have the role that their operator gives them, and scales are quantization parameters', async () => {
    await withFixture('ort_dynamic.onnx', (checkpoint) => {
      const role = (name: string): string => named(checkpoint, name).role;
      expect(role('table_quantized')).toBe('embedding');
      expect(role('dense.w_quantized')).toBe('weight');
      expect(role('conv.w_quantized')).toBe('weight');
      expect(role('dense.b')).toBe('bias');
      expect(role('conv.b')).toBe('bias');
      for (const { name } of checkpoint.tensors.filter((entry) => /scale|zero_point/.test(entry.name))) {
        expect(role(name), name).toBe('quantization');
      }
      expect(named(checkpoint, 'conv.w_quantized').storedAs).toBe('uint8, one scale');
      return Promise.resolve();
    });
  });

  it('say how they are stored', async () => {
    await withFixture('dequantize.onnx', (checkpoint) => {
      expect(named(checkpoint, 'int4.axis').storedAs).toBe('INT4, scales along dimension 1');
      expect(named(checkpoint, 'blocked.last').storedAs).toBe('INT4, blocks of 16');
      return Promise.resolve();
    });
    await withFixture('quantized.onnx', (checkpoint) => {
      expect(named(checkpoint, 'four.w').storedAs).toBe('4 bits, blocks of 32');
      return Promise.resolve();
    });
  });

  it('stay codes where scales do not fit, with a note', async () => {
    const nodes = [
      node({ operator: 'DequantizeLinear', inputs: ['w', 's'], outputs: ['y'] }),
      node({ operator: 'DequantizeLinear', inputs: ['v', 't'], outputs: ['z'] }),
      node({ operator: 'DequantizeLinear', inputs: ['v', 's'], outputs: ['zz'] }),
    ];
    const bytes = Buffer.from([1, 2, 3, 4, 5, 6]);
    const { tensors, notes } = await read({
      nodes,
      tensors: [
        tensor({ name: 'w', type: 3, dims: [2, 3], raw: bytes }),
        tensor({ name: 'v', type: 3, dims: [2, 3], raw: bytes }),
        tensor({ name: 's', dims: [2] }),
        tensor({ name: 't', dims: [] }),
      ],
    });
    expect(tensors.map(({ dtype }) => dtype)).toEqual(['int8', 'int8', 'float32', 'float32']);
    expect(notes).toMatchObject([{ code: 'unresolved-scales', tensors: ['w', 'v'] }]);
  });
});

describe('roles by operator', () => {
  it.each([
    ['Conv', 1, [8, 4, 3, 3], 'weight', [0, 1]],
    ['ConvTranspose', 1, [8, 4, 3, 3], 'weight', [1, 0]],
    ['Gemm', 1, [8, 4], 'weight', [1, 0]],
    ['Gemm', 2, [8], 'bias', undefined],
    ['MatMul', 1, [2, 8, 4], 'weight', [2, 1]],
    ['MatMul', 0, [8, 4], 'weight', [0, 1]],
    ['LSTM', 2, [1, 8, 4], 'weight', [1, 2]],
    ['LSTM', 5, [1, 1, 4], 'buffer', undefined],
    ['BatchNormalization', 1, [8], 'norm', undefined],
    ['BatchNormalization', 3, [8], 'buffer', undefined],
    ['LayerNormalization', 2, [8], 'norm', undefined],
    ['Gather', 0, [100, 8], 'embedding', [1, undefined]],
    ['Gather', 0, [100], 'other', undefined],
    ['Add', 1, [1, 8, 1, 1], 'bias', undefined],
    ['Add', 1, [1], 'constant', undefined],
    ['Mul', 0, [8], 'norm', undefined],
    ['Mul', 0, [1, 1], 'constant', undefined],
    ['Sub', 1, [1, 3, 1, 1], 'other', undefined],
    ['Concat', 0, [7, 8], 'weight', undefined],
    ['Resize', 2, [4], 'constant', undefined],
    ['Clip', 1, [], 'constant', undefined],
    ['PRelu', 1, [8, 1, 1], 'other', undefined],
    ['RotaryEmbedding', 1, [32, 8], 'buffer', undefined],
  ] as const)('%s, input %i of shape %j: %s', async (operator, index, dims, role, channels) => {
    const inputs = Array.from({ length: index + 1 }, (_, at) => (at === index ? 'onnx::w_1' : `x${at}`));
    if (operator === 'Gather') inputs.push('ids');
    const { tensors, topology } = await read({
      nodes: [node({ operator, inputs, outputs: ['y'] })],
      tensors: [tensor({ name: 'onnx::w_1', dims })],
    });
    expect(tensors[0]?.role).toBe(role);
    const [parameter] = topology?.nodes[0]?.parameters ?? [];
    expect(parameter?.outputChannels).toBe(channels?.[0]);
    expect(parameter?.inputChannels).toBe(channels?.[1]);
  });

  it('follows a transposition, a cast and transB', async () => {
    const transpose = attribute('perm', 8, 1, 0);
    const { topology, tensors } = await read({
      nodes: [
        node({ operator: 'Cast', inputs: ['w'], outputs: ['c'] }),
        node({ operator: 'Transpose', inputs: ['c'], outputs: ['t'], attributes: [transpose] }),
        node({ operator: 'MatMul', inputs: ['x', 't'], outputs: ['y'] }),
        node({ operator: 'Gemm', inputs: ['y', 'v'], outputs: ['z'], attributes: [attribute('transB', 3, 1)] }),
      ],
      tensors: [tensor({ name: 'w', dims: [5, 3] }), tensor({ name: 'v', dims: [4, 5] })],
    });
    expect(tensors.map(({ role }) => role)).toEqual(['weight', 'weight']);
    expect(topology?.nodes.map(({ parameters }) => parameters)).toEqual([
      [{ tensor: 'w', use: 'weight', outputChannels: 0, inputChannels: 1 }],
      [{ tensor: 'v', use: 'weight', outputChannels: 0, inputChannels: 1 }],
    ]);
  });

  it('tells the steps of a normalisation from a bias', async () => {
    const { tensors } = await read({
      nodes: [
        node({ operator: 'Div', inputs: ['a', 'b'], outputs: ['n'] }),
        node({ operator: 'Mul', inputs: ['n', 'g'], outputs: ['m'] }),
        node({ operator: 'Add', inputs: ['m', 'o'], outputs: ['k'] }),
        node({ operator: 'MatMul', inputs: ['k', 'w'], outputs: ['p'] }),
        node({ operator: 'Add', inputs: ['one', 'p'], outputs: ['q'] }),
      ],
      tensors: [
        tensor({ name: 'g', dims: [4] }),
        tensor({ name: 'o', dims: [4] }),
        tensor({ name: 'w', dims: [4, 1] }),
        tensor({ name: 'one', dims: [1] }),
      ],
    });
    expect(tensors.map(({ role }) => role)).toEqual(['norm', 'norm', 'weight', 'bias']);
  });

  it('knows the graphs that train a model', async () => {
    const training = field(20, field(2, graph({ tensors: [tensor({ name: 'w', dims: [2, 2] })] })));
    const { tensors } = await readBytes(
      onnxReader,
      model({ tensors: [tensor({ name: 'w', dims: [2, 2] })] }, training),
      '/a.onnx',
    );
    expect(tensors.map(({ name, role }) => [name, role])).toEqual([
      ['w', 'weight'],
      ['training_info.0/w', 'optimizer'],
    ]);
  });
});

describe('names', () => {
  it('are made unique, and harmless ones are kept', async () => {
    const { tensors, notes } = await read({
      tensors: ['__proto__', 'constructor', 'w', 'w', 'w', 'w#2', ''].map((name) => tensor({ name })),
    });
    expect(tensors.map(({ name }) => name)).toEqual([
      '__proto__',
      'constructor',
      'w',
      'w#2',
      'w#3',
      'w#2#2',
      'initializer_6',
    ]);
    expect(notes).toMatchObject([{ code: 'renamed-tensors', tensors: ['w#2', 'w#3', 'w#2#2'] }]);
  });
});

describe('tensors that cannot be read', () => {
  it('are listed in notes, and the others are read', async () => {
    const { tensors, notes } = await read({
      tensors: [
        tensor({ name: 'strings', type: 8, more: field(6, 'a') }),
        tensor({ name: 'future', type: 99 }),
        tensor({ name: 'part', more: field(3, message(field(1, 0), field(2, 4))) }),
        tensor({ name: 'stripped', more: Buffer.alloc(0) }),
        tensor({ name: 'empty', dims: [0, 3], more: Buffer.alloc(0) }),
        tensor({ name: 'complex', type: 14, dims: [1], raw: Buffer.alloc(8) }),
      ],
    });
    expect(tensors.map(({ name, dtype, count }) => [name, dtype, count])).toEqual([
      ['empty', 'float32', 0],
      ['complex', 'complex64', 1],
    ]);
    expect(notes.map(({ code, tensors: names }) => [code, names])).toEqual([
      ['string-tensors', ['strings']],
      ['unknown-types', ['future', 'part']],
      ['tensors-without-data', ['stripped']],
    ]);
  });
});

function read(parts: GraphParts): Promise<Checkpoint> {
  return readBytes(onnxReader, model(parts), '/model.onnx');
}
