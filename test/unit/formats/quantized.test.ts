import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import { openCheckpoint } from '../../../src/formats/registry';
import { isPrunable } from '../../../src/formats/roles';
import { extentsOf } from '../../../src/formats/storage';
import { engineSha256 } from './engine-values';
import { FIXTURES } from './stored-values';

const FOLDER = path.join(FIXTURES, 'quantized');

/** Made by the libraries that the weights are quantised with: see make.py. */
type Expected = Record<string, Record<string, { shape: number[]; storedAs: string; sha256: string }>>;
const expected = JSON.parse(readFileSync(path.join(FOLDER, 'expected.json'), 'utf8')) as Expected;

async function open(name: string): Promise<Checkpoint> {
  const opened = await openCheckpoint(path.join(FOLDER, name));
  await opened.close();
  return opened.checkpoint;
}

const noteCodes = ({ notes }: Checkpoint): string[] => notes.map(({ code }) => code);

describe.each(Object.entries(expected))('%s', (name, weights) => {
  const entries = Object.entries(weights);

  it('gives the values that the quantized weights stand for, if there are any', async () => {
    const checkpoint = await open(name);
    for (const [weight, { shape, storedAs, sha256 }] of entries) {
      const tensor = checkpoint.tensors.find((candidate) => candidate.name === weight);
      expect(tensor, weight).toMatchObject({ shape, storedAs, dtype: 'float32' });
      expect(isPrunable(tensor!.role, tensor!.dtype), weight).toBe(true);
      expect(await engineSha256(checkpoint, tensor!), weight).toBe(sha256);
    }
  });

  it('accounts for every byte of the file once', async () => {
    const { tensors, files } = await open(name);
    const ranges = tensors
      .flatMap(({ storage }) => [...extentsOf(storage)])
      .sort((a, b) => a.file - b.file || a.offset - b.offset);
    for (const [index, { file, offset, length }] of ranges.entries()) {
      const next = ranges[index + 1];
      if (next?.file === file) expect(offset + length).toBeLessThanOrEqual(next.offset);
    }
    if (!files[0]!.path.endsWith('.safetensors')) return;
    const total = ranges.reduce((sum, { length }) => sum + length, 0);
    const headers = files.map(({ path: file }) => 8 + Number(readFileSync(file).readBigUInt64LE(0)));
    expect(total).toBe(files.reduce((sum, { size }) => sum + size, 0) - headers.reduce((sum, size) => sum + size, 0));
  });
});

it('says how many weights are quantized, and how', async () => {
  const { notes } = await open('gptq-act-order/model.safetensors');
  expect(notes).toMatchObject([
    {
      code: 'quantized-weights',
      message: expect.stringContaining('4 weights are quantized (1 as int2 (GPTQ, groups of 32), ') as string,
    },
  ]);
});

it('leaves what is not quantized as it is', async () => {
  const { tensors } = await open('gptq-act-order/model.safetensors');
  const others = tensors.filter(({ storedAs }) => storedAs === undefined);
  expect(others.map(({ name, dtype }) => [name, dtype]).sort()).toEqual([
    ['embed_tokens.weight', 'float16'],
    ['layers.4.proj.bias', 'float16'],
  ]);
});

it('keeps what belongs to a weight but is not read with it as a constant', async () => {
  const { tensors } = await open('bitsandbytes/model.safetensors');
  const rest = tensors.filter(({ storedAs }) => storedAs === undefined);
  expect(rest.every(({ role }) => role === 'constant')).toBe(true);
  expect(rest.map(({ name }) => name).filter((name) => name.startsWith('nested'))).toEqual([
    'nested.weight.nested_quant_map',
    'nested.weight.quant_map',
    'nested.weight.quant_state.bitsandbytes__nf4',
  ]);
});

it('says of the factors of an adapter what they are', async () => {
  const checkpoint = await open('lora/adapter_model.safetensors');
  expect(noteCodes(checkpoint)).toEqual(['adapter-factors']);
  expect(checkpoint.notes[0]?.tensors).toHaveLength(2);
});
