import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { guessData, prepareData } from '../../../src/data/guess';
import { formatError } from '../formats/thrown';
import { bytesOf, FIXTURES, folderWith, idxBytes, network, npyBytes, zipBytes } from './files';

function noise(length: number, levels: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7919 + (i >> 3) * 31) % levels);
}

const mnistLike = folderWith({
  'train-images-idx3-ubyte': idxBytes([20, 28, 28], noise(20 * 784, 256)),
  'train-labels-idx1-ubyte': idxBytes([20], noise(20, 10)),
  't10k-images-idx3-ubyte': idxBytes([4, 28, 28], noise(4 * 784, 256)),
  't10k-labels-idx1-ubyte': idxBytes([4], noise(4, 10)),
});

const cifarLike = path.join(
  folderWith({
    'cifar.npz': zipBytes({
      'x_train.npy': npyBytes('|u1', [6, 32, 32, 3], noise(6 * 3072, 256)),
      'y_train.npy': npyBytes('|u1', [6, 1], Uint8Array.of(3, 8, 0, 6, 1, 9)),
    }),
  }),
  'cifar.npz',
);

describe('a guess', () => {
  it('of images like those of MNIST, for a network that takes rows', async () => {
    const data = await guessData(mnistLike, network([784], 10), {});
    const { guess } = data;
    expect(guess).toMatchObject({
      kind: 'idx',
      shape: [28, 28],
      elements: 'uint8',
      values: { minimum: 0, maximum: 255, whole: true },
      targets: { kind: 'classes', classes: 10 },
      train: { count: 20 },
      test: { count: 4 },
      fit: { shape: [784], order: 'as-is' },
    });
    expect(guess.train.classCounts?.reduce((a, b) => a + b)).toBe(20);
    expect(guess.normalisations.map(({ id }) => id).slice(0, 2)).toEqual(['by-255', 'mnist']);
    expect(guess.samples).toHaveLength(5);
    const set = await prepareData(data, guess.normalisations[0]!.normalisation, { count: 8, seed: 1 });
    expect(set.train).toMatchObject({ inputs: [{ shape: [784] }], count: 8 });
    expect(set.test).toMatchObject({ inputs: [{ shape: [784] }], count: 4 });
    expect(set.test!.inputs[0]!.values[5]).toBe(Math.fround((data.test!.samples.values[5]! * 1) / 255));
  });

  it('is plain data', async () => {
    const { guess } = await guessData(mnistLike, network([28, 28, 1], 10, 'last'), {});
    expect(JSON.parse(JSON.stringify(guess))).toEqual(guess);
  });

  it('shows samples as pictures, rows of them too', async () => {
    for (const input of [network([28, 28, 1], 10, 'last'), network([784], 10)]) {
      const { guess, train } = await guessData(mnistLike, input, {});
      const [first] = guess.samples;
      expect(first).toMatchObject({ kind: 'image', width: 28, height: 28, channels: 1 });
      // The first of five is in the middle of the first fifth of 20.
      const pixels = [...train.samples.values.subarray(2 * 784, 3 * 784)];
      expect(first).toMatchObject({ pixels, target: String(noise(20, 10)[2]) });
    }
  });

  it('of images like those of CIFAR, for networks of either order', async () => {
    const last = await guessData(cifarLike, network([32, 32, 3], 10, 'last'), {});
    expect(last.guess.fit).toMatchObject({ order: 'as-is', layout: 'last', channels: 3 });
    expect(last.guess.normalisations.map(({ id }) => id)).toContain('cifar10');
    const first = await guessData(cifarLike, network([3, 32, 32], 10, 'first'), {});
    expect(first.guess.fit).toMatchObject({ shape: [3, 32, 32], order: 'channels-to-front' });
    const pixels = [...last.train.samples.values.subarray(0, 3072)];
    for (const { guess } of [last, first]) {
      expect(guess.samples[0]).toMatchObject({
        kind: 'image',
        width: 32,
        height: 32,
        channels: 3,
        pixels,
        target: '3',
      });
    }
    const planes = (await prepareData(first, { scale: 1, mean: [0], std: [1] })).train.inputs[0]!.values;
    expect([...planes.subarray(0, 1024)]).toEqual(pixels.filter((_, i) => i % 3 === 0));
  });

  it('of a table of 64 numbers and a label', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => [...noise(64, 17), i % 10].join(','));
    const folder = folderWith({ 'digits.csv': rows.join('\n') });
    for (const input of [network([64], 10), network([8, 8, 1], 10, 'last')]) {
      const { guess } = await guessData(path.join(folder, 'digits.csv'), input, {});
      expect(guess).toMatchObject({ kind: 'csv', shape: [64], labelColumn: 64, train: { count: 30 } });
      expect(guess.normalisations[0]?.id).toBe('by-maximum');
      expect(guess.warnings.join()).toContain('column 65');
    }
    const { guess } = await guessData(path.join(folder, 'digits.csv'), network([8, 8, 1], 10, 'last'), {});
    expect(guess.samples[0]).toMatchObject({ kind: 'image', width: 8, height: 8 });
    const rowsOnly = await guessData(path.join(folder, 'digits.csv'), network([64], 10), {});
    expect(rowsOnly.guess.samples[0]).toMatchObject({ kind: 'text' });
  });

  it('of the digits, with their own samples for testing', async () => {
    const { guess } = await guessData(path.join(FIXTURES, 'digits.npz'), network([64], 10), {});
    expect(guess.test?.count).toBe(397);
    expect(guess.train.classCounts).toEqual([134, 141, 146, 144, 135, 138, 136, 140, 138, 148]);
    expect(guess.warnings).toEqual([]);
  });

  it('of one-hot labels', async () => {
    const labels = Float32Array.of(0, 0, 1, 1, 0, 0, 0, 1, 0);
    const folder = folderWith({
      'd.npz': zipBytes({
        'x.npy': npyBytes('<f4', [3, 2], bytesOf(Float32Array.of(0, 0.1, 0.2, 0.3, 0.4, 1))),
        'y.npy': npyBytes('<f4', [3, 3], bytesOf(labels)),
      }),
    });
    const { guess } = await guessData(path.join(folder, 'd.npz'), network([2], 3), {});
    expect(guess.targets).toEqual({ kind: 'classes', classes: 3 });
    expect(guess.train.classCounts).toEqual([1, 1, 1]);
    expect(guess.samples[0]).toEqual({ kind: 'text', text: '0, 0.1', target: '2' });
    expect(guess.normalisations[0]?.id).toBe('none');
  });

  it.each([
    ['another size', cifarLike, network([784], 10), '784, the samples are 32 × 32 × 3'],
    ['labels out of range', mnistLike, network([784], 5), '5 classes apart, the labels go from 0 to 9'],
    ['no data', path.join(FIXTURES, 'make.py'), network([784], 10), 'no data set'],
    ['no file', path.join(FIXTURES, 'missing.npz'), network([784], 10), 'does not exist'],
    ['a folder of something else', path.join(FIXTURES, 'png'), network([784], 10), 'no data set'],
  ])('says what does not fit: %s', async (_, chosen, input, reason) => {
    const detail = await formatError(guessData(chosen, input, {}));
    expect(detail.reason).toContain(reason);
  });

  it('keeps to what is set', async () => {
    const normalisation = { scale: 2, mean: [3], std: [4] };
    const { guess } = await guessData(mnistLike, network([784], 10), { normalisation });
    expect(guess.normalisations.map(({ id, normalisation: set }) => ({ id, set }))).toEqual([
      { id: 'set', set: normalisation },
    ]);
    const test = path.join(mnistLike, 't10k-images-idx3-ubyte');
    const swapped = await guessData(test, network([784], 10), {
      test: path.join(mnistLike, 'train-images-idx3-ubyte'),
    });
    expect(swapped.guess).toMatchObject({ train: { count: 4 }, test: { count: 20 } });
  });

  it('refuses samples for testing of another shape', async () => {
    const other = folderWith({
      'images-idx3-ubyte': idxBytes([1, 2, 2], [1, 2, 3, 4]),
      'labels-idx1-ubyte': idxBytes([1], [0]),
    });
    const detail = await formatError(guessData(mnistLike, network([784], 10), { test: other }));
    expect(detail.reason).toContain('2 × 2, those for training 28 × 28');
  });
});

