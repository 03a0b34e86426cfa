import { describe, expect, it } from 'vitest';
import type { Samples } from '../../../src/data/dataset';
import type { Fit } from '../../../src/data/fit';
import { normalisationCandidates } from '../../../src/data/normalisations';
import { prepareSamples } from '../../../src/data/prepare';
import { chosenSamples } from '../../../src/data/random-order';
import { valueStatistics } from '../../../src/data/value-statistics';
import { CancelledError } from '../../../src/formats/errors';
import { formatError } from '../formats/thrown';

function samplesOf(shape: number[], values: Uint8Array | Float32Array): Samples {
  const count = values.length / shape.reduce((a, b) => a * b, 1);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 3);
  return { shape, count, values, targets: { kind: 'classes', classes: 3, labels } };
}

const AS_IS: Fit = { shape: [4], order: 'as-is', layout: 'none', channels: 1 };

function candidateIds(samples: Samples, fit: Partial<Fit> = {}): string[] {
  const whole: Fit = { ...AS_IS, shape: samples.shape, ...fit };
  return normalisationCandidates(samples, valueStatistics(samples, '/data'), whole).map(({ id }) => id);
}

describe('normalisations', () => {
  const ramp = (size: number, most: number): Uint8Array =>
    Uint8Array.from({ length: size }, (_, i) => (i * 37) % (most + 1));

  it('of images of bytes: by 255 first, then what is known of such images', () => {
    expect(candidateIds(samplesOf([28, 28], ramp(1568, 255)))).toEqual([
      'by-255',
      'mnist',
      'fashion-mnist',
      'minus-one-to-one',
      'none',
      'standardised',
    ]);
    const colours = samplesOf([32, 32, 3], ramp(6144, 255));
    expect(candidateIds(colours, { layout: 'last', channels: 3 }).slice(0, 5)).toEqual([
      'by-255',
      'cifar10',
      'cifar10-batch-std',
      'cifar100',
      'imagenet',
    ]);
    expect(candidateIds(samplesOf([50, 50], ramp(5000, 255)))).not.toContain('mnist');
  });

  it('of images whose bytes are numbers of a table', () => {
    expect(candidateIds(samplesOf([784], Float32Array.from(ramp(1568, 255))))[0]).toBe('by-255');
  });

  it('of values from 0 to 1, around 0, of few levels, and of any size', () => {
    expect(candidateIds(samplesOf([4], Float32Array.of(0, 0.5, 1, 0.2)))[0]).toBe('none');
    expect(candidateIds(samplesOf([2, 2], Float32Array.of(-1, 0.5, 1, 0.2))).slice(0, 2)).toEqual([
      'none',
      'from-minus-one',
    ]);
    expect(candidateIds(samplesOf([8, 8], ramp(128, 16))).slice(0, 2)).toEqual(['by-maximum', 'none']);
    expect(candidateIds(samplesOf([2], Float32Array.of(-100, 5, 2000, 7)))).toEqual(['none', 'standardised']);
  });

  it('of values that are all the same have nothing to be standardised', () => {
    expect(candidateIds(samplesOf([2], Float32Array.of(3, 3, 3, 3)))).not.toContain('standardised');
  });

  it('mean 0 and deviation 1 are of each number of a vector, and of each channel of an image', () => {
    const vectors = samplesOf([2], Float32Array.of(-1, 7, 3, 7, -5, 7, 7, 7));
    const [, standard] = normalisationCandidates(vectors, valueStatistics(vectors, '/'), { ...AS_IS, shape: [2] });
    // Mean and population deviation of −1, 3, −5, 7: 1 and √((4 + 4 + 36 + 36) / 4).
    expect(standard!.normalisation.mean).toEqual([1, 7]);
    expect(standard!.normalisation.std).toEqual([Math.sqrt(20), 1]);
    const images = samplesOf([1, 2, 3], Float32Array.of(0, 10, 300, 2, 20, 500, 4, 30, 100, 6, 40, 300));
    for (const layout of ['last', 'first'] as const) {
      const fit: Fit = { shape: [1, 2, 3], order: 'as-is', layout, channels: 3 };
      const found = normalisationCandidates(images, valueStatistics(images, '/'), fit).at(-1)!;
      const by = (c: number): number[] =>
        [...images.values].filter((_, i) => (layout === 'last' ? i % 3 : Math.floor((i % 6) / 2)) === c);
      for (const c of [0, 1, 2]) {
        const mean = by(c).reduce((a, b) => a + b) / 4;
        expect(found.normalisation.mean[c]).toBeCloseTo(mean, 12);
        const variance = by(c).reduce((sum, v) => sum + (v - mean) ** 2, 0) / 4;
        expect(found.normalisation.std[c]).toBeCloseTo(Math.sqrt(variance), 12);
      }
    }
  });

  it('are not sought for values that are not finite', async () => {
    const samples = samplesOf([2], Float32Array.of(0, 1, 2, NaN));
    const detail = await formatError(Promise.resolve().then(() => valueStatistics(samples, '/data')));
    expect(detail.reason).toContain('sample 1 holds NaN');
  });
});

