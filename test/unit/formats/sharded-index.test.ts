import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openCheckpoint } from '../../../src/formats/registry';
import { FIXTURES, valuesSha256 } from './stored-values';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sharded-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

it('reads a sharded PyTorch model, each tensor from the file that the index names', async () => {
  // Both shards hold the whole network; epoch 1 in the second one would give other values.
  copyFileSync(path.join(FIXTURES, 'pytorch/fmnist_epoch3.pt'), path.join(folder, 'pytorch_model-00001-of-00002.bin'));
  copyFileSync(path.join(FIXTURES, 'pytorch/fmnist_epoch1.pt'), path.join(folder, 'pytorch_model-00002-of-00002.bin'));
  const reference = JSON.parse(readFileSync(path.join(FIXTURES, 'safetensors/reference.json'), 'utf8')) as Record<
    string,
    Record<string, { sha256: string }>
  >;
  const expected = reference['fmnist.safetensors']!;
  const map = Object.fromEntries(Object.keys(expected).map((name) => [name, 'pytorch_model-00001-of-00002.bin']));
  map['fc2.bias'] = 'pytorch_model-00002-of-00002.bin';
  writeFileSync(path.join(folder, 'pytorch_model.bin.index.json'), JSON.stringify({ metadata: {}, weight_map: map }));
  const opened = await openCheckpoint(folder);
  await opened.close();
  const { checkpoint } = opened;
  expect(checkpoint.formatLabel).toBe('PyTorch, 2 shards');
  expect(checkpoint.tensors.map(({ name }) => name).sort()).toEqual(Object.keys(expected).sort());
  for (const tensor of checkpoint.tensors) {
    const inFirst = tensor.name !== 'fc2.bias';
    expect(tensor.storage.extents.every(({ file }) => file === (inFirst ? 0 : 1))).toBe(true);
    expect(valuesSha256(checkpoint, tensor) === expected[tensor.name]!.sha256, tensor.name).toBe(inFirst);
  }
  expect(checkpoint.notes.map(({ code }) => code)).toEqual(['repeated-tensors']);
});
