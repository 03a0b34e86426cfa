import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { arraysOf } from '../../../src/data/dataset';
import { guessData, prepareData } from '../../../src/data/guess';
import type { NetworkInput, NetworkShapes } from '../../../src/data/network-shapes';
import { readData } from '../../../src/data/read-data';
import { formatError } from '../formats/thrown';
import { bytesOf, folderWith, npyBytes, zipBytes } from './files';

const COUNT = 4;

function input(name: string, shape: readonly number[], whole = false): NetworkInput {
  return { name, shape, channels: shape.length === 3 ? 'last' : 'none', whole };
}

function networkOf(...inputs: [NetworkInput, ...NetworkInput[]]): NetworkShapes {
  return { inputs, outputShape: [3], link: 'softmax' };
}

function npz(entries: Readonly<Record<string, Uint8Array>>): string {
  const named = Object.fromEntries(Object.entries(entries).map(([name, bytes]) => [`${name}.npy`, bytes]));
  return path.join(folderWith({ 'data.npz': zipBytes(named) }), 'data.npz');
}

/** Whole numbers first, first + 1, …: an array can be told by the first. */
function words(first: number, size = 3, count = COUNT): Uint8Array {
  const values = BigInt64Array.from({ length: count * size }, (_, at) => BigInt(first + at));
  return npyBytes('<i8', [count, size], bytesOf(values));
}

function numbers(first: number, shape: readonly number[], count = COUNT): Uint8Array {
  const size = shape.reduce((a, b) => a * b, 1);
  return npyBytes(
    '<f4',
    [count, ...shape],
    bytesOf(Float32Array.from({ length: count * size }, (_, at) => first + at / 8)),
  );
}

const y = npyBytes('<i8', [COUNT], bytesOf(BigInt64Array.of(2n, 0n, 1n, 1n)));
const BERT = networkOf(input('input_ids', [3], true), input('attention_mask', [3], true));
const JOINED = networkOf(input('image', [2, 2, 1]), input('numbers', [3]));

/** The first number of each array, in the order of the inputs. */
async function firstsOf(file: string, network: NetworkShapes): Promise<number[]> {
  const { train } = await readData(file, network, {});
  return arraysOf(train.samples).map(({ values }) => values[0] ?? NaN);
}

