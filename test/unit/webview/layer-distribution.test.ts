import { describe, expect, test } from 'vitest';
import type { LayerResult } from '../../../src/protocol/analysis';
import type { TensorStatistics } from '../../../src/report/report';
import { layerDistribution } from '../../../webview-ui/model/layer-distribution';

const NOTHING: TensorStatistics = {
  nanCount: 0,
  infCount: 0,
  zeroCount: 0,
  min: null,
  max: null,
  mean: null,
  std: null,
  skewness: null,
  kurtosis: null,
  meanAbsoluteDeviation: null,
  l1Norm: 0,
  l2Norm: 0,
  limit: null,
};

/** A uniform layer over [−1, 1] of `count` values and so many exact zeros. */
function uniform(count: number, zeros = 0): LayerResult {
  return {
    index: 0,
    statistics: {
      ...NOTHING,
      zeroCount: zeros,
      min: -1,
      max: 1,
      mean: 0,
      std: Math.sqrt(1 / 3),
      kurtosis: 1.8,
      meanAbsoluteDeviation: 0.5,
    },
    cells: {
      low: Float32Array.from(zeros > 0 ? [-1, 0, 0] : [-1, 0]),
      high: Float32Array.from(zeros > 0 ? [0, 0, 1] : [0, 1]),
      count: Float64Array.from(zeros > 0 ? [count / 2, zeros, count / 2] : [count / 2, count / 2]),
    },
  };
}

describe('distribution of a layer', () => {
  test('is about the mean, and its shares add up', () => {
    const shown = layerDistribution(uniform(1e6));
    expect(shown?.bins).toHaveLength(120);
    expect(shown?.low).toBeCloseTo(-1.35, 12);
    expect(shown?.bins.reduce((sum, bin) => sum + bin.share, 0)).toBeCloseTo(1, 9);
    expect(shown?.bins[0]?.share).toBe(0);
  });

  test('the fitted densities integrate to one over their reach', () => {
    const shown = layerDistribution({
      ...uniform(1e6),
      statistics: { ...uniform(1e6).statistics, std: 0.1, meanAbsoluteDeviation: 0.07 },
    });
    const { bins = [], fits = [] } = shown ?? {};
    const binWidth = (bins[0]?.to ?? 0) - (bins[0]?.from ?? 0);
    const step = (fits[1]?.value ?? 0) - (fits[0]?.value ?? 0);
    const area = (which: 'gaussian' | 'laplace'): number =>
      fits.reduce((sum, fit) => sum + (fit[which] / binWidth) * step, 0);
    expect(area('gaussian')).toBeCloseTo(1, 3);
    expect(area('laplace')).toBeCloseTo(1 - Math.exp(-0.44 / 0.07), 2);
  });

  test('leaves exact zeros out of the bins and tells their share', () => {
    const shown = layerDistribution(uniform(2000, 6000));
    expect(shown?.zeroShare).toBe(0.75);
    expect(shown?.bins.reduce((sum, bin) => sum + bin.share, 0)).toBeCloseTo(0.25, 9);
  });

  test('has fewer bins for fewer values', () => {
    expect(layerDistribution(uniform(64))?.bins).toHaveLength(12);
    expect(layerDistribution(uniform(1000))?.bins).toHaveLength(30);
  });

  test('is none without spread or without values', () => {
    const empty = { low: new Float32Array(), high: new Float32Array(), count: new Float64Array() };
    expect(layerDistribution({ index: 0, statistics: NOTHING, cells: empty })).toBeUndefined();
    const constant = { ...uniform(4).statistics, std: 0, meanAbsoluteDeviation: 0 };
    expect(layerDistribution({ ...uniform(4), statistics: constant })).toBeUndefined();
  });
});