describe('prepared samples', () => {
  it('are computed in double precision and rounded once', async () => {
    const samples = samplesOf(
      [4],
      Uint8Array.from({ length: 256 }, (_, i) => i),
    );
    const normalisation = { scale: 1 / 255, mean: [0.1307], std: [0.3081] };
    const { inputs, count } = await prepareSamples(samples, samples.targets, [AS_IS], normalisation, '/data');
    const [{ shape, values } = { shape: [], values: new Float32Array(0) }] = inputs;
    expect({ shape, count }).toEqual({ shape: [4], count: 64 });
    values.forEach((value, i) => {
      expect(value).toBe(Math.fround((i * (1 / 255) - 0.1307) / 0.3081));
    });
  });

  it('have their channels where the network has them, normalised one by one', async () => {
    // Two samples of 2 × 2 pixels; the value tells sample, row, column and channel.
    const at = (n: number, y: number, x: number, c: number): number => 100 * n + 40 * y + 20 * x + c;
    const last: number[] = [];
    const first: number[] = [];
    for (const n of [0, 1]) {
      for (const y of [0, 1]) for (const x of [0, 1]) for (const c of [0, 1, 2]) last.push(at(n, y, x, c));
      for (const c of [0, 1, 2]) for (const y of [0, 1]) for (const x of [0, 1]) first.push(at(n, y, x, c));
    }
    const normalisation = { scale: 2, mean: [1, 2, 3], std: [1, 2, 4] };
    const normalised = (value: number, c: number): number => (value * 2 - (c + 1)) / 2 ** c;
    const run = async (values: number[], order: Fit['order'], layout: 'last' | 'first'): Promise<number[]> => {
      const samples = samplesOf([12], Uint8Array.from(values));
      const fit: Fit = { shape: [12], order, layout, channels: 3 };
      return [...(await prepareSamples(samples, samples.targets, [fit], normalisation, '/data')).inputs[0]!.values];
    };
    const wantedLast = last.map((value, i) => normalised(value, i % 3));
    const wantedFirst = first.map((value, i) => normalised(value, Math.floor((i % 12) / 4)));
    expect(await run(last, 'as-is', 'last')).toEqual(wantedLast);
    expect(await run(first, 'as-is', 'first')).toEqual(wantedFirst);
    expect(await run(last, 'channels-to-front', 'last')).toEqual(wantedFirst);
    expect(await run(first, 'channels-to-back', 'first')).toEqual(wantedLast);
  });

  it('may be a part of all, the same each time, with their targets', async () => {
    const samples = samplesOf(
      [4],
      Float32Array.from({ length: 400 }, (_, i) => Math.floor(i / 4)),
    );
    const values = { kind: 'values', size: 2, values: Float32Array.from({ length: 200 }, (_, i) => i) } as const;
    const none = { scale: 1, mean: [0], std: [1] };
    const part = await prepareSamples(samples, values, [AS_IS], none, '/data', { count: 10, seed: 3 });
    const chosen = [...chosenSamples(100, 10, 3)];
    expect(part.count).toBe(10);
    expect([...part.inputs[0]!.values].filter((_, i) => i % 4 === 0)).toEqual(chosen);
    expect((part.targets as typeof values).values).toEqual(
      Float32Array.from(chosen.flatMap((i) => [2 * i, 2 * i + 1])),
    );
    const piece = { count: 10, seed: 3, between: [4, 7] } as const;
    const some = await prepareSamples(samples, values, [AS_IS], none, '/data', piece);
    expect([...some.inputs[0]!.values]).toEqual([...part.inputs[0]!.values.subarray(16, 28)]);
    expect(some.targets).toEqual({ ...values, values: (part.targets as typeof values).values.slice(8, 14) });
    const labels = (await prepareSamples(samples, samples.targets, [AS_IS], none, '/data', { count: 10, seed: 3 }))
      .targets;
    expect(labels).toEqual({ kind: 'classes', classes: 3, labels: Int32Array.from(chosen, (i) => i % 3) });
  });

  it.each([
    ['as many means as nothing has', { scale: 1, mean: [0, 0, 0], std: [1] }, '3 numbers'],
    ['a deviation of 0', { scale: 1, mean: [0], std: [0] }, 'not positive'],
    ['an infinite scale', { scale: Infinity, mean: [0], std: [1] }, 'not finite'],
  ])('are refused with %s', async (_, normalisation, reason) => {
    const samples = samplesOf([4], new Uint8Array(8));
    const detail = await formatError(prepareSamples(samples, samples.targets, [AS_IS], normalisation, '/data'));
    expect(detail.reason).toContain(reason);
  });

  it('are refused where they would take too much memory', async () => {
    // Two bytes stand for a set of bytes that takes four times as much once it is prepared.
    const values = Object.defineProperty(new Uint8Array(2), 'length', { value: 2 ** 30 });
    const samples: Samples = { ...samplesOf([1], new Uint8Array(2)), shape: [2 ** 29], count: 2, values };
    const none = { scale: 1, mean: [0], std: [1] };
    const detail = await formatError(prepareSamples(samples, samples.targets, [AS_IS], none, '/data'));
    expect(detail.reason).toContain('4294967296 bytes');
  });

  it('stop when they are not wanted any more', async () => {
    const samples = samplesOf([4], new Uint8Array(8));
    const none = { scale: 1, mean: [0], std: [1] };
    const work = prepareSamples(samples, samples.targets, [AS_IS], none, '/', undefined, AbortSignal.abort());
    await expect(work).rejects.toBeInstanceOf(CancelledError);
  });
});

