import * as l10n from '@vscode/l10n';

/** A standard deviation that a common initialiser gives a tensor of some shape. */
export interface InitialisationScale {
  /** The initialiser, with the library whose default it is where it is one; few of the many names are ever asked for. */
  readonly name: () => string;
  readonly std: number;
}

type Distribution = 'uniform' | 'normal' | 'truncated-normal';

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
  distribution: Distribution,
): readonly InitialisationScale[] {
  const scales = fansOf(shape).flatMap((fans) => scaledByFans(fans, distribution));
  if (distribution === 'uniform') return scales;
  if (distribution === 'normal') {
    return [...scales, ...FIXED_STDS.map((std) => ({ name: () => l10n.t('normal, std {0}', std), std }))];
  }
  const dimension = shape.at(-1) ?? 1;
  return [
    {
      name: () => l10n.t("TensorFlow's embedding column, truncated normal of std 1/√{0} before the cut", dimension),
      std: TRUNCATED_STD / Math.sqrt(dimension),
    },
    ...scales,
    ...FIXED_STDS.map((std) => ({ name: () => l10n.t('truncated normal, std {0}', std), std })),
    ...FIXED_STDS.map((std) => ({
      name: () => l10n.t('truncated normal, std {0} before the cut', std),
      std: std * TRUNCATED_STD,
    })),
  ];
}

/** 1 is PyTorch's default for embeddings, 0.05 that of Keras' RandomNormal. */
const FIXED_STDS = [0.02, 0.01, 0.05, 1];

const SHAPES: Readonly<Record<Distribution, string>> = {
  uniform: l10n.t('uniform'),
  normal: l10n.t('normal'),
  'truncated-normal': l10n.t('truncated-normal'),
};

function scaledByFans({ fanIn, fanOut }: Fans, distribution: Distribution): InitialisationScale[] {
  const shape = SHAPES[distribution];
  const scales = [
    { name: () => l10n.t('He {0} over fan-in {1}', shape, fanIn), std: Math.sqrt(2 / fanIn) },
    { name: () => l10n.t('He {0} over fan-out {1}', shape, fanOut), std: Math.sqrt(2 / fanOut) },
    { name: () => l10n.t('Glorot {0}', shape), std: Math.sqrt(2 / (fanIn + fanOut)) },
    { name: () => l10n.t('LeCun {0} over fan-in {1}', shape, fanIn), std: Math.sqrt(1 / fanIn) },
  ];
  if (distribution !== 'uniform') return scales;
  return [
    {
      name: () => l10n.t("PyTorch's default, uniform within 1/√{0}", fanIn),
      std: Math.sqrt(1 / (3 * fanIn)),
    },
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
