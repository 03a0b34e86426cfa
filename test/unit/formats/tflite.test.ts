import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import { openCheckpoint } from '../../../src/formats/registry';
import { extentsOf } from '../../../src/formats/storage';
import { engineSha256 } from './engine-values';
import { FIXTURES } from './stored-values';

const FOLDER = path.join(FIXTURES, 'tflite');

const GATES = ['i', 'f', 'c', 'o'];

type Expected = Record<string, { shape: number[]; dtype: string; sha256: string; storedAs?: string }>;

const EXPECTED = JSON.parse(readFileSync(path.join(FOLDER, 'expected.json'), 'utf8')) as Record<string, Expected>;

async function read<T>(name: string, use: (checkpoint: Checkpoint) => T): Promise<Awaited<T>> {
  const opened = await openCheckpoint(path.join(FOLDER, name));
  try {
    return await use(opened.checkpoint);
  } finally {
    await opened.close();
  }
}

describe('TensorFlow Lite', () => {
  for (const [file, expected] of Object.entries(EXPECTED)) {
    it(`reads every value of ${file} as LiteRT does`, async () => {
      await read(file, async (checkpoint) => {
        const tensors = checkpoint.tensors.filter(({ dtype }) => dtype !== 'complex64');
        expect(tensors.map(({ name }) => name).sort()).toEqual(Object.keys(expected).sort());
        for (const tensor of tensors) {
          const { shape, dtype, sha256, storedAs } = expected[tensor.name]!;
          expect(tensor.shape, tensor.name).toEqual(shape);
          expect(tensor.dtype, tensor.name).toBe(dtype);
          expect(tensor.storedAs, tensor.name).toBe(storedAs);
          expect(await engineSha256(checkpoint, tensor), tensor.name).toBe(sha256);
        }
      });
    });
  }

  it('names what it does not read, and reads the rest', async () => {
    const notes = await Promise.all(
      ['kinds.tflite', 'quantized.tflite', 'external.tflite', 'model.circle', 'bundle.task'].map((file) =>
        read(file, (checkpoint) => checkpoint.notes.map(({ code, tensors, message }) => [code, tensors ?? message])),
      ),
    );
    expect(notes).toEqual([
      [['skipped-tensors', ['text', 'resource']]],
      [['skipped-tensors', ['custom', 'wrong']]],
      [['skipped-tensors', ['odd']]],
      [['skipped-tensors', ['ggml', 'huffman']]],
      [['compressed-models', '1 models of the bundle are compressed and not analyzed, e.g. "packed.tflite".']],
    ]);
  });

  it('finds data behind the flatbuffer and in other files', async () => {
    await read('outside.tflite', ({ tensors }) => {
      const [extent] = extentsOf(tensors[0]!.storage);
      expect(extent).toMatchObject({ file: 0, length: 48 });
      expect(extent!.offset % 16).toBe(0);
    });
    await read('external.tflite', ({ files, tensors }) => {
      expect(files.map((file) => path.basename(file.path))).toEqual(['external.tflite', 'outside.bin']);
      expect([...extentsOf(tensors[1]!.storage)]).toEqual([{ file: 1, offset: 64, length: 10 }]);
    });
  });

  it('tells the formats apart', async () => {
    const labels = await Promise.all(
      ['kinds.tflite', 'model.circle', 'bundle.task'].map((file) => read(file, ({ formatLabel }) => formatLabel)),
    );
    expect(labels).toEqual(['TensorFlow Lite', 'Circle', 'TensorFlow Lite task bundle, 3 models']);
  });
});