describe('files of plain values', () => {
  const folder = folderWith({
    'images.bin': Uint8Array.from({ length: 12 }, (_, i) => i),
    'labels.bin': Uint8Array.of(0, 1, 1, 0, 0, 1),
    'floats.bin': bytesOf(Float32Array.of(0.5, -1, 2, 3)),
  });
  const labels = path.join(folder, 'labels.bin');

  it('are what is said of them', async () => {
    const raw = { shape: [2, 2], type: 'uint8', labelType: 'uint8', labelSize: 2 } as const;
    const { guess, train } = await guessData(path.join(folder, 'images.bin'), network([4], 2), { raw, labels });
    expect(guess).toMatchObject({ kind: 'raw', shape: [2, 2], train: { count: 3 } });
    expect(train.targets).toEqual({ kind: 'classes', classes: 2, labels: Int32Array.of(1, 0, 1) });
    const floats = { shape: [], type: 'float32', labelType: 'uint8', labelSize: 1 } as const;
    const detail = await formatError(
      guessData(path.join(folder, 'floats.bin'), network([], 2), { raw: floats, labels }),
    );
    expect(detail.reason).toContain('6 labels for 4 samples');
  });

  it('are refused where their size says otherwise, or nothing says anything', async () => {
    const raw = { shape: [5], type: 'uint8', labelType: 'uint8', labelSize: 1 } as const;
    const file = path.join(folder, 'images.bin');
    const wrong = await formatError(guessData(file, network([5], 2), { raw, labels }));
    expect(wrong.reason).toContain('12 bytes, which are no multiple of the 5');
    const none = await formatError(guessData(file, network([5], 2), { kind: 'raw' }));
    expect(none.remedy).toContain('"raw"');
    expect((await formatError(guessData(file, network([5], 2), {}))).reason).toContain('no data set');
  });
});
