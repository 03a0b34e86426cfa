/** A standard deviation that a common initialiser gives a tensor of some shape. */
export interface InitialisationScale {
  /** The initialiser, with the library whose default it is where it is one. */
  readonly name: string;
  readonly std: number;
}

interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/** Std of a standard normal distribution cut at ±2: TensorFlow's `truncated_normal` does not correct for it. */
const TRUNCATED_STD = 0.8796256610342398;

/**
 * Standard deviations that initialisers give a weight of this shape. The layout is not known, so the fans are taken both
 * as PyTorch has them, [out, in, …], and as TensorFlow, Keras and Flax do, […, in, out].
 * Sources: Glorot & Bengio 2010 eq. 16; He et al. 2015 eqs. 10, 14; LeCun et al. 1998; PyTorch `torch.nn.init` and the
 * `reset_parameters` of its layers; `keras.initializers`;
 * `tf.feature_column.embedding_column`; torchvision's models (0.01); GPT-2, BERT and ViT (0.02).
 */
export function initialisationScales(
  shape: readonly number[],
  distribution: 'uniform' | 'normal' | 'truncated-normal',
): readonly InitialisationScale[] {
  const scales = fansOf(shape).flatMap((fans) => scaledByFans(fans, distribution));
  if (distribution === 'uniform') return scales;
  const fixed = FIXED_STDS.map((std) => ({ name: `normal, std ${String(std)}`, std }));
  if (distribution === 'normal') return [...scales, ...fixed];
  const dimension = shape.at(-1) ?? 1;
  return [
    {
      name: `TensorFlow's embedding column, truncated normal of std 1/√${String(dimension)} before the cut`,
      std: TRUNCATED_STD / Math.sqrt(dimension),
    },
    ...scales,
    ...fixed.map(({ name, std }) => ({ name: `truncated ${name}`, std })),
    ...fixed.map(({ name, std }) => ({ name: `truncated ${name} before the cut`, std: std * TRUNCATED_STD })),
  ];
}

/** 1 is PyTorch's default for embeddings, 0.05 that of Keras' RandomNormal. */
const FIXED_STDS = [0.02, 0.01, 0.05, 1];

function scaledByFans({ fanIn, fanOut }: Fans, distribution: string): InitialisationScale[] {
  const scales = [
    { name: `He ${distribution} over fan-in ${String(fanIn)}`, std: Math.sqrt(2 / fanIn) },
    { name: `He ${distribution} over fan-out ${String(fanOut)}`, std: Math.sqrt(2 / fanOut) },
    { name: `Glorot ${distribution}`, std: Math.sqrt(2 / (fanIn + fanOut)) },
    { name: `LeCun ${distribution} over fan-in ${String(fanIn)}`, std: Math.sqrt(1 / fanIn) },
  ];
  if (distribution !== 'uniform') return scales;
  return [
    { name: `PyTorch's default, uniform within 1/√${String(fanIn)}`, std: Math.sqrt(1 / (3 * fanIn)) },
    ...scales,
  ];
}

function fansOf(shape: readonly number[]): readonly Fans[] {
  const [first, second, ...spatial] = shape;
  const last = shape.at(-1);
  const beforeLast = shape.at(-2);
  if (first === undefined || second === undefined || last === undefined || beforeLast === undefined) return [];
  const field = spatial.reduce((product, size) => product * size, 1);
  const fieldBefore = shape.slice(0, -2).reduce((product, size) => product * size, 1);
  const outIn: Fans = { fanIn: second * field, fanOut: first * field };
  const inOut: Fans = { fanIn: beforeLast * fieldBefore, fanOut: last * fieldBefore };
  return [outIn, inOut];
}