describe('data for networks with several inputs', () => {
  it.each<[string, Readonly<Record<string, Uint8Array>>, NetworkShapes, number[]]>([
    ['as they are named', { attention_mask: words(50), y, input_ids: words(10) }, BERT, [10, 50]],
    [
      'however names are written',
      { 'Input-IDs': words(10), Labels: y, attentionMask: words(1), 'attention.mask': words(50) },
      BERT,
      [10, 50],
    ],
    [
      'without what TensorFlow adds to names',
      { ids: words(10), mask: words(50), y },
      networkOf(input('serving_default_ids:0', [3], true), input('serving_default_mask:0', [3], true)),
      [10, 50],
    ],
    ['by their shapes', { b: numbers(10, [2, 2]), a: numbers(50, [3]), y }, JOINED, [10, 50]],
    [
      'where an input is called as labels are',
      { y: numbers(10, [3]), z: numbers(50, [3]), labels: y },
      networkOf(input('y', [3]), input('z', [3])),
      [10, 50],
    ],
    ['by their shapes, what is named apart', { b: words(10), attention_mask: words(50), y }, BERT, [10, 50]],
    [
      'by whether they are whole',
      { a: numbers(50, [3]), b: words(10), y },
      networkOf(input('p', [3], true), input('q', [3])),
      [10, 50],
    ],
    [
      'with a name that a part has',
      { train_ids: words(10), test_mask: words(50), y },
      networkOf(input('train_ids', [3], true), input('test_mask', [3], true)),
      [10, 50],
    ],
  ])('arrays are found %s', async (_, arrays, network, wanted) => {
    expect(await firstsOf(npz(arrays), network)).toEqual(wanted);
  });

  it('may have a part for testing', async () => {
    const [other] = [npyBytes('<i8', [2], bytesOf(BigInt64Array.of(0n, 1n)))];
    const file = npz({
      ...{ input_ids_test: words(30, 3, 2), attention_mask_test: words(40, 3, 2), y_test: other },
      ...{ train_input_ids: words(10), train_attention_mask: words(50), train_labels: y },
    });
    const { train, test } = await readData(file, BERT, {});
    expect(arraysOf(train.samples).map(({ values, count }) => [values[0], count])).toEqual([[10, 4], [50, 4]]); // prettier-ignore
    expect(arraysOf(test!.samples).map(({ values, count }) => [values[0], count])).toEqual([[30, 2], [40, 2]]); // prettier-ignore
  });

  it('whole numbers are never normalised, the only real ones are', async () => {
    const network = networkOf(input('ids', [3], true), input('image', [2, 2, 1]));
    const pixels = npyBytes(
      '|u1',
      [COUNT, 2, 2],
      Uint8Array.from({ length: 16 }, (_, at) => 15 * at),
    );
    const data = await guessData(npz({ ids: words(100), image: pixels, y }), network, {});
    expect(data.guess.normalisations.map(({ id }) => id)).toContain('by-255');
    expect(data.guess).toMatchObject({ name: 'ids', shape: [3], values: { minimum: 100, maximum: 111 } });
    expect(data.guess.further).toMatchObject([
      { name: 'image', shape: [2, 2], fit: { shape: [2, 2, 1] }, elements: 'uint8' },
    ]);
    // The picture is what is shown.
    expect(data.guess.samples[0]).toMatchObject({ kind: 'image', width: 2, height: 2, target: '2' });
    const { train } = await prepareData(data, { scale: 1 / 255, mean: [0.5], std: [2] }, { count: 4, seed: 1 });
    expect([...train.inputs[0]!.values]).toEqual(Array.from({ length: 12 }, (_, at) => 100 + at));
    expect(train.inputs[1]!.values[1]).toBe(Math.fround((15 / 255 - 0.5) / 2));
    expect(train.inputs.map(({ shape }) => shape)).toEqual([[3], [2, 2, 1]]);
  });

  it('of several real inputs, values are taken as they are, which is said', async () => {
    const { guess } = await guessData(npz({ image: numbers(10, [2, 2]), numbers: numbers(50, [3]), y }), JOINED, {});
    expect(guess.normalisations.map(({ id }) => id)).toEqual(['none']);
    expect(guess.warnings.join()).toContain('taken as they are');
    const set = { scale: 2, mean: [0], std: [1] };
    const remembered = await guessData(npz({ image: numbers(10, [2, 2]), numbers: numbers(50, [3]), y }), JOINED, {
      normalisation: set,
    });
    expect(remembered.guess.normalisations).toMatchObject([{ id: 'set', normalisation: set }]);
  });

  it('takes the same samples of each input', async () => {
    const data = await guessData(npz({ input_ids: words(0), attention_mask: words(100), y }), BERT, {});
    const { train } = await prepareData(data, { scale: 1, mean: [0], std: [1] }, { count: 2, seed: 5 });
    const [ids, mask] = train.inputs.map(({ values }) => values);
    expect(ids).toHaveLength(6);
    expect([...mask!].map((value) => value - 100)).toEqual([...ids!]);
  });

  it.each<[string, Readonly<Record<string, Uint8Array>>, NetworkShapes, string[]]>([
    [
      'could be given in several ways',
      { a: words(10), b: words(50), y },
      BERT,
      ['"input_ids" (3 whole numbers), "attention_mask" (3 whole numbers)', '"a" (4 × 3), "b" (4 × 3), "y" (4)'],
    ],
    ['have no labels', { input_ids: words(10), attention_mask: words(50) }, BERT, ['no array for each of the inputs']],
    ['are too few', { input_ids: words(10), y }, BERT, ['no array for each of the inputs']],
    [
      'have another shape',
      { input_ids: words(10), attention_mask: words(50, 5), y },
      BERT,
      ['attention_mask: the network takes 3 numbers, the samples have 5'],
    ],
    [
      'are of another number of samples',
      { input_ids: words(10), attention_mask: words(50, 3, 3), y },
      BERT,
      ['holds 3 samples, "input_ids" 4'],
    ],
    [
      'are not whole',
      { input_ids: numbers(0, [3]), attention_mask: words(0), y },
      BERT,
      ['takes whole numbers as "input_ids"'],
    ],
    [
      'are too large to be told apart',
      { input_ids: words(2 ** 24 + 1), attention_mask: words(0), y },
      BERT,
      ['takes whole numbers as "input_ids", of 16777216 at most'],
    ],
  ])('arrays that %s are refused with the reason', async (_, arrays, network, reasons) => {
    const { reason, tensor } = await formatError(guessData(npz(arrays), network, {}));
    for (const each of reasons) expect(`${tensor}: ${reason}`).toContain(each);
  });

  it('many arrays that fit nothing are given up in time', async () => {
    const inputs = Array.from({ length: 24 }, (_, at) => input(`in${at}`, [at === 23 ? 4 : 3], true));
    const arrays = Object.fromEntries(inputs.map((_, at) => [`array${at}`, words(at)]));
    const { reason } = await formatError(
      readData(npz({ ...arrays, y }), networkOf(inputs[0]!, ...inputs.slice(1)), {}),
    );
    expect(reason).toContain('no array for each');
  });

  it('other kinds of data are refused, with what would do', async () => {
    const folder = folderWith({ 'data.csv': 'a,b,c,label\n1,2,3,0\n4,5,6,1\n' });
    const { reason, remedy } = await formatError(readData(path.join(folder, 'data.csv'), BERT, {}));
    expect(reason).toContain('the network takes 2 inputs: "input_ids"');
    expect(remedy).toContain('npz');
  });
});
