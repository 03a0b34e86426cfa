/** How a fully connected network with ReLU is trained. */
export interface Recipe {
  readonly data: 'digits' | 'mnist';
  /** Inputs, hidden layers, classes. */
  readonly sizes: readonly number[];
  readonly epochs: number;
  readonly batch: number;
  /** Learning rate at first; from each of the epochs `drops` on a tenth of what it was. */
  readonly rate: number;
  readonly drops: readonly [number, number];
  /** Weight of the sum of the magnitudes of all parameters beside the mean cross-entropy. */
  readonly penalty: number;
}

const MNIST = { data: 'mnist', batch: 128, rate: 0.05 } as const;

/** Networks that can be trained, with the penalty that they take unless another is asked for. */
export const RECIPES = {
  /** The networks digits-*.onnx of the tests. */
  digits: {
    data: 'digits',
    sizes: [64, 64, 32, 10],
    batch: 64,
    rate: 0.05,
    epochs: 300,
    drops: [200, 260],
    penalty: 1e-3,
  },
  /** LeCun, Bottou, Bengio & Haffner, Gradient-based learning applied to document recognition, 1998: 266,610 parameters. */
  'lenet-300-100': { ...MNIST, sizes: [784, 300, 100, 10], epochs: 12, drops: [7, 10], penalty: 2e-4 },
  /** FC5 of Zhang et al., arXiv 2306.05857: 1,597,010 parameters. */
  fc5: { ...MNIST, sizes: [784, 1000, 600, 300, 100, 10], epochs: 20, drops: [12, 17], penalty: 5e-5 },
} as const satisfies Readonly<Record<string, Recipe>>;

export type RecipeName = keyof typeof RECIPES;
