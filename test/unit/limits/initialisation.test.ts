import { describe, expect, it } from 'vitest';
import {
  MIN_COUNT,
  modelInitialisation,
  tensorInitialisation,
  type InitialisationFacts,
} from '../../../src/limits/initialisation';
import { normalStream, uniformStream } from './brute-force';
import { LANGUAGE_DETECTOR, REFNET } from './reference-statistics';

function factsOf(name: string, shape: readonly number[], values: readonly number[]): InitialisationFacts {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const m2 = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const m4 = values.reduce((sum, value) => sum + (value - mean) ** 4, 0);
  return {
    name,
    shape,
    count,
    mean,
    std: Math.sqrt(m2 / count),
    kurtosis: m2 === 0 ? null : (count * m4) / m2 ** 2,
    min: values.reduce((least, value) => Math.min(least, value), Infinity),
    max: values.reduce((most, value) => Math.max(most, value), -Infinity),
  };
}

const draw = (count: number, next: () => number): number[] => Array.from({ length: count }, next);

/** Fraction of `repeats` draws of `count` values that is taken for freshly initialised. */
function acceptedFraction(count: number, repeats: number, next: () => number): number {
  let accepted = 0;
  for (let i = 0; i < repeats; i++) {
    const { state } = tensorInitialisation(factsOf('w', [count / 8, 8], draw(count, next)));
    if (state === 'as-initialised') accepted++;
  }
  return accepted / repeats;
}

const uniform = uniformStream(2024);
const normal = normalStream(uniform);
const laplace = (): number => Math.log(uniform()) * (uniform() < 0.5 ? -1 : 1);
const symmetric = (bound: number) => (): number => bound * (2 * uniform() - 1);
const truncated = (std: number) => (): number => {
  for (;;) {
    const value = normal();
    if (Math.abs(value) <= 2) return std * value;
  }
};

describe('a small network trained on Fashion-MNIST', () => {
  it('at initialisation: every layer that can be judged, PyTorch’s default named', () => {
    const model = modelInitialisation(REFNET.init);
    expect(model.state).toBe('at-initialisation');
    expect(model.initialisedFraction).toBe(1);
    expect(model.judgedCount).toBe(200 + 3200 + 16_384 + 640);
    expect(model.initialisedTensors).toEqual([
      { name: 'conv1.weight', description: "PyTorch's default, uniform within 1/√25" },
      { name: 'conv2.weight', description: "PyTorch's default, uniform within 1/√200" },
      { name: 'fc1.weight', description: "PyTorch's default, uniform within 1/√256" },
      { name: 'fc2.weight', description: "PyTorch's default, uniform within 1/√64" },
    ]);
  });

  it.each(['epoch1', 'epoch2', 'epoch3'] as const)('after %s: trained, every layer of it', (epoch) => {
    const model = modelInitialisation(REFNET[epoch]);
    expect(model).toMatchObject({ state: 'trained', initialisedFraction: 0, initialisedTensors: [] });
    // conv1 and fc2 may look normal, and are too small to tell.
    expect(model.judgedCount).toBeGreaterThanOrEqual(3200 + 16_384);
  });

  it('with its head trained only: mixed', () => {
    const frozen = [
      ...REFNET.init.filter(({ name }) => name.startsWith('conv')),
      ...REFNET.epoch3.filter(({ name }) => name.startsWith('fc')),
    ];
    const model = modelInitialisation(frozen);
    expect(model.state).toBe('mixed');
    expect(model.initialisedFraction).toBe(3400 / (3400 + 16_384));
    expect(model.initialisedTensors.map(({ name }) => name)).toEqual(['conv1.weight', 'conv2.weight']);
  });
});

describe('a published network', () => {
  it('whose embedding has hardly been trained: mixed, with the scheme named', () => {
    const model = modelInitialisation(LANGUAGE_DETECTOR);
    expect(model.state).toBe('mixed');
    expect(model.initialisedTensors).toEqual([
      {
        name: 'dnn/input_from_feature_columns/input_layer/content_embedding/embedding_weights',
        description: "TensorFlow's embedding column, truncated normal of std 1/√70 before the cut",
      },
    ]);
    expect(model.initialisedFraction).toBe(350_000 / model.judgedCount);
  });
});

