import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../src/data/decode-image';
import { readData } from '../../../src/data/read-data';
import { FormatError } from '../../../src/formats/errors';
import { mutate, randomFrom } from '../../fuzz/mutate';
import { formatError } from '../formats/thrown';
import { FIXTURES, folderWith, network } from './files';

const { jpegs } = JSON.parse(readFileSync(path.join(FIXTURES, 'images.expected.json'), 'utf8')) as {
  jpegs: Record<string, { width: number; height: number; pixels: number[] }>;
};

function read(name: string): Buffer {
  return readFileSync(path.join(FIXTURES, 'jpeg', name));
}

describe('JPEG images', () => {
  it.each(Object.entries(jpegs))('reads %s as libjpeg does, but for rounding', (name, { width, height, pixels }) => {
    const image = decodeImage(read(name), name);
    expect(image).toMatchObject({ width, height, channels: 3 });
    expect(image.pixels).toHaveLength(pixels.length);
    expect(Math.max(...pixels.map((value, i) => Math.abs(value - image.pixels[i]!)))).toBeLessThanOrEqual(1);
  });

  it('come in folders like others, and grey ones are grey', async () => {
    const folder = folderWith({ 'a/1.jpg': read('grey.jpg'), 'b/2.JPG': read('grey.jpg') });
    const { samples } = (await readData(folder, network([480], 2), {})).train;
    expect(samples).toMatchObject({ shape: [24, 20, 1], count: 2 });
  });

  it.each([
    ['the start alone', Buffer.from([0xff, 0xd8, 0xff])],
    ['half of one', read('baseline.jpg').subarray(0, 300)],
  ])('are refused: %s', async (_, bytes) => {
    const detail = await formatError(Promise.resolve().then(() => decodeImage(bytes, '/evil.jpg')));
    expect(detail.file).toBe('/evil.jpg');
  });

  it('of 65,500 × 65,500 pixels are refused before memory is taken', async () => {
    const bytes = read('baseline.jpg');
    const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]));
    bytes.writeUInt16BE(65_500, frame + 5);
    bytes.writeUInt16BE(65_500, frame + 7);
    const detail = await formatError(Promise.resolve().then(() => decodeImage(bytes, '/evil.jpg')));
    expect(detail.reason).toContain('limit exceeded');
  });

  it.each(['baseline.jpg', 'progressive.jpg'])('that are damaged make nothing but a FormatError: %s', (name) => {
    const bytes = read(name);
    let refused = 0;
    for (let seed = 0; seed < 200; seed++) {
      try {
        const { width, height, pixels } = decodeImage(mutate(bytes, randomFrom(seed), 600), '/fuzz.jpg');
        expect(pixels).toHaveLength(3 * width * height);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(20);
  });
});
