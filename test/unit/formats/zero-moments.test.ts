import { describe, expect, it } from 'vitest';
import { dict, float, int, list, raw, tensor, tuple } from './pytorch-bytes';
import { flat, model, modelName, openIn, optimName, saved, valuesOf, type Folder } from './zero-folder';

/** Two groups of one parameter each, and the shares of two processes. */
const NETWORK = model([{ w: [3] }, { b: [2] }]);

interface Moment {
  readonly values: readonly number[];
  readonly beta?: number;
  /** Instead of the number 5. */
  readonly step?: Buffer;
}

/** A file of the optimiser of stage 2: a flat tensor of weights a group, and one of second moments. */
function share(
  weights: readonly (readonly number[])[],
  moments: readonly Moment[],
  parts: { readonly param_groups?: Buffer; readonly state?: Buffer } = {},
): Buffer {
  const storages = [...weights, ...moments.map(({ values }) => values)];
  const states = moments.flatMap(({ values, step = int(5) }, index) => [
    int(index),
    dict({ step, exp_avg_sq: flat(weights.length + index, values.length) }),
  ]);
  const groups = moments.map(({ beta = 0.9 }, index) =>
    dict({ betas: tuple(float(0.5), float(beta)), params: list(int(index)) }),
  );
  const wrapped = dict({
    state: Buffer.concat([raw(0x7d, 0x28), ...states, raw(0x75)]),
    param_groups: list(...groups),
    ...parts,
  });
  const state = {
    zero_stage: int(2),
    partition_count: list(...weights.map(() => int(2))),
    single_partition_of_fp32_groups: list(...weights.map((values, index) => flat(index, values.length))),
    base_optimizer_state: wrapped,
  };
  return saved(dict({ optimizer_state_dict: dict(state) }), storages);
}

function folder(first: Buffer, second: Buffer): Folder {
  return new Map([
    [modelName(), NETWORK],
    [optimName(0), first],
    [optimName(1), second],
  ]);
}

const WEIGHTS = [
  [
    [1, 2],
    [4, 5],
  ],
  [[3], []],
] as const;
const FIRST = share(WEIGHTS[0], [{ values: [0.1, 0.2] }, { values: [0.4, 0.5] }]);

describe('second moments that ZeRO has cut up', () => {
  it('are put together as the weights are, without the padding of the last process', async () => {
    const files = folder(FIRST, share(WEIGHTS[1], [{ values: [0.3, 0] }, { values: [0, 0] }]));
    const checkpoint = await openIn(files, modelName());
    expect(checkpoint.secondMoments).toEqual([
      { tensor: 'optimizer.state.w.exp_avg_sq', parameter: 'w', decay: 0.9, step: 5 },
      { tensor: 'optimizer.state.b.exp_avg_sq', parameter: 'b', decay: 0.9, step: 5 },
    ]);
    const moments = (name: string): number[] => valuesOf(checkpoint, files, `optimizer.state.${name}.exp_avg_sq`);
    expect(moments('w')).toEqual([0.1, 0.2, 0.3].map(Math.fround));
    expect(moments('b')).toEqual([0.4, 0.5].map(Math.fround));
  });

  it('have the decay and the steps of their group', async () => {
    const moments = [
      { values: [0, 0], beta: 0.5 },
      { values: [0, 0], step: tensor({ shape: [], strides: [], numel: 1 }) },
    ];
    const first = share(
      WEIGHTS[0],
      moments.map((moment) => ({ ...moment })),
    );
    const { secondMoments } = await openIn(folder(first, share(WEIGHTS[1], moments)), modelName());
    expect(secondMoments?.map(({ decay, step }) => [decay, step])).toEqual([
      [0.5, 5],
      [0.9, 'optimizer.state.1.step'],
    ]);
  });

  it.each<[string, Buffer]>([
    ['of one process are missing', share(WEIGHTS[1], [])],
    ['of one group are missing', share(WEIGHTS[1], [{ values: [0.3] }])],
    ['are fewer than the weights', share(WEIGHTS[1], [{ values: [] }, { values: [0] }])],
    [
      'have several numbers of steps',
      share(WEIGHTS[1], [
        { values: [0.3], step: tensor({ key: '0', shape: [0], strides: [1], numel: 1 }) },
        { values: [0] },
      ]),
    ],
    ['differ in their decay', share(WEIGHTS[1], [{ values: [0.3], beta: 0.8 }, { values: [0] }])],
    [
      'are of more parameters than there are flat tensors',
      share(WEIGHTS[1], [{ values: [0.3] }, { values: [0] }], {
        param_groups: list(dict({ betas: tuple(float(0.5), float(0.9)), params: list(int(0), int(1), int(2)) })),
      }),
    ],
    ['have no state that is a dict', share(WEIGHTS[1], [{ values: [0.3] }, { values: [0] }], { state: list() })],
  ])('are left out where some %s', async (_, second) => {
    const files = folder(FIRST, second);
    const checkpoint = await openIn(files, modelName());
    expect(checkpoint.secondMoments).toBeUndefined();
    expect(checkpoint.tensors.map(({ name }) => name)).toEqual(['w', 'b']);
    expect(valuesOf(checkpoint, files, 'w')).toEqual([1, 2, 3]);
  });
});