describe('samples chosen at random', () => {
  it('are all where as many are asked for, in order', () => {
    expect([...chosenSamples(5, 5, 1)]).toEqual([0, 1, 2, 3, 4]);
    expect([...chosenSamples(5, 9, 1)]).toEqual([0, 1, 2, 3, 4]);
  });

  it('are different ones, ascending, others with another seed', () => {
    const chosen = chosenSamples(1000, 100, 7);
    expect(new Set(chosen).size).toBe(100);
    expect([...chosen]).toEqual([...chosen].sort((a, b) => a - b));
    expect(chosenSamples(1000, 100, 7)).toEqual(chosen);
    expect(chosenSamples(1000, 100, 8)).not.toEqual(chosen);
  });

  it('are each as likely as any other', () => {
    const hits = new Float64Array(20);
    const rounds = 4000;
    for (let seed = 0; seed < rounds; seed++) for (const i of chosenSamples(20, 5, seed)) hits[i] = hits[i]! + 1;
    // Pearson's statistic of 20 cells; draws without replacement scale it by 19/20 · 1/(1 − 1/4).
    const expectedHits = rounds / 4;
    const statistic = hits.reduce((sum, n) => sum + (n - expectedHits) ** 2 / expectedHits, 0) / (1 - 5 / 20);
    // The 99.9th percentile of χ² with 19 degrees of freedom.
    expect(statistic * (19 / 20)).toBeLessThan(43.82);
  });
});
