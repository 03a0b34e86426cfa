import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import { openCheckpoint } from '../../../src/formats/registry';
import { engineSha256, engineValues } from './engine-values';
import { FIXTURES } from './stored-values';
import { formatError } from './thrown';

const FOLDER = path.join(FIXTURES, 'tensorflow');
type Expected = Record<string, { shape: number[]; dtype: string; sha256: string }>;
const EXPECTED = JSON.parse(readFileSync(path.join(FOLDER, 'expected.json'), 'utf8')) as Record<string, Expected>;

/** Of these, the readers list more than the values of other implementations say. */
const COMPLEX = 'complex64';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tensorflow-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function open(file: string): Promise<Checkpoint> {
  const opened = await openCheckpoint(path.resolve(FOLDER, file));
  await opened.close();
  return opened.checkpoint;
}

function byName({ tensors }: Checkpoint, name: string): Checkpoint['tensors'][number] {
  const tensor = tensors.find((candidate) => candidate.name === name);
  if (tensor === undefined) throw new Error(`There is no ${name}`);
  return tensor;
}

function roles({ tensors }: Checkpoint): Record<string, string[]> {
  const byRole: Record<string, string[]> = {};
  for (const { name, role } of tensors) (byRole[role] ??= []).push(name);
  return byRole;
}

describe('values', () => {
  it.each(Object.keys(EXPECTED).filter((file) => /\.(index|pb)$/.test(file)))(
    'of %s are those that TensorFlow reads',
    async (file) => {
      const checkpoint = await open(file);
      const expected = EXPECTED[file]!;
      const names = checkpoint.tensors
        .map(({ name }) => name)
        .filter((name) => name !== COMPLEX && name !== 'more/float');
      expect(names.sort()).toEqual(Object.keys(expected).sort());
      for (const tensor of checkpoint.tensors) {
        const reference = expected[tensor.name];
        if (reference === undefined) continue;
        expect(tensor.shape, tensor.name).toEqual(reference.shape);
        expect(tensor.dtype, tensor.name).toBe(reference.dtype);
        expect(await engineSha256(checkpoint, tensor), tensor.name).toBe(reference.sha256);
      }
    },
  );

  it('of constants with more of them than the shape says are the first ones', async () => {
    const checkpoint = await open('graphs/constants.pb');
    expect([...(await engineValues(checkpoint, byName(checkpoint, 'more/float')))]).toEqual([1, 2]);
  });
});

describe('checkpoints', () => {
  it('of Keras 3 have the weights among what its optimiser keeps', async () => {
    const checkpoint = await open('keras3/ckpt-1.index');
    expect(checkpoint.formatLabel).toBe('TensorFlow checkpoint');
    const { weight, bias, norm, buffer, constant, optimizer } = roles(checkpoint);
    expect(weight).toEqual(['net/conv1/kernel', 'net/fc/kernel']);
    expect(bias).toEqual(['net/conv1/bias', 'net/fc/bias']);
    expect(norm).toEqual(['net/bn1/gamma', 'net/bn1/beta']);
    expect(buffer).toEqual(['net/bn1/moving_mean', 'net/bn1/moving_variance']);
    expect(constant).toEqual(['save_counter', 'step']);
    expect(optimizer).toHaveLength(14);
    expect(checkpoint.notes).toEqual([]);
  });

  it('of Keras 2 have slots', async () => {
    const { weight, optimizer } = roles(await open('keras2/weights.index'));
    expect(weight).toEqual(['conv1/kernel', 'fc/kernel']);
    expect(optimizer).toContain('SGD/conv1/kernel/momentum');
    expect(optimizer).toHaveLength(10);
  });

  it('of TensorFlow 1 have slots by name, and partitioned variables', async () => {
    const checkpoint = await open('v1/model.ckpt-7.index');
    const { weight, bias, embedding, optimizer, constant } = roles(checkpoint);
    expect(weight).toEqual(['conv1/weights']);
    expect(bias).toEqual(['conv1/biases']);
    expect(embedding).toEqual(['embedding']);
    expect(optimizer).toHaveLength(12);
    expect(constant).toEqual(['global_step']);
    const { coding } = byName(checkpoint, 'embedding').storage;
    expect(coding?.kind === 'tiles' && coding.tiles.map(({ shape }) => shape[0])).toEqual([86, 86, 86, 86, 86, 85, 85]);
  });

  it('go by the paths where names are not unique', async () => {
    expect((await open('modules/modules.index')).tensors.map(({ name }) => name)).toEqual([
      'alone',
      'layers/0/b',
      'layers/0/w',
      'layers/1/b',
      'layers/1/w',
      'd',
    ]);
  });

  it('may be in several files, and hold what is not analysed', async () => {
    const { formatLabel, files, notes, tensors } = await open('types/types.index');
    expect(formatLabel).toBe('TensorFlow checkpoint, 2 shards');
    expect(files).toHaveLength(2);
    expect(notes).toMatchObject([
      { code: 'string-tensors', tensors: ['string'] },
      { code: 'skipped-types', tensors: ['int4'] },
    ]);
    expect(tensors.filter(({ storedAs }) => storedAs !== undefined)).toMatchObject([
      { name: 'qint8', dtype: 'int8', storedAs: 'qint8' },
    ]);
  });

  it.each(['keras3/checkpoint', 'v1/checkpoint', 'v1', 'keras2', 'types'])('are found through %s', async (name) => {
    const { format, tensors } = await open(name);
    expect(format).toBe('tensorflow-checkpoint');
    expect(tensors.length).toBeGreaterThan(5);
  });

  it('are found in a folder of several through the file that names the latest', async () => {
    const several = path.join(folder, 'several');
    cpSync(path.join(FOLDER, 'v1'), several, { recursive: true });
    for (const extension of ['index', 'data-00000-of-00001']) {
      cpSync(path.join(FOLDER, `v1/model.ckpt-7.${extension}`), path.join(several, `model.ckpt-3.${extension}`));
    }
    const opened = await openCheckpoint(several);
    await opened.close();
    expect(opened.checkpoint.files.map(({ path: file }) => path.basename(file))).toEqual([
      'model.ckpt-7.data-00000-of-00001',
    ]);
  });

  it.each([
    ['keras3/ckpt-1.data-00000-of-00001', 'not their names and shapes', 'ckpt-1.index'],
    ['model.ckpt-7.meta', 'but not its weights', 'model.ckpt-7.index'],
  ])('are not opened by %s', async (name, reason, remedy) => {
    const file = path.join(folder, path.basename(name));
    writeFileSync(file, '\n\x0econv1/weights');
    const detail = await formatError(openCheckpoint(file));
    expect(detail.reason).toContain(reason);
    expect(detail.remedy).toContain(remedy);
  });

  it('name the .data file that is missing', async () => {
    const alone = path.join(folder, 'alone.index');
    cpSync(path.join(FOLDER, 'keras3/ckpt-1.index'), alone);
    const detail = await formatError(openCheckpoint(alone));
    expect(detail.reason).toContain('alone.data-00000-of-00001');
  });
});

