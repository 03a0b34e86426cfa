import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpoint, TensorEntry } from '../../../src/formats/checkpoint';
import { pytorchReader } from '../../../src/formats/pytorch/pytorch';
import { isPrunable } from '../../../src/formats/roles';
import { BufferSource } from '../../../src/formats/source';
import { FIXTURES, openWith, storedBytes, storedValues, valuesSha256 } from './stored-values';
import { formatError } from './thrown';

const FOLDER = path.join(FIXTURES, 'pytorch');

/** file → tensor → type, shape, SHA-256 (of values as float32 in reference.json, as they are in made.json). */
type Expected = Record<string, Record<string, [dtype: string, shape: number[], sha256: string]>>;

const REFERENCE = load('reference.json');
const MADE = load('made.json');

function load(name: string): Expected {
  return JSON.parse(readFileSync(path.join(FOLDER, name), 'utf8')) as Expected;
}

async function read(file: string): Promise<Checkpoint> {
  return await openWith(pytorchReader, path.join(FOLDER, file));
}

function tensor({ tensors }: Checkpoint, name: string): TensorEntry {
  const found = tensors.find((entry) => entry.name === name);
  if (found === undefined) throw new Error(`no tensor ${name}`);
  return found;
}

function valueBytesSha256(checkpoint: Checkpoint, entry: TensorEntry): string {
  let bytes = storedBytes(checkpoint, entry);
  const { quantization, dtype } = entry.storage;
  if (quantization !== undefined) {
    const values = dtype === 'int8' ? new Int8Array(bytes) : new Uint8Array(bytes);
    bytes = Buffer.from(Float32Array.from(values, (q) => q * quantization.scale + quantization.min).buffer);
  }
  return createHash('sha256').update(bytes).digest('hex');
}

function aliases({ tensors }: Checkpoint): Record<string, string> {
  return Object.fromEntries(tensors.flatMap(({ name, aliasOf }) => (aliasOf === undefined ? [] : [[name, aliasOf]])));
}

function namesOfRole({ tensors }: Checkpoint, role: TensorEntry['role']): string[] {
  return tensors.filter((entry) => entry.role === role).map(({ name }) => name);
}

function prunable({ tensors }: Checkpoint): string[] {
  return tensors.filter(({ role, dtype }) => isPrunable(role, dtype)).map(({ name }) => name);
}

describe('PyTorch files', () => {
  it.each(Object.entries(REFERENCE))('%s: every value is the reference value', async (file, expected) => {
    const checkpoint = await read(file);
    const found = checkpoint.tensors.map((entry) => [
      entry.name,
      [entry.dtype, entry.shape, valuesSha256(checkpoint, entry)],
    ]);
    expect(found).toEqual(Object.entries(expected));
  });

  const readable = Object.entries(MADE).filter(([, tensors]) => Object.keys(tensors).length > 0);
  it.each(readable)('%s: every byte of every value is as torch has it', async (file, expected) => {
    const checkpoint = await read(file);
    const found = checkpoint.tensors.map((entry) => [
      entry.name,
      [entry.dtype, entry.shape, valueBytesSha256(checkpoint, entry)],
    ]);
    expect(found).toEqual(Object.entries(expected));
    for (const { shape, count } of checkpoint.tensors) expect(shape.reduce((a, b) => a * b, 1)).toBe(count);
  });

  it.each(Object.keys(MADE).filter((file) => file !== 'optimizer_only.pt'))('%s is recognised', (file) => {
    const bytes = readFileSync(path.join(FOLDER, file));
    expect(pytorchReader.matches(bytes.subarray(0, 4096), new BufferSource('/models/unnamed', bytes))).toBe(true);
  });

  it('leaves other zip archives and other files to others, unless they have its extension', () => {
    const npz = readFileSync(path.join(FIXTURES, 'npz/kinds.npz'));
    expect(pytorchReader.matches(npz.subarray(0, 4096), new BufferSource('/a/kinds.npz', npz))).toBe(false);
    expect(pytorchReader.matches(npz.subarray(0, 4096), new BufferSource('/a/kinds.pt', npz))).toBe(true);
    const text = Buffer.from('hello');
    expect(pytorchReader.matches(text, new BufferSource('/a/b.pt', text))).toBe(false);
  });
});

describe('views of storages', () => {
  it.each(['views.pt', 'legacy_views.pt'])('%s: counts shared values once', async (file) => {
    const checkpoint = await read(file);
    expect(aliases(checkpoint)).toEqual({
      transposed: 'base',
      rows: 'base',
      columns: 'base',
      steps: 'base',
      tied: 'base',
      one: 'base',
    });
    expect(checkpoint.notes).toMatchObject([
      { code: 'overlapping-tensors', tensors: ['slice_of_unsaved', 'other_slice'] },
    ]);
  });

  it('reads just the bytes that a view reaches, and gives strides only where they are needed', async () => {
    const checkpoint = await read('views.pt');
    const { strides: none, extents: plain } = tensor(checkpoint, 'slice_of_unsaved').storage;
    expect(none).toBeUndefined();
    expect(plain[0]?.length).toBe(40);
    expect(tensor(checkpoint, 'rows').storage.strides).toBeUndefined();
    const column = tensor(checkpoint, 'column_of_unsaved').storage;
    expect(column.strides).toEqual([3]);
    expect(column.extents[0]?.length).toBe(4 * 10);
    expect(tensor(checkpoint, 'expanded').storage).toMatchObject({ strides: [1, 0] });
    expect(tensor(checkpoint, 'windows').storage).toMatchObject({ strides: [2, 1] });
  });

  it('does not take a view of another type for an alias', async () => {
    const checkpoint = await read('shared_types.pt');
    expect(aliases(checkpoint)).toEqual({});
    expect(checkpoint.notes).toMatchObject([{ code: 'overlapping-tensors', tensors: ['codes', 'words'] }]);
  });

  it('reads deflated and big-endian storages where they are', async () => {
    const deflated = await read('deflated.pt');
    expect(tensor(deflated, 'conv.weight').storage.deflate).toEqual({ skip: 0, inflatedBytes: 72 });
    const big = await read('big_endian.pt');
    expect(big.tensors.every(({ storage }) => storage.bigEndian === true)).toBe(true);
  });
});

