import { join } from 'node:path';
import { openCheckpoint } from '../../../src/formats/registry';
import { engineValues } from '../formats/engine-values';
import { MlpObjective, type ClassSamples } from './mlp-objective';

/** Inputs, two hidden layers, classes: 6,570 parameters. */
export const DIGITS_SIZES = [64, 64, 32, 10] as const;

/** Largest value of a pixel: the networks were trained on pixels divided by it. */
const LARGEST_PIXEL = 16;

/** 1,400 handwritten digits for training, 397 others for testing, of the folder of test fixtures. */
export async function digits(fixtures: string): Promise<{ readonly train: ClassSamples; readonly test: ClassSamples }> {
  const values = await tensors(join(fixtures, 'data', 'digits.npz'));
  const part = (name: 'train' | 'test'): ClassSamples => ({
    inputs: values.get(`x_${name}`)!.map((pixel) => pixel / LARGEST_PIXEL),
    labels: values.get(`y_${name}`)!,
  });
  return { train: part('train'), test: part('test') };
}

/** Parameters of a network of these digits, in the order of the layout of {@link MlpObjective}. */
export async function digitsWeights(fixtures: string, name: string): Promise<Float32Array> {
  const values = await tensors(join(fixtures, 'network', name));
  const { layout, size } = new MlpObjective(DIGITS_SIZES, 'relu', { inputs: [], labels: [] });
  const weights = new Float32Array(size);
  for (const parameter of layout) weights.set(values.get(parameter.name)!, parameter.offset);
  return weights;
}

async function tensors(path: string): Promise<ReadonlyMap<string, Float32Array>> {
  const opened = await openCheckpoint(path);
  const { checkpoint } = opened;
  try {
    const values = new Map<string, Float32Array>();
    for (const tensor of checkpoint.tensors) values.set(tensor.name, await engineValues(checkpoint, tensor));
    return values;
  } finally {
    await opened.close();
  }
}
