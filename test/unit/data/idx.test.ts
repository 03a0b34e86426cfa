import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { isIdx, readIdx } from '../../../src/data/idx';
import { readData } from '../../../src/data/read-data';
import { CancelledError } from '../../../src/formats/errors';
import { BufferSource } from '../../../src/formats/source';
import { formatError } from '../formats/thrown';
import { folderWith, idxBytes, network } from './files';

const NETWORK = network([2, 2, 1], 10, 'last');
const images = idxBytes([3, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255]);
const labels = idxBytes([3], [9, 0, 4]);
const more = { images: idxBytes([1, 2, 2], [7, 7, 7, 7]), labels: idxBytes([1], [2]) };

async function read(bytes: Uint8Array): Promise<{ shape: readonly number[]; values: number[] }> {
  const { shape, values } = await readIdx(new BufferSource('/a-idx', bytes));
  return { shape, values: [...values] };
}

describe('IDX files', () => {
  it('hold values of every type, big-endian', async () => {
    const of = (type: number, data: number[]): Buffer => Buffer.from([0, 0, type, 1, 0, 0, 0, 2, ...data]);
    expect(await read(of(0x08, [1, 255]))).toEqual({ shape: [2], values: [1, 255] });
    expect(await read(of(0x09, [1, 255]))).toEqual({ shape: [2], values: [1, -1] });
    expect(await read(of(0x0b, [1, 2, 255, 255]))).toEqual({ shape: [2], values: [258, -1] });
    expect(await read(of(0x0c, [0, 1, 0, 0, 255, 255, 255, 254]))).toEqual({ shape: [2], values: [65_536, -2] });
    expect(await read(of(0x0d, [0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0]))).toEqual({ shape: [2], values: [1, -2.5] });
    const doubles = [0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0];
    expect(await read(of(0x0e, doubles))).toEqual({ shape: [2], values: [1.5, -2] });
  });

  it('may be compressed, also with a name and extra fields in the header of gzip', async () => {
    expect(await read(gzipSync(images))).toEqual(await read(images));
    const plain = gzipSync(images);
    const named = Buffer.concat([plain.subarray(0, 10), Buffer.from('train-images\0'), plain.subarray(10)]);
    named[3] = 8;
    expect(isIdx(named)).toBe(true);
    expect(await read(named)).toEqual(await read(images));
  });

  it.each([
    ['nothing', Buffer.alloc(0), 'not an IDX file'],
    ['text', Buffer.from('hello world'), 'not an IDX file'],
    ['an unknown type', Buffer.from([0, 0, 7, 1, 0, 0, 0, 1, 1]), 'not an IDX file'],
    ['no dimensions', Buffer.from([0, 0, 8, 0]), 'dimensions'],
    ['255 dimensions', Buffer.concat([Buffer.from([0, 0, 8, 255]), Buffer.alloc(2000)]), 'dimensions'],
    ['a header cut off', images.subarray(0, 9), 'inside its header'],
    ['a shape that overflows', idxBytes([2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], []), 'impossible'],
    ['4 billion samples', idxBytes([2 ** 32 - 1, 1], []), 'samples'],
    ['3 GB of values', idxBytes([1000, 3_000_000], []), 'bytes of values'],
    ['too few values', images.subarray(0, -1), '27 bytes'],
    ['too many values', Buffer.concat([images, Buffer.from([1])]), '29 bytes'],
    ['compressed text', gzipSync('hello world'), 'not an IDX file'],
    ['damaged gzip', Buffer.concat([gzipSync(images).subarray(0, -12), Buffer.alloc(12)]), 'decompressed'],
    ['gzip cut off', gzipSync(images).subarray(0, -9), 'decompressed'],
    ['gzip of too few values', gzipSync(images.subarray(0, -1)), '27 bytes'],
    ['gzip of too many values', gzipSync(Buffer.concat([images, Buffer.alloc(5)])), 'longer than'],
    ['gzip that promises a billion', gzipSync(idxBytes([1000, 1_000_000], [])), 'cannot hold'],
  ])('are refused: %s', async (_, bytes, reason) => {
    const detail = await formatError(readIdx(new BufferSource('/data/evil', bytes)));
    expect(detail.file).toBe('/data/evil');
    expect(detail.reason).toContain(reason);
  });

  it('stop when they are not wanted any more', async () => {
    const signal = AbortSignal.abort();
    await expect(readIdx(new BufferSource('/a', images), signal)).rejects.toBeInstanceOf(CancelledError);
  });
});

describe('pairs of IDX files', () => {
  const names = (train: string, trainLabels: string, test: string, testLabels: string): Record<string, Uint8Array> => ({
    [train]: train.endsWith('.gz') ? gzipSync(images) : images,
    [trainLabels]: trainLabels.endsWith('.gz') ? gzipSync(labels) : labels,
    [test]: test.endsWith('.gz') ? gzipSync(more.images) : more.images,
    [testLabels]: testLabels.endsWith('.gz') ? gzipSync(more.labels) : more.labels,
  });

  it.each([
    ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte', 't10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'],
    ['train-images.idx3-ubyte', 'train-labels.idx1-ubyte', 't10k-images.idx3-ubyte', 't10k-labels.idx1-ubyte'],
    [
      'train-images-idx3-ubyte.gz',
      'train-labels-idx1-ubyte.gz',
      't10k-images-idx3-ubyte.gz',
      't10k-labels-idx1-ubyte.gz',
    ],
    [
      'emnist-letters-train-images-idx3-ubyte',
      'emnist-letters-train-labels-idx1-ubyte',
      'emnist-letters-test-images-idx3-ubyte',
      'emnist-letters-test-labels-idx1-ubyte',
    ],
  ])('are found for %s, by the folder, the samples or the labels', async (train, trainLabels, test, testLabels) => {
    const folder = folderWith(names(train, trainLabels, test, testLabels));
    for (const chosen of [folder, path.join(folder, train), path.join(folder, trainLabels)]) {
      const data = await readData(chosen, NETWORK, {});
      expect(data.kind).toBe('idx');
      expect(data.train.paths).toEqual([path.join(folder, train), path.join(folder, trainLabels)]);
      expect(data.train.samples).toMatchObject({ shape: [2, 2], count: 3 });
      expect(data.train.samples.targets).toEqual({ kind: 'classes', classes: 10, labels: Int32Array.of(9, 0, 4) });
      expect(data.test?.paths).toEqual([path.join(folder, test), path.join(folder, testLabels)]);
    }
  });

  it('take the samples for testing if those are chosen', async () => {
    const folder = folderWith(
      names('train-images-idx3-ubyte', 'train-labels-idx1-ubyte', 't10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'),
    );
    const data = await readData(path.join(folder, 't10k-images-idx3-ubyte'), NETWORK, {});
    expect(data.train.samples.count).toBe(1);
    expect(data.test).toBeUndefined();
  });

  it('are said to be incomplete without labels, unless those are named', async () => {
    const folder = folderWith({ 'my-images-idx3-ubyte': images, answers: labels });
    const detail = await formatError(readData(folder, NETWORK, {}));
    expect(detail.reason).toContain('labels');
    const data = await readData(folder, NETWORK, { labels: path.join(folder, 'answers') });
    expect(data.train.samples.targets.kind).toBe('classes');
  });

  it('have to have as many labels as samples', async () => {
    const folder = folderWith({ 'train-images-idx3-ubyte': images, 'train-labels-idx1-ubyte': more.labels });
    const detail = await formatError(readData(folder, NETWORK, {}));
    expect(detail.reason).toContain('1 labels for 3 samples');
  });
});