describe('draws of initialisers', () => {
  it.each([128, 200, 1000, 16_384])('uniform, %i values: all but a few in a thousand are recognised', (count) => {
    const repeats = Math.min(3000, 3_000_000 / count);
    expect(acceptedFraction(count, repeats, symmetric(0.05))).toBeGreaterThan(count < 1000 ? 0.995 : 0.999);
  });

  it.each([
    ['normal', 'He normal over fan-in 4096', [64, 4096], Math.sqrt(2 / 4096)],
    ['normal', 'normal, std 0.02', [100, 300], 0.02],
    ['truncated-normal', 'LeCun truncated-normal over fan-in 400', [400, 64], Math.sqrt(1 / 400)],
    ['truncated-normal', 'truncated normal, std 0.02 before the cut', [100, 300], 0.02 * 0.87962566],
  ] as const)('%s: %s', (distribution, scheme, shape, std) => {
    const count = shape[0] * shape[1];
    const next = distribution === 'normal' ? (): number => std * normal() : truncated(std / 0.87962566);
    expect(tensorInitialisation(factsOf('w', shape, draw(count, next)))).toEqual({
      state: 'as-initialised',
      distribution,
      scheme,
    });
  });

  it('uniform rounded to bfloat16', () => {
    const word = new DataView(new ArrayBuffer(4));
    const rounded = draw(200_000, symmetric(0.1)).map((value) => {
      word.setFloat32(0, value);
      word.setUint32(0, Math.round(word.getUint32(0) / 65_536) * 65_536);
      return word.getFloat32(0);
    });
    expect(tensorInitialisation(factsOf('w', [200, 1000], rounded)).state).toBe('as-initialised');
  });
});

describe('what is not initialisation', () => {
  it.each([
    ['normal', 128, 0.01, normal],
    ['normal', 512, 0, normal],
    ['normal', 1024, 0, normal],
    ['Laplace', 128, 0.01, laplace],
    ['Laplace', 1024, 0, laplace],
    ['Laplace', 4096, 0, laplace],
  ] as const)('%s values of no known scale, %i of them: at most %d pass', (_, count, bound, next) => {
    expect(acceptedFraction(count, 1000, () => 0.0371 * next())).toBeLessThanOrEqual(bound);
  });

  it('a normal tensor of a known scale but too small to tell', () => {
    const facts = factsOf(
      'w',
      [10, 100],
      draw(1000, () => 0.02 * normal()),
    );
    expect(tensorInitialisation(facts)).toEqual({ state: 'undecided' });
  });

  it('a uniform draw that training has moved by a tenth of its spread', () => {
    const bound = 1 / Math.sqrt(256);
    const moved = draw(16_384, () => symmetric(bound)() + 0.1 * (bound / Math.sqrt(3)) * laplace());
    expect(tensorInitialisation(factsOf('w', [64, 256], moved))).toEqual({ state: 'changed' });
  });

  it('a uniform draw with a mean', () => {
    const shifted = draw(1000, () => 0.02 + symmetric(0.1)());
    expect(tensorInitialisation(factsOf('w', [10, 100], shifted))).toEqual({ state: 'changed' });
  });

  it('biases, constants and tensors of few values are undecided', () => {
    expect(tensorInitialisation(factsOf('b', [1000], draw(1000, symmetric(1)))).state).toBe('undecided');
    expect(
      tensorInitialisation(
        factsOf(
          'w',
          [100, 10],
          draw(1000, () => 1),
        ),
      ).state,
    ).toBe('undecided');
    expect(tensorInitialisation(factsOf('w', [MIN_COUNT - 1, 1], draw(MIN_COUNT - 1, symmetric(1)))).state).toBe(
      'undecided',
    );
    const empty = { name: 'w', shape: [0, 3], count: 0, mean: null, std: null, kurtosis: null, min: null, max: null };
    expect(tensorInitialisation(empty).state).toBe('undecided');
    expect(modelInitialisation([empty])).toEqual({
      state: 'unknown',
      initialisedFraction: 0,
      judgedCount: 0,
      initialisedTensors: [],
    });
  });
});
