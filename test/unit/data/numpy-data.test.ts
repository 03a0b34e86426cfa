import { createHash } from 'node:crypto';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readData } from '../../../src/data/read-data';
import { pairArrays } from '../../../src/data/numpy-names';
import { formatError } from '../formats/thrown';
import { bytesOf, FIXTURES, folderWith, network, npyBytes, zipBytes } from './files';

const NETWORK = network([2], 3);
const x = npyBytes('<f4', [3, 2], bytesOf(Float32Array.of(0, 1, 2, 3, 4, 5)));
const y = npyBytes('<i8', [3], bytesOf(BigInt64Array.of(2n, 0n, 1n)));

function npz(entries: Readonly<Record<string, Uint8Array>>): string {
  const named = Object.fromEntries(Object.entries(entries).map(([name, bytes]) => [`${name}.npy`, bytes]));
  return path.join(folderWith({ 'data.npz': zipBytes(named) }), 'data.npz');
}

describe('npz data sets', () => {
  it('the digits are as numpy reads them', async () => {
    const { kind, train, test } = await readData(path.join(FIXTURES, 'digits.npz'), network([64], 10), {});
    expect(kind).toBe('npz');
    expect(train.samples).toMatchObject({ shape: [8, 8], count: 1400 });
    expect(test?.samples).toMatchObject({ shape: [8, 8], count: 397 });
    const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    expect(sha(train.samples.values as Uint8Array)).toBe('a566518e8d26a8dd');
    expect(sha(test!.samples.values as Uint8Array)).toBe('bbda961f375a960a');
    const { targets } = train.samples;
    expect(targets).toMatchObject({ kind: 'classes', classes: 10 });
    expect(sha(Uint8Array.from((targets as { labels: Int32Array }).labels))).toBe('e5b5705ea7fa8364');
  });

  it.each([
    [['x', 'y'], { train: ['x', 'y'] }],
    [['X', 'y'], { train: ['X', 'y'] }],
    [['data', 'images', 'target'], { train: ['data', 'target'] }],
    [['labels', 'images'], { train: ['images', 'labels'] }],
    [['y_test', 'x_test', 'y_train', 'x_train'], { train: ['x_train', 'y_train'], test: ['x_test', 'y_test'] }],
    [
      ['X_train', 'Y_train', 'X_val', 'Y_val', 'X_test', 'Y_test'],
      { train: ['X_train', 'Y_train'], test: ['X_test', 'Y_test'] },
    ],
    [
      ['train_images', 'train_labels', 'val_images', 'val_labels'],
      { train: ['train_images', 'train_labels'], test: ['val_images', 'val_labels'] },
    ],
    [['xtrain', 'ytrain'], { train: ['xtrain', 'ytrain'] }],
    [['arr_0', 'arr_1'], { train: ['arr_0', 'arr_1'] }],
    [['arr_0', 'arr_1', 'arr_2', 'arr_3'], { train: ['arr_0', 'arr_1'], test: ['arr_2', 'arr_3'] }],
    [['x_test', 'y_test'], { test: ['x_test', 'y_test'] }],
    [['fc1.weight', 'fc1.bias'], {}],
    [['x'], {}],
  ])('of the arrays %j, the pairs are found', (names, wanted: { train?: string[]; test?: string[] }) => {
    const { train, test } = pairArrays(names);
    expect(train && [train.inputs, train.targets]).toEqual(wanted.train);
    expect(test && [test.inputs, test.targets]).toEqual(wanted.test);
  });

  it('labels may be one-hot, a column, or values', async () => {
    const oneHot = npyBytes('<f4', [3, 3], bytesOf(Float32Array.of(0, 0, 1, 1, 0, 0, 0, 1, 0)));
    const column = npyBytes('<i4', [3, 1], bytesOf(Int32Array.of(2, 0, 1)));
    for (const labels of [y, oneHot, column]) {
      const { samples } = (await readData(npz({ x, y: labels }), NETWORK, {})).train;
      expect(samples.targets).toEqual({ kind: 'classes', classes: 3, labels: Int32Array.of(2, 0, 1) });
    }
    const values = npyBytes('<f8', [3], bytesOf(Float64Array.of(0.5, -1, 2)));
    const { targets } = (await readData(npz({ x, y: values }), NETWORK, {})).train.samples;
    expect(targets).toEqual({ kind: 'values', size: 1, values: Float32Array.of(0.5, -1, 2) });
    const several = npyBytes('<f4', [3, 2], bytesOf(Float32Array.of(1, 1, 0, 1, 0, 0)));
    const hot = (await readData(npz({ x, y: several }), NETWORK, {})).train.samples.targets;
    expect(hot).toMatchObject({ kind: 'values', size: 2 });
  });

  it('labels may be said to begin elsewhere', async () => {
    const fromOne = npyBytes('<i4', [3], bytesOf(Int32Array.of(3, 1, 2)));
    const file = npz({ x, y: fromOne });
    const { targets } = (await readData(file, NETWORK, { firstLabel: 1 })).train.samples;
    expect(targets).toEqual({ kind: 'classes', classes: 3, labels: Int32Array.of(2, 0, 1) });
    const detail = await formatError(readData(file, NETWORK, { firstLabel: 2 }));
    expect(detail.reason).toContain('label 1 (sample 1)');
  });

  it.each([
    ['no arrays that go together', { weights: x }, '"weights"'],
    ['too few labels', { x, y: npyBytes('<i8', [2], bytesOf(BigInt64Array.of(2n, 0n))) }, '2 labels for 3 samples'],
    [
      'no samples',
      { x: npyBytes('<f4', [0, 2], Buffer.alloc(0)), y: npyBytes('<f4', [0], Buffer.alloc(0)) },
      'no samples',
    ],
    ['a label for nothing', { x, y: npyBytes('<f4', [], Buffer.alloc(4)) }, '0 labels'],
    ['complex numbers', { x: npyBytes('<c8', [3, 1], Buffer.alloc(24)), y }, 'complex'],
  ])('are refused: %s', async (_, entries, reason) => {
    const detail = await formatError(readData(npz(entries), NETWORK, {}));
    expect(detail.reason).toContain(reason);
  });

  it('are refused where they inflate to more or less than they say', async () => {
    const zip = zipBytes({ 'x.npy': x, 'y.npy': y });
    const shorter = deflateRawSync(x.subarray(0, -4));
    const bytes = zipBytes({ 'x.npy': shorter, 'y.npy': y });
    // Both records of the entry: compressed, and of the size that the array should have.
    for (const at of [bytes.indexOf('PK\x03\x04') + 8, bytes.indexOf('PK\x01\x02') + 10]) {
      bytes.writeUInt16LE(8, at);
      bytes.writeUInt32LE(x.length, at + 14);
    }
    const folder = folderWith({ 'a.npz': bytes, 'b.npz': zip });
    const detail = await formatError(readData(path.join(folder, 'a.npz'), NETWORK, {}));
    expect(detail.reason).toMatch(/ends before|decompressed/);
    expect((await readData(path.join(folder, 'b.npz'), NETWORK, {})).train.samples.count).toBe(3);
  });

  it('of npy files of a folder', async () => {
    const folder = folderWith({
      'X_train.npy': x,
      'y_train.npy': y,
      'X_test.npy': x,
      'y_test.npy': y,
      'notes.txt': '',
    });
    for (const chosen of [folder, path.join(folder, 'X_train.npy')]) {
      const data = await readData(chosen, NETWORK, {});
      expect(data).toMatchObject({ kind: 'npy', train: { samples: { count: 3 } }, test: { samples: { count: 3 } } });
      expect(data.test?.paths).toEqual([path.join(folder, 'X_test.npy'), path.join(folder, 'y_test.npy')]);
    }
  });
});
