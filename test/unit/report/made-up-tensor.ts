import type { TensorReport } from '../../../src/report/report';

/** A tensor with the given fields; the others are those of a plain weight matrix. */
export function madeUpTensor(fields: Partial<TensorReport>): TensorReport {
  return {
    name: 'layer.weight',
    dtype: 'float32',
    shape: [100, 10],
    layer: 'layer',
    roleFrom: 'shape',
    role: 'weight',
    prunable: true,
    count: 1000,
    nanCount: 0,
    infCount: 0,
    zeroCount: 0,
    min: -1,
    max: 1,
    mean: 0.001234567,
    std: 0.1,
    skewness: 0,
    kurtosis: 3.14159265,
    meanAbsoluteDeviation: 0.08,
    l1Norm: 80,
    l2Norm: 3,
    limit: 0.8,
    survivingFraction: 0.2,
    ...fields,
  };
}
