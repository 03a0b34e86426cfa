import { beforeAll, describe, test } from 'vitest';
import { checkDerivatives } from './derivatives';
import { FUNCTIONS } from './float64-reference';
import type { Operations } from './operations';
import type { SmallNetwork } from './small-networks';
import { startTestBackend, TEST_BACKENDS } from './test-backends';

/** Two matrices with something between them. */
function perceptron(
  name: string,
  between: <T>(operations: Operations<T>, hidden: T, parameters: readonly T[]) => T,
): SmallNetwork {
  return {
    name,
    input: [4],
    outputs: 3,
    parameters: [[4, 5], [5], [5, 3], [3]],
    compute: (o, x, [first, bias, second, shift, ...others]) => {
      const hidden = between(o, o.add(o.matMul(x, first!), bias!), others);
      return o.add(o.matMul(hidden, second!), shift!);
    },
  };
}

const names = Object.keys(FUNCTIONS) as (keyof typeof FUNCTIONS)[];
const positive = new Set(['sqrt', 'rsqrt', 'log', 'reciprocal']);

const activations: SmallNetwork[] = names.map((name) =>
  perceptron(name, (o, hidden) =>
    o.apply(name, positive.has(name) ? o.add(o.apply('square', hidden), o.apply('softplus', hidden)) : hidden),
  ),
);

const others: SmallNetwork[] = [
  perceptron('softmax inside', (o, hidden) => o.softmax(hidden)),
  perceptron('log softmax inside', (o, hidden) => o.logSoftmax(hidden)),
  perceptron('divided by the greatest', (o, hidden) => {
    const positives = o.apply('softplus', hidden);
    return o.divide(positives, o.max(positives, [1]));
  }),
  perceptron('layer normalisation', (o, hidden) => {
    const centred = o.subtract(hidden, o.mean(hidden, [1]));
    return o.multiply(centred, o.apply('rsqrt', o.mean(o.apply('square', centred), [1])));
  }),
  {
    ...perceptron('prelu', (o, hidden, [alpha]) => o.prelu(hidden, alpha!)),
    parameters: [[4, 5], [5], [5, 3], [3], [5]],
  },
];

describe.each(TEST_BACKENDS)('on %s', (backend) => {
  beforeAll(async () => {
    await startTestBackend(backend);
  });

  test.each([...activations, ...others])('$name', async (small) => {
    await checkDerivatives(small);
  });

  test.each(['none', 'softmax', 'sigmoid'] as const)('mean squared error, link %s', async (link) => {
    await checkDerivatives({ ...perceptron('tanh', (o, hidden) => o.apply('tanh', hidden)), link }, 'values');
  });

  test('cross-entropy of sigmoids', async () => {
    await checkDerivatives({ ...perceptron('tanh', (o, hidden) => o.apply('tanh', hidden)), link: 'sigmoid' });
  });
});