describe('graph of a TensorFlow Lite model', () => {
  it('tells roles by the operator that takes a constant', async () => {
    const roles = await read('graph.tflite', ({ tensors }) => tensors.map(({ name, role }) => [name, role]));
    expect(Object.fromEntries(roles)).toMatchObject({
      'conv/w': 'weight',
      'conv/b': 'bias',
      'dw/w': 'weight',
      'dw/b': 'bias',
      pads: 'constant',
      'prelu/alpha': 'other',
      scale: 'norm',
      offset: 'bias',
      'up/size': 'constant',
      'up/w': 'weight',
      'up/b': 'bias',
      'custom/w': 'weight',
      'flat/shape': 'constant',
      'fc/w': 'weight',
      'fc/b': 'bias',
      'matmul/w': 'weight',
      'embedding/table': 'embedding',
      'gather/table': 'embedding',
      'lstm/input_i': 'weight',
      'lstm/state_o': 'weight',
      'lstm/bias_f': 'bias',
      'second/conv/b': 'bias',
      'second/tensor 4': 'other',
    });
  });

  it('knows along which dimensions channels run', async () => {
    const nodes = await read('graph.tflite', ({ topology }) => topology!.nodes);
    expect(nodes.map(({ operator, parameters }) => [operator, ...parameters.map(brief)])).toEqual([
      ['CONV_2D', 'conv/w weight 0 3', 'conv/b bias 0 -'],
      ['DEPTHWISE_CONV_2D', 'dw/w weight 3 -', 'dw/b bias 0 -'],
      ['PAD', 'pads other - -'],
      ['PRELU', 'prelu/alpha other 2 -'],
      ['MUL', 'scale scale 0 -'],
      ['ADD', 'offset bias 3 -'],
      ['TRANSPOSE_CONV', 'up/size other - -', 'up/w weight 0 3', 'up/b bias 0 -'],
      ['Convolution2DTransposeBias', 'custom/w weight 0 3'],
      ['RESHAPE', 'flat/shape other - -'],
      ['FULLY_CONNECTED', 'fc/w weight 0 1', 'fc/b bias 0 -'],
      ['BATCH_MATMUL', 'matmul/w weight 1 0'],
      ['BATCH_MATMUL', 'matmul_t/w weight 0 1'],
      ['EMBEDDING_LOOKUP', 'embedding/table weight 1 -'],
      ['GATHER', 'gather/table weight 1 -'],
      [
        'UNIDIRECTIONAL_SEQUENCE_LSTM',
        ...['input', 'state'].flatMap((part) => GATES.map((gate) => `lstm/${part}_${gate} weight 0 1`)),
        ...GATES.map((gate) => `lstm/bias_${gate} bias 0 -`),
      ],
      ['FULLY_CONNECTED', 'second/fc/w weight 0 1', 'second/conv/b bias 0 -'],
      ['ADD', 'second/conv/b #2 bias 0 -'],
    ]);
  });

  it('connects the operators, past those that only store a constant in another form', async () => {
    const topology = await read('graph.tflite', (checkpoint) => checkpoint.topology!);
    expect(topology.inputs).toEqual(['input', 'ids', 'second/input']);
    expect(topology.outputs).toEqual(['matmul_t', 'lstm', 'sum']);
    expect(topology.nodes.slice(0, 2)).toMatchObject([
      { name: 'conv', inputs: ['input'], outputs: ['conv'] },
      { name: 'dw', inputs: ['conv'], outputs: ['dw'] },
    ]);
    expect(new Set(topology.nodes.map(({ name }) => name)).size).toBe(topology.nodes.length);
  });

  it('gives each tensor a name of its own, and says which share their data', async () => {
    const { tensors, notes } = await read('graph.tflite', (checkpoint) => checkpoint);
    expect(tensors.filter(({ aliasOf }) => aliasOf !== undefined)).toMatchObject([
      { name: 'second/fc/w', aliasOf: 'matmul/w' },
    ]);
    expect(notes).toMatchObject([
      {
        code: 'renamed-tensors',
        tensors: ['second/fc/w', 'second/conv/b', 'second/conv/b #2', 'second/tensor 4'],
      },
    ]);
  });
});

function brief(parameter: { tensor: string; use: string; outputChannels?: number; inputChannels?: number }): string {
  const { tensor, use, outputChannels = '-', inputChannels = '-' } = parameter;
  return `${tensor} ${use} ${outputChannels} ${inputChannels}`;
}
