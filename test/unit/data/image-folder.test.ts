import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { guessData } from '../../../src/data/guess';
import { readData } from '../../../src/data/read-data';
import { formatError } from '../formats/thrown';
import { FIXTURES, folderWith, network } from './files';

const image = (name: string): Buffer => readFileSync(path.join(FIXTURES, 'png', name));
const pixelsOf = (name: string): number[] =>
  (
    JSON.parse(readFileSync(path.join(FIXTURES, 'images.expected.json'), 'utf8')) as {
      images: Record<string, { pixels: number[] }>;
    }
  ).images[name]!.pixels;

/** The smallest PNG image there is: one white pixel of one bit. */
const onePixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABAQAAAAA3bvkkAAAACklEQVR4AWNoAAAAggCBTm7HPgAAAABJRU5ErkJggg==',
  'base64',
);

const RGB = network([9, 13, 3], 2, 'last');

describe('folders of images', () => {
  it('have a folder a class', async () => {
    const folder = folderWith({
      'zebra/1.png': image('rgb8.png'),
      'ant/2.PNG': image('rgb8-interlaced.png'),
      'ant/deeper/3.png': image('grey8.png'),
      'ant/notes.txt': 'no image',
      '.cache/x/4.png': image('grey8.png'),
    });
    const data = await readData(folder, RGB, {});
    expect(data).toMatchObject({ kind: 'images', layout: 'last', classNames: ['ant', 'zebra'] });
    const { samples } = data.train;
    expect(samples).toMatchObject({ shape: [9, 13, 3], count: 3 });
    expect(samples.targets).toEqual({ kind: 'classes', classes: 2, labels: Int32Array.of(0, 0, 1) });
    const grey = pixelsOf('grey8.png').flatMap((value) => [value, value, value]);
    expect([...samples.values]).toEqual([...pixelsOf('rgb8-interlaced.png'), ...grey, ...pixelsOf('rgb8.png')]);
    const { guess } = await guessData(folder, RGB, {});
    expect(guess.samples.map(({ target }) => target)).toEqual(['ant', 'ant', 'zebra']);
  });

  it.each([
    ['train', 'test'],
    ['Training', 'val'],
  ])('have parts named %s and %s', async (train, test) => {
    const folder = folderWith({
      [`${train}/a/1.png`]: image('grey8.png'),
      [`${train}/b/1.png`]: image('grey8.png'),
      [`${test}/b/1.png`]: image('grey8.png'),
    });
    const data = await readData(folder, network([9, 13, 1], 2, 'last'), {});
    expect(data.train.samples).toMatchObject({ shape: [9, 13, 1], count: 2 });
    expect(data.test?.samples).toMatchObject({ count: 1, targets: { classes: 2, labels: Int32Array.of(1) } });
  });

  it('are grey where all images are, and where the network sees no colours', async () => {
    const grey = folderWith({ 'a/1.png': image('grey8.png'), 'b/1.png': image('grey8.png') });
    expect((await readData(grey, network([117], 2), {})).train.samples.shape).toEqual([9, 13, 1]);
    const mixed = folderWith({ 'a/1.png': image('grey8.png'), 'b/1.png': image('rgb8.png') });
    expect((await readData(mixed, network([351], 2), {})).train.samples.shape).toEqual([9, 13, 3]);
    const { samples } = (await readData(mixed, network([9, 13, 1], 2, 'last'), {})).train;
    expect(samples.shape).toEqual([9, 13, 1]);
    const [r, g, b] = pixelsOf('rgb8.png') as [number, number, number];
    expect(samples.values[117]).toBe(Math.round(0.299 * r + 0.587 * g + 0.114 * b));
  });

  it('are resized only where that is asked for', async () => {
    const folder = folderWith({ 'a/1.png': image('rgb8.png'), 'b/1.png': image('grey8.png') });
    const { samples } = (await readData(folder, network([4, 5, 3], 2, 'last'), { imageSize: [4, 5] })).train;
    expect(samples.shape).toEqual([4, 5, 3]);
    const detail = await formatError(guessData(folder, network([4, 5, 3], 2, 'last'), {}));
    expect(detail.remedy).toContain('imageSize');
  });

  it('are read in part where that is asked for', async () => {
    const folder = folderWith({
      'a/1.png': image('rgb8.png'),
      'a/2.png': Buffer.from('damaged'),
      'b/1.png': image('rgb8.png'),
    });
    const { reason, file } = await formatError(readData(folder, RGB, {}));
    expect(reason).toContain('neither');
    expect(file).toBe(path.join(folder, 'a/2.png'));
    const counts = new Set<number>();
    for (let seed = 0; seed < 20; seed++) {
      const read = await readData(folder, RGB, { samples: 1, seed }).catch(() => undefined);
      counts.add(read?.train.samples.count ?? 0);
    }
    // Now and then the one that is chosen is the damaged one.
    expect(counts).toEqual(new Set([0, 1]));
  });

  it('say it if numbers are not in the order of their numbers', async () => {
    const files = Array.from({ length: 11 }, (_, i) => [`${i}/1.png`, image('grey8.png')] as const);
    const { notes, classNames } = await readData(folderWith(Object.fromEntries(files)), network([117], 11), {});
    expect(classNames?.slice(0, 3)).toEqual(['0', '1', '10']);
    expect(notes.join()).toContain('0, 1, 10');
    const fewer = await readData(folderWith(Object.fromEntries(files.slice(0, 10))), network([117], 11), {});
    expect(fewer.notes).toEqual([]);
  });

  it.each([
    [
      'images of different sizes',
      { 'a/1.png': image('rgb8.png'), 'b/1.png': onePixel },
      'is 1 × 1 pixels, a/1.png is 13 × 9',
    ],
    ['images without a class', { '1.png': image('rgb8.png'), 'a/1.png': image('rgb8.png') }, 'no folder of a class'],
    ['folders without images', { 'a/x.txt': '', 'b/y.txt': '' }, 'holds no images'],
    [
      'a class for testing only',
      { 'train/a/1.png': image('rgb8.png'), 'test/b/1.png': image('rgb8.png') },
      'class "b"',
    ],
  ])('are refused: %s', async (_, files: Record<string, string | Uint8Array>, reason) => {
    const detail = await formatError(readData(folderWith(files), RGB, {}));
    expect(detail.reason).toContain(reason);
  });
});
