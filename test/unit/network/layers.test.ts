import { beforeAll, describe, test } from 'vitest';
import { checkDerivatives } from './derivatives';
import type { Operations } from './operations';
import type { SmallNetwork } from './small-networks';
import { startTestBackend, TEST_BACKENDS } from './test-backends';

/** An image of 6×7 with 2 channels, something that slides over it to maps of a size, and a matrix. */
function imageNetwork(
  name: string,
  [rows, columns, channels]: readonly [number, number, number],
  parameters: readonly (readonly number[])[],
  maps: <T>(operations: Operations<T>, x: T, parameters: readonly T[]) => T,
): SmallNetwork {
  const features = rows * columns * channels;
  return {
    name,
    input: [6, 7, 2],
    outputs: 3,
    parameters: [[features, 3], ...parameters],
    compute: (o, x, [matrix, ...others]) => o.matMul(o.reshape(maps(o, x, others), [-1, features]), matrix!),
  };
}

const filter = [3, 3, 2, 2];

const networks: SmallNetwork[] = [
  imageNetwork('convolution, same', [6, 7, 2], [filter, [2]], (o, x, [f, b]) =>
    o.apply('tanh', o.add(o.conv2d(x, f!, { pad: 'same' }), b!)),
  ),
  imageNetwork('convolution, valid, then relu', [4, 5, 2], [filter], (o, x, [f]) =>
    o.apply('relu', o.conv2d(x, f!, { pad: 'valid' })),
  ),
  imageNetwork('two convolutions', [2, 3, 2], [filter, filter], (o, x, [f, g]) =>
    o.apply('softplus', o.conv2d(o.apply('tanh', o.conv2d(x, f!, { pad: 'valid' })), g!, { pad: 'valid' })),
  ),
  imageNetwork('two convolutions by steps of 2, same', [2, 2, 2], [filter, filter], (o, x, [f, g]) => {
    const window = { stride: 2, pad: 'same' } as const;
    return o.apply('softplus', o.conv2d(o.apply('tanh', o.conv2d(x, f!, window)), g!, window));
  }),
  imageNetwork('convolutions by steps of 2 that leave a row', [2, 3, 2], [filter, [1, 1, 2, 2]], (o, x, [f, g]) =>
    o.apply('tanh', o.conv2d(o.apply('tanh', o.conv2d(x, g!, { pad: 'valid' })), f!, { stride: 2, pad: 'valid' })),
  ),
  imageNetwork('dilated convolutions', [2, 3, 2], [filter, filter], (o, x, [f, g]) =>
    o.apply(
      'tanh',
      o.conv2d(o.apply('tanh', o.conv2d(x, f!, { dilation: 2, pad: 'same' })), g!, { dilation: 2, pad: 'valid' }),
    ),
  ),
  imageNetwork(
    'depthwise and 1×1',
    [6, 7, 2],
    [
      [3, 3, 2, 1],
      [1, 1, 2, 2],
    ],
    (o, x, [f, g]) =>
      o.apply('tanh', o.conv2d(o.apply('tanh', o.depthwise(x, f!, { pad: 'same' })), g!, { pad: 'same' })),
  ),
  imageNetwork(
    'depthwise by steps of 2, two outputs a channel',
    [2, 2, 8],
    [
      [3, 3, 2, 2],
      [3, 3, 4, 2],
    ],
    (o, x, [f, g]) => {
      const window = { stride: 2, pad: 'same' } as const;
      return o.apply('softplus', o.depthwise(o.apply('tanh', o.depthwise(x, f!, window)), g!, window));
    },
  ),
  imageNetwork(
    'dilated depthwise',
    [2, 3, 2],
    [
      [3, 3, 2, 1],
      [3, 3, 2, 1],
    ],
    (o, x, [f, g]) => {
      const first = o.apply('tanh', o.depthwise(x, f!, { dilation: 2, pad: 'same' }));
      return o.apply('tanh', o.depthwise(first, g!, { dilation: 2, pad: 'valid' }));
    },
  ),
  imageNetwork('maximum pooling', [3, 3, 2], [filter], (o, x, [f]) =>
    o.apply('tanh', o.maxPool(o.apply('tanh', o.conv2d(x, f!, { pad: 'same' })), 2, { stride: 2, pad: 'valid' })),
  ),
  imageNetwork('relu and overlapping maximum pooling', [3, 4, 2], [filter], (o, x, [f]) =>
    o.apply('square', o.maxPool(o.apply('relu', o.conv2d(x, f!, { pad: 'same' })), 3, { stride: 2, pad: 'same' })),
  ),
  imageNetwork('average pooling', [3, 3, 2], [filter], (o, x, [f]) =>
    o.apply('tanh', o.avgPool(o.apply('tanh', o.conv2d(x, f!, { pad: 'same' })), 2, { stride: 2, pad: 'valid' })),
  ),
  imageNetwork('average pooling over borders', [3, 4, 2], [filter], (o, x, [f]) =>
    o.apply('tanh', o.avgPool(o.apply('tanh', o.conv2d(x, f!, { pad: 'same' })), 3, { stride: 2, pad: 'same' })),
  ),
  imageNetwork('batch normalisation as at inference', [6, 7, 2], [filter, [2], [2]], (o, x, [f, gamma, beta]) => {
    const scaled = o.multiply(o.scale(o.conv2d(x, f!, { pad: 'same' }), 1.7), gamma!);
    return o.apply('relu', o.add(scaled, beta!));
  }),
  imageNetwork('global average', [1, 1, 2], [filter], (o, x, [f]) =>
    o.mean(o.apply('tanh', o.conv2d(x, f!, { pad: 'same' })), [1, 2]),
  ),
  imageNetwork('global maximum and a residual', [1, 1, 2], [filter, filter], (o, x, [f, g]) => {
    const first = o.apply('geluTanh', o.conv2d(x, f!, { pad: 'same' }));
    return o.max(o.add(first, o.apply('swish', o.conv2d(first, g!, { pad: 'same' }))), [1, 2]);
  }),
];

