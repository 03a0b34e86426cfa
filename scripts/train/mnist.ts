import { join } from 'node:path';
import { readIdx } from '../../src/data/idx';
import { FileSource } from '../../src/formats/source';

/** Mean and standard deviation of the pixels of the training images, divided by 255. */
const MEAN = 0.1307;
const DEVIATION = 0.3081;

/** Handwritten digits of 28 × 28 pixels. */
export interface Images {
  readonly count: number;
  /** From 0 to 255. */
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

/** The 60,000 training images of MNIST, or the 10,000 for testing, from a folder with its four files (not compressed). */
export async function mnist(folder: string, part: 'train' | 't10k'): Promise<Images> {
  const pixels = await bytes(join(folder, `${part}-images-idx3-ubyte`));
  const labels = await bytes(join(folder, `${part}-labels-idx1-ubyte`));
  return { count: labels.length, pixels, labels };
}

async function bytes(file: string): Promise<Uint8Array> {
  const source = await FileSource.open(file);
  try {
    const { values } = await readIdx(source);
    if (!(values instanceof Uint8Array)) throw new Error(`${file} holds no bytes`);
    return values;
  } finally {
    await source.close();
  }
}

/** Normalised pixels of the images with these indices: what networks are trained on. */
export function inputs({ count, pixels }: Images, indices: Uint32Array): Float32Array {
  const size = pixels.length / count;
  const values = new Float32Array(indices.length * size);
  for (const [row, index] of indices.entries()) {
    for (let at = 0; at < size; at++) {
      values[row * size + at] = (pixels[index * size + at]! / 255 - MEAN) / DEVIATION;
    }
  }
  return values;
}