describe('checkpoints of training scripts', () => {
  const weights = ['conv.weight', 'conv.bias', 'bn.weight', 'bn.bias', 'fc.weight', 'fc.bias'];

  it('keeps optimiser state, random states and losses apart from the weights', async () => {
    const checkpoint = await read('adam.pt');
    expect(prunable(checkpoint)).toEqual(weights);
    expect(namesOfRole(checkpoint, 'optimizer')).toHaveLength(18);
    expect(namesOfRole(checkpoint, 'buffer')).toEqual(['bn.running_mean', 'bn.running_var', 'bn.num_batches_tracked']);
    expect(namesOfRole(checkpoint, 'constant')).toEqual(['loss', 'rng_state']);
    expect(checkpoint.notes).toEqual([]);
  });

  it('knows which of the optimiser’s tensors are second moments, of what decay, after what steps', async () => {
    const { secondMoments = [] } = await read('adam.pt');
    expect(secondMoments).toHaveLength(6);
    expect(secondMoments[1]).toEqual({
      tensor: 'optimizer.state.1.exp_avg_sq',
      decay: 0.999,
      step: 'optimizer.state.1.step',
    });
    expect((await read('digits_adam.pt')).secondMoments).toHaveLength(6);
    expect((await read('fmnist_epoch1.pt')).secondMoments).toBeUndefined();
  });

  it('has the names of the parameters where the optimiser was given them, in whatever order', async () => {
    const checkpoint = await read('adam_named.pt');
    const { named } = JSON.parse(readFileSync(path.join(FOLDER, 'trainer.json'), 'utf8')) as {
      named: Record<string, { shape: number[]; sum: number }>;
    };
    const moments = Object.entries(named);
    expect(checkpoint.secondMoments).toHaveLength(moments.length);
    for (const [parameter, { shape, sum }] of moments) {
      const name = `optimizer.state.${parameter}.exp_avg_sq`;
      expect(checkpoint.secondMoments?.find((moment) => moment.parameter === parameter)?.tensor).toBe(name);
      const held = tensor(checkpoint, name);
      expect(held.shape).toEqual(shape);
      const values = [...storedValues(checkpoint, held)];
      expect(Math.abs(values.reduce((total, value) => total + value, 0) / sum - 1)).toBeLessThan(1e-6);
    }
  });

  it('reads checkpoints of Lightning', async () => {
    const checkpoint = await read('lightning.ckpt');
    expect(checkpoint.secondMoments?.map(({ tensor: name }) => name)).toContain('optimizer.state.0.exp_avg_sq');
    expect(prunable(checkpoint)).toEqual(weights.map((name) => `model.${name}`));
    expect(namesOfRole(checkpoint, 'optimizer')[0]).toBe('optimizer.state.0.step');
  });

  it('lists a moving average of the weights, but counts it not', async () => {
    const checkpoint = await read('ema.pt');
    expect(prunable(checkpoint)).toEqual(weights);
    expect(checkpoint.notes.map(({ code }) => code)).toEqual(['weight-copies']);
    expect(checkpoint.notes[0]?.tensors).toHaveLength(9);
  });

  it('tells several networks apart by their keys', async () => {
    expect(prunable(await read('gan.pt'))).toEqual([
      ...weights.map((name) => `generator.${name}`),
      'discriminator.fc.weight',
    ]);
  });

  it('keeps the prefix that DataParallel writes', async () => {
    expect(prunable(await read('dataparallel.pt'))).toEqual(weights.map((name) => `module.${name}`));
  });

  it('does not let optimiser state pass for weights', async () => {
    expect((await formatError(read('optimizer_only.pt'))).reason).toBe(
      'holds the state of an optimiser, but no weights',
    );
  });
});

describe('pickled modules', () => {
  it.each(['module.pt', 'legacy_module.pt'])('%s: names tensors as state_dict() does', async (file) => {
    const checkpoint = await read(file);
    expect(checkpoint.formatLabel).toMatch(/^PyTorch (zip|legacy), whole module$/);
    expect(aliases(checkpoint)).toEqual({ 'second.weight': 'first.weight', 'second.bias': 'first.bias' });
    expect(namesOfRole(checkpoint, 'buffer')).toEqual(expect.arrayContaining(['mask', 'cache', 'bn.running_var']));
    expect(tensor(checkpoint, 'note').role).toBe('constant');
    expect(checkpoint.notes).toEqual([]);
  });

  it('says that a class of the user would be imported', async () => {
    const { notes } = await read('fmnist_module.pt');
    expect(notes.map(({ code }) => code)).toEqual(['pickle-imports-code']);
    expect(notes[0]?.message).toContain('imports refnet.RefNet,');
  });

  it('reads TorchScript', async () => {
    const checkpoint = await read('script.pt');
    expect(checkpoint.formatLabel).toBe('TorchScript');
    expect(checkpoint.notes).toEqual([]);
    expect(namesOfRole(checkpoint, 'weight')).toEqual(['conv.weight', 'fc.weight']);
  });
});
