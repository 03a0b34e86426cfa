import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import type { LayerVariable, Shape } from './layer';
import type { LayerKind, LayerSettings } from './layer-settings';

/**
 * Scores of one sample, each head's for each pair of steps: 256 MB. A head over 4,096 steps has 16 million.
 */
const MAX_SCORES = 1 << 26;

/** Added to the score of a step that is not to be seen: e to this power is 0. */
const UNSEEN = -1e9;

/** What the weights are called that make queries, keys and values. */
const PROJECTIONS = ['query', 'key', 'value'] as const;

type Projection = (typeof PROJECTIONS)[number];

/**
 * Attention of several heads (Vaswani et al., arXiv 1706.03762, section 3.2): softmax(Q Kᵀ / √d) V of each, joined and
 * multiplied with a matrix. Keys are made of the values, unless they are given; dropout acts in training only. Kernels are
 * matrices here, of which the checkpoint has the columns (for the output the rows) apart by heads.
 */
export const multiHeadAttention: LayerKind = (settings, inputs) => {
  const order = settings.named(inputs, ['query', 'value', 'key']);
  const shapeOf = (name: Projection): Shape => {
    const shape = inputs[order.get(name) ?? order.get('value') ?? -1];
    if (shape?.length !== 2) throw settings.unfit(shape ?? []);
    return shape;
  };
  if (!order.has('query') || !order.has('value')) throw settings.refused(l10n.t('takes {0} inputs', inputs.length));
  const shapes = { query: shapeOf('query'), key: shapeOf('key'), value: shapeOf('value') };
  const [steps = -1] = shapes.query;
  const [seen = -1] = shapes.value;
  if (shapes.key[0] !== seen) throw settings.unfit(shapes.key);
  const heads = settings.size('num_heads');
  const keySize = settings.size('key_dim');
  const sizes = { query: keySize, key: keySize, value: settings.size('value_dim', keySize) };
  const outputs = outputSize(settings, shapes.query);
  const hasBias = settings.flag('use_bias', true);
  for (const name of ['sliding_window', 'flash_attention']) settings.only(name, []);
  settings.only('use_gate', [false]);
  if (!['[1]', '1', undefined].includes(JSON.stringify(settings.value('attention_axes')))) {
    throw settings.wrong('attention_axes');
  }
  if (heads * Math.max(steps, 1) * Math.max(seen, 1) > MAX_SCORES) throw settings.unfit(shapes.query);
  const causal = settings.called('use_causal_mask');
  const perProjection = hasBias ? 2 : 1;
  const width = heads * sizes.value;

  /** [batch, steps, inputs] → [batch, heads, steps, size] */
  const project = (name: Projection, x: Tensor, variables: readonly Tensor[]): Tensor => {
    const first = PROJECTIONS.indexOf(name) * perProjection;
    const product = linear(x, variables[first], hasBias ? variables[first + 1] : undefined);
    return tf.transpose(tf.reshape(product, [-1, x.shape[1] ?? 0, heads, sizes[name]]), [0, 2, 1, 3]);
  };

  return {
    outputShape: [steps, outputs],
    variables: [
      ...PROJECTIONS.flatMap((name) => {
        const size = settings.known(shapes[name], 1);
        const columns = heads * sizes[name];
        return [
          kernel(name, [size, heads, sizes[name]], [size, columns]),
          ...(hasBias ? [offset(name, [heads, sizes[name]], columns)] : []),
        ];
      }),
      kernel('attention_output', [heads, sizes.value, outputs], [width, outputs]),
      ...(hasBias ? [offset('attention_output', [outputs], outputs)] : []),
    ],
    run(values, variables, observe) {
      const given = (name: Projection): Tensor => {
        const x = values[order.get(name) ?? order.get('value') ?? -1];
        if (x === undefined) throw new Error('MultiHeadAttention: an input is missing');
        return x;
      };
      if (observe !== undefined) PROJECTIONS.forEach((name, index) => { observe(index * perProjection, given(name)); }); // prettier-ignore
      const query = tf.mul(project('query', given('query'), variables), 1 / Math.sqrt(keySize));
      const scores = tf.matMul(query, project('key', given('key'), variables), false, true);
      const chances = tf.softmax(causal ? tf.add(scores, earlierOnly(scores)) : scores);
      const mixed = tf.transpose(tf.matMul(chances, project('value', given('value'), variables)), [0, 2, 1, 3]);
      const joined = tf.reshape(mixed, [-1, mixed.shape[1] ?? 0, width]);
      const last = PROJECTIONS.length * perProjection;
      observe?.(last, joined);
      return linear(joined, variables[last], hasBias ? variables[last + 1] : undefined);
    },
  };
};

/** Numbers a step of the result: as many as a query has, if nothing else is said. */
function outputSize(settings: LayerSettings, query: Shape): number {
  if (settings.value('output_shape') === undefined) return settings.known(query, 1);
  return settings.sizes('output_shape', 1)[0] ?? -1;
}

/** x W + b along the last dimension of [batch, steps, inputs]. */
function linear(x: Tensor, matrix: Tensor | undefined, added: Tensor | undefined): Tensor {
  if (matrix === undefined) throw new Error('MultiHeadAttention: a weight is missing');
  const [, steps = 0, size = 0] = x.shape;
  const product = tf.matMul(tf.reshape(x, [-1, size]), matrix);
  const sum = added === undefined ? product : tf.add(product, added);
  return tf.reshape(sum, [-1, steps, matrix.shape[1] ?? 0]);
}

/** What is added to scores [batch, heads, steps, seen] so that no step sees a later one. */
function earlierOnly({ shape }: Tensor): Tensor {
  const [, , steps = 0, seen = 0] = shape;
  const later = Float32Array.from({ length: steps * seen }, (_, at) =>
    at % seen > Math.floor(at / seen) ? UNSEEN : 0,
  );
  return tf.tensor(later, [1, 1, steps, seen]);
}

function kernel(part: string, shape: Shape, usedShape: Shape): LayerVariable {
  return { name: `${part}/kernel`, shape, usedShape, role: 'weight', inputDimension: 0, outputDimension: 1 };
}

function offset(part: string, shape: Shape, size: number): LayerVariable {
  return { name: `${part}/bias`, shape, usedShape: [size], role: 'bias' };
}