describe('SavedModels', () => {
  it.each(['saved_model', 'saved_model/saved_model.pb'])('are opened by %s', async (name) => {
    const checkpoint = await open(name);
    expect(checkpoint).toMatchObject({ format: 'tensorflow-savedmodel', formatLabel: 'TensorFlow SavedModel' });
    const { weight } = roles(checkpoint);
    expect(weight).toEqual(['net/conv1/kernel', 'net/fc/kernel', '_all_variables/1', '_all_variables/2']);
  });

  it('of Keras 3 store every variable twice', async () => {
    const { tensors } = await open('saved_model');
    const aliases = tensors.filter(({ aliasOf }) => aliasOf !== undefined);
    expect(tensors).toHaveLength(16);
    expect(aliases).toHaveLength(8);
    for (const { name } of aliases) expect(name).toMatch(/^_all_variables\//);
  });

  it('without variables have the constants of their functions', async () => {
    const checkpoint = await open('saved_constants');
    expect(checkpoint.formatLabel).toBe('TensorFlow SavedModel without variables');
    const kernel = checkpoint.tensors.find(({ name }) => name.endsWith('/kernel'))!;
    expect(kernel).toMatchObject({ role: 'weight', shape: [4, 3] });
    expect(await engineSha256(checkpoint, kernel)).toBe(
      (EXPECTED['saved_constants/kernel'] as unknown as Expected[string]).sha256,
    );
    expect(checkpoint.tensors.filter(({ name }) => name.includes('traced'))).toEqual([]);
  });

  it.each(['keras_metadata.pb', 'fingerprint.pb'])('are not opened by %s', async (name) => {
    mkdirSync(path.join(folder, 'companions'), { recursive: true });
    const file = path.join(folder, 'companions', name);
    cpSync(path.join(FOLDER, 'saved_model/fingerprint.pb'), file);
    expect((await formatError(openCheckpoint(file))).remedy).toContain('saved_model.pb');
  });
});

describe('frozen graphs', () => {
  it('tell by their operators what constants are for', async () => {
    const { weight, bias } = roles(await open('graphs/frozen.pb'));
    expect(weight).toEqual([
      'net_1/conv1_1/convolution/ReadVariableOp/resource',
      'net_1/fc_1/Cast/ReadVariableOp/resource',
    ]);
    expect(bias).toEqual([
      'net_1/conv1_1/Reshape/ReadVariableOp/resource',
      'net_1/fc_1/BiasAdd/ReadVariableOp/resource',
    ]);
  });

  it('have a topology', async () => {
    const { topology } = await open('graphs/frozen.pb');
    expect(topology?.inputs).toEqual(['args_0']);
    expect(topology?.nodes.find(({ operator }) => operator === 'Conv2D')).toEqual({
      name: 'net_1/conv1_1/convolution',
      operator: 'Conv2D',
      inputs: ['args_0'],
      outputs: ['net_1/conv1_1/convolution'],
      parameters: [
        {
          tensor: 'net_1/conv1_1/convolution/ReadVariableOp/resource',
          use: 'weight',
          inputChannels: 2,
          outputChannels: 3,
        },
      ],
    });
    expect(topology?.nodes.find(({ operator }) => operator === 'MatMul')?.parameters).toMatchObject([
      { use: 'weight', inputChannels: 0, outputChannels: 1 },
    ]);
    expect(
      topology?.nodes.filter(({ operator }) => operator === 'BiasAdd').flatMap(({ parameters }) => parameters),
    ).toMatchObject([{ use: 'bias' }, { use: 'bias' }]);
  });
});