/** Self-attention over 5 places with 2 heads (Vaswani et al., arXiv 1706.03762, section 3.2), with a layer normalisation. */
const attention: SmallNetwork = {
  name: 'attention',
  input: [5, 4],
  outputs: 3,
  parameters: [[4, 12], [4, 4], [4, 3], [4]],
  compute: (o, x, [queries, output, matrix, gamma]) => {
    const heads = o
      .split(o.matMul(o.reshape(x, [-1, 4]), queries!), 3, 1)
      .map((part) => o.transpose(o.reshape(part, [-1, 5, 2, 2]), [0, 2, 1, 3]));
    const scores = o.softmax(o.scale(o.matMul(heads[0]!, heads[1]!, true), Math.SQRT1_2));
    const mixed = o.transpose(o.matMul(scores, heads[2]!), [0, 2, 1, 3]);
    const sum = o.add(o.matMul(o.reshape(mixed, [-1, 4]), output!), o.reshape(x, [-1, 4]));
    const centred = o.subtract(sum, o.mean(sum, [1]));
    const normal = o.multiply(centred, o.apply('rsqrt', o.mean(o.apply('square', centred), [1])));
    const places = o.reshape(o.apply('geluErf', o.multiply(normal, gamma!)), [-1, 5, 4]);
    return o.matMul(o.reshape(o.mean(places, [1]), [-1, 4]), matrix!);
  },
};

/** What moves numbers about. */
const moves: SmallNetwork = {
  name: 'slices, padding, tiles and joins',
  input: [6],
  outputs: 3,
  parameters: [
    [6, 6],
    [18, 3],
    [3, 3],
  ],
  compute: (o, x, [first, second, third]) => {
    const hidden = o.apply('tanh', o.matMul(x, first!));
    const left = o.slice(hidden, 1, 1, 3);
    const padded = o.pad(left, [
      [0, 0],
      [1, 2],
    ]);
    const tiled = o.tile(o.gather(hidden, [4, 0, 4], 1), [1, 2]);
    const strides = o.concat([o.strided(hidden, 1, 2), o.strided(o.strided(hidden, 1, -1), 1, -2)], 1);
    const all = o.apply('sigmoid', o.matMul(o.concat([padded, tiled, strides], 1), second!));
    const [a, b, c] = o.unstack(o.reshape(all, [-1, 3]), 1);
    const joined = o.concat(
      [c!, a!, b!].map((part) => o.reshape(part, [-1, 1])),
      1,
    );
    return o.apply('square', o.matMul(joined, third!));
  },
};

/** Operations that graphs of trained models fuse. */
const fused: SmallNetwork = {
  name: 'fused operations',
  input: [4, 4, 2],
  outputs: 3,
  parameters: [[3, 3, 2, 2], [2], [3, 3, 2, 2], [2], [32, 4], [4], [4, 3], [3]],
  compute: (o, x, [f, a, g, b, first, c, second, d]) => {
    const maps = o.fusedConv2d(o.fusedConv2d(x, f!, a!, 'relu'), g!, b!, 'linear');
    const hidden = o.fusedDense(o.reshape(o.apply('tanh', maps), [-1, 32]), first!, c!, 'linear');
    return o.fusedDense(o.apply('sigmoid', hidden), second!, d!, 'relu');
  },
};

describe.each(TEST_BACKENDS)('on %s', (backend) => {
  beforeAll(async () => {
    await startTestBackend(backend);
  });

  test.each([...networks, attention, moves, fused])('$name', async (small) => {
    await checkDerivatives(small);
  });
});
