import { expect, test } from 'vitest';
import {
  SELF_TEST_LABELS,
  SELF_TEST_SHAPES,
  SELF_TEST_STEPS,
  selfTestNumbers,
} from '../../../src/network/tensorflow/self-test';
import { SELF_TEST_PRODUCT } from '../../../src/network/tensorflow/self-test-product';
import {
  FUNCTIONS,
  add,
  constant,
  conv2d,
  derivatives,
  map,
  matMul,
  maxPool,
  reshape,
  sizeOf,
  softmaxCrossEntropy,
} from './float64-reference';

test('the constants of the self-test are those of float64', () => {
  const size = SELF_TEST_SHAPES.reduce((sum, shape) => sum + sizeOf(shape), 0);
  const numbers = selfTestNumbers(size, SELF_TEST_STEPS.parameters);
  let offset = 0;
  const parameters = SELF_TEST_SHAPES.map((shape) => {
    offset += sizeOf(shape);
    return { shape, values: numbers.slice(offset - sizeOf(shape), offset) };
  });
  const { hessianTimes } = derivatives(
    ([first, bias, second, matrix, shift]) => {
      const input = constant(selfTestNumbers(50, SELF_TEST_STEPS.input), [2, 5, 5, 1]);
      const convolved = add(conv2d(input, first!, { pad: 'same' }), bias!);
      const pooled = maxPool(map(convolved, FUNCTIONS.tanh), 2, { stride: 2, pad: 'valid' });
      const features = map(conv2d(pooled, second!, { pad: 'same' }), FUNCTIONS.softplus);
      const logits = add(matMul(reshape(features, [2, 8]), matrix!), shift!);
      return softmaxCrossEntropy(logits, SELF_TEST_LABELS);
    },
    parameters,
    selfTestNumbers(size, SELF_TEST_STEPS.direction),
  );
  expect(hessianTimes).toHaveLength(size);
  hessianTimes.forEach((value, index) => {
    expect(SELF_TEST_PRODUCT[index]).toBeCloseTo(value, 9);
  });
});
