import { describe, expect, it } from 'vitest';
import { dict, global, int, call, list, ints, proto, raw, tensor, text, tuple, zip } from './pytorch-bytes';
import { formatError } from './thrown';
import {
  flat,
  model,
  modelName,
  NONE,
  openIn,
  optim,
  optimName,
  saved,
  shapes,
  valuesOf,
  type Folder,
} from './zero-folder';

const [SHARE0, SHARE1, MODEL, MODEL0, MODEL1] = [optimName(0), optimName(1), modelName(), modelName(0), modelName(1)];

function folder(files: Readonly<Record<string, Uint8Array>>): Folder {
  return new Map(Object.entries(files));
}

/** Two parameters in one group, 3 and 2 values; the shares are filled up to 8. */
const GROUP = { w: [3], b: [2] };
const STAGE2 = {
  [MODEL]: model([GROUP]),
  [SHARE0]: optim([[1, 2, 3, 4]]),
  [SHARE1]: optim([[5, 0, 0, 0]]),
};

/** Shares of 2 and 1 values. */
const STAGE3 = {
  [MODEL0]: model([GROUP]),
  [MODEL1]: model([GROUP]),
  [SHARE0]: optim([[1, 2, 4]], {}, 3),
  [SHARE1]: optim([[3, 0, 5]], {}, 3),
};

describe('what ZeRO has cut up', () => {
  it('is put together by hand as well', async () => {
    const two = folder(STAGE2);
    const three = folder(STAGE3);
    for (const [files, name] of [
      [two, SHARE1],
      [three, MODEL1],
    ] as const) {
      const checkpoint = await openIn(files, name);
      expect(valuesOf(checkpoint, files, 'w')).toEqual([1, 2, 3]);
      expect(valuesOf(checkpoint, files, 'b')).toEqual([4, 5]);
    }
  });

  it('may be with one process', async () => {
    const files = folder({ [MODEL]: model([GROUP]), [SHARE0]: optim([[1, 2, 3, 4, 5, 0]], {}, 1, 1) });
    const checkpoint = await openIn(files, MODEL);
    expect(checkpoint.formatLabel).toBe('DeepSpeed ZeRO stage 1, 1 process');
    expect(valuesOf(checkpoint, files, 'b')).toEqual([4, 5]);
  });

  it('may have padding behind each parameter', async () => {
    const padded = { param_alignment_paddings: list(ints(1, 2)) };
    const files = folder({
      ...STAGE2,
      [SHARE0]: optim([[1, 2, 3, 0]], padded),
      [SHARE1]: optim([[4, 5, 0, 0]], padded),
    });
    const checkpoint = await openIn(files, MODEL);
    expect(valuesOf(checkpoint, files, 'w')).toEqual([1, 2, 3]);
    expect(valuesOf(checkpoint, files, 'b')).toEqual([4, 5]);
  });

  it('may lack the padding at the end', async () => {
    const files = folder({ ...STAGE2, [SHARE1]: optim([[5]]) });
    expect(valuesOf(await openIn(files, MODEL), files, 'b')).toEqual([4, 5]);
  });

  it('may be of fewer values than processes, of none, and of scalars', async () => {
    const group = { none: [0, 4], one: [], two: [2] };
    const files = folder({
      [MODEL0]: model([group]),
      ...Object.fromEntries(
        [7, 0, 0].map((one, rank) => [optimName(rank), optim([[one], [[8, 9, 0][rank]!]], {}, 3, 3)]),
      ),
    });
    const checkpoint = await openIn(files, MODEL0);
    expect(checkpoint.tensors.map(({ name, shape, count }) => [name, shape, count])).toEqual([
      ['none', [0, 4], 0],
      ['one', [], 1],
      ['two', [2], 2],
    ]);
    expect(valuesOf(checkpoint, files, 'one')).toEqual([7]);
    expect(valuesOf(checkpoint, files, 'two')).toEqual([8, 9]);
  });

  it('may have a parameter over two of the flat tensors of a process', async () => {
    const files = folder({
      ...STAGE3,
      [SHARE0]: optim([[1], [2, 4]], {}, 3),
      [SHARE1]: optim([[3], [0, 5]], {}, 3),
    });
    const checkpoint = await openIn(files, SHARE0);
    expect(valuesOf(checkpoint, files, 'w')).toEqual([1, 2, 3]);
    expect(checkpoint.tensors[0]?.storage.extents).toHaveLength(3);
  });

  it('may name no stage, and its stage by a member of an enum', async () => {
    const stage = call(global('deepspeed.runtime.zero.config', 'ZeroStageEnum'), int(1));
    for (const [zero_stage, told] of [
      [undefined, 1],
      [stage, 1],
    ] as const) {
      const files = folder({
        ...STAGE2,
        [SHARE0]: optim([[1, 2, 3, 4]], { zero_stage }),
        [SHARE1]: optim([[5, 0, 0, 0]], { zero_stage }),
      });
      expect((await openIn(files, MODEL)).formatLabel).toContain(`stage ${told}`);
    }
  });

  const matrix = (key: number): Buffer => tensor({ key: String(key) });
  it('ties what says so, whatever the order, and what shares memory with a trained parameter', async () => {
    const module = dict({ early: matrix(0), w: matrix(1), late: matrix(1), stored: matrix(2) });
    const storages = [
      [1, 1, 1, 1],
      [2, 2, 2, 2],
      [9, 8, 7, 6],
    ];
    const shared_params = dict({ early: text('w'), w: text('w'), gone: text('nowhere') });
    const files = folder({
      [MODEL]: model([{ w: [2, 2] }], { module, shared_params }, storages),
      [SHARE0]: optim([[1, 2]]),
      [SHARE1]: optim([[3, 4]]),
    });
    const checkpoint = await openIn(files, MODEL);
    expect(checkpoint.tensors.map(({ name, aliasOf }) => [name, aliasOf])).toEqual([
      ['w', undefined],
      ['late', 'w'],
      ['stored', undefined],
      ['early', 'w'],
    ]);
    for (const name of ['w', 'late', 'early']) expect(valuesOf(checkpoint, files, name)).toEqual([1, 2, 3, 4]);
    expect(valuesOf(checkpoint, files, 'stored')).toEqual([9, 8, 7, 6]);
  });

  it('names what has no values in any of the files', async () => {
    const module = dict({ w: flat(0, 0), lost: flat(0, 0), empty: flat(0, 0) });
    const parts = { module, buffer_names: list(text('empty')) };
    const files = folder({ ...STAGE3, [MODEL0]: model([GROUP], parts, [[]]) });
    const { notes, tensors } = await openIn(files, MODEL0);
    expect(tensors.map(({ name }) => name)).toEqual(['w', 'empty', 'b']);
    expect(notes.find(({ code }) => code === 'tensors-not-read')?.tensors).toEqual(['lost']);
  });

  it('has a note if only one part of the network is in the file', async () => {
    const module = dict({ w: matrix(0) });
    const files = folder({ [MODEL]: model([GROUP], { module, mp_world_size: int(4) }, [[1, 2, 3, 4]]) });
    const { notes } = await openIn(files, MODEL);
    expect(notes.find(({ code }) => code === 'zero-model-part')?.message).toContain('4 parts');
  });
});

describe('a mixture of experts', () => {
  it('is read as its module is, and says so', async () => {
    const experts = optim([[1], [2]], { partition_count: ints(2, 1) });
    const parts = { module: dict({ w: tensor() }) };
    const files = folder({ ...STAGE2, [MODEL]: model([{ w: [2, 2] }], parts, [[1, 2, 3, 4]]), [SHARE0]: experts });
    const { notes, tensors } = await openIn(files, MODEL);
    expect(notes.map(({ code }) => code)).toEqual(['zero-mixture']);
    expect(tensors.map(({ name }) => name)).toEqual(['w']);
  });
});

describe('a checkpoint of ZeRO is refused', () => {
  const frozen = (shape: readonly number[], fragments: Uint8Array): Record<string, Uint8Array> => ({
    frozen_param_shapes: shapes({ f: shape }),
    frozen_param_fragments: fragments,
  });
  const four = [[1, 2, 3, 4]];

  it.each<[string, string, Readonly<Record<string, Uint8Array>>, string, string]>([
    // What, file that is opened, files that differ, file at fault, reason.
    ['shapes of more values', MODEL, { [MODEL]: model([{ w: [3], b: [9] }]) }, MODEL, 'shapes of 12 values'],
    ['shapes of fewer values', MODEL, { [MODEL]: model([{ w: [3] }]) }, MODEL, 'shapes of 3 values'],
    ['shapes of more values than there are', MODEL, { [SHARE1]: optim([[]]) }, MODEL, 'have 4'],
    ['other groups', MODEL, { [MODEL]: model([GROUP, { x: [1] }]) }, MODEL, 'shapes of 2 groups'],
    ['a name twice', MODEL, { [MODEL]: model([GROUP, GROUP]) }, MODEL, 'in two groups'],
    [
      'a name of a number',
      MODEL,
      { [MODEL]: model([GROUP], { param_shapes: list(Buffer.concat([raw(0x7d), int(1), ints(3), raw(0x73)])) }) },
      MODEL,
      'malformed shapes',
    ],
    [
      'a group of a number',
      MODEL,
      { [MODEL]: model([GROUP], { param_shapes: list(int(1)) }) },
      MODEL,
      'malformed shapes',
    ],
    ['a negative shape', MODEL, { [MODEL]: model([{ w: [-3] }]) }, MODEL, 'malformed shape'],
    ['a shape beyond counting', MODEL, { [MODEL]: model([{ w: [2 ** 30, 2 ** 30] }]) }, MODEL, 'malformed shape'],
    ['no shapes', SHARE0, { [MODEL]: model([GROUP], { param_shapes: NONE }) }, MODEL, 'no shapes'],
    [
      'no share',
      SHARE0,
      { [SHARE0]: optim(four, { single_partition_of_fp32_groups: undefined }) },
      SHARE0,
      'no float32 weights',
    ],
    ['no groups', SHARE0, { [SHARE0]: optim([]) }, SHARE0, 'does not say how many'],
    [
      'integers',
      SHARE0,
      { [SHARE0]: optim(four, { single_partition_of_fp32_groups: list(flat(0, 4, 'IntStorage')) }) },
      SHARE0,
      'no float32 weights',
    ],
    [
      'two types',
      SHARE0,
      { [SHARE0]: optim([[1], [1]], { single_partition_of_fp32_groups: list(flat(0, 1), flat(1, 2, 'HalfStorage')) }) },
      SHARE0,
      'several types',
    ],
    [
      'another type',
      MODEL,
      { [SHARE1]: optim(four, { single_partition_of_fp32_groups: list(flat(0, 4, 'HalfStorage')) }) },
      SHARE1,
      'other types',
    ],
    [
      'a matrix',
      SHARE0,
      { [SHARE0]: optim(four, { single_partition_of_fp32_groups: list(tensor()) }) },
      SHARE0,
      'no flat tensor',
    ],
    [
      'a number as a share',
      SHARE0,
      { [SHARE0]: optim(four, { single_partition_of_fp32_groups: list(int(1)) }) },
      SHARE0,
      'no flat tensor',
    ],
    [
      'strides',
      SHARE0,
      { [SHARE0]: optim(four, { single_partition_of_fp32_groups: list(tensor({ shape: [2], strides: [2] })) }) },
      SHARE0,
      'no flat tensor',
    ],
    [
      'a share beyond its file',
      MODEL,
      { [SHARE1]: optim(four, { single_partition_of_fp32_groups: list(flat(0, 9)) }) },
      SHARE1,
      '16 bytes of the 36',
    ],
    [
      'a share of nothing',
      MODEL,
      { [SHARE1]: optim(four, { single_partition_of_fp32_groups: list(flat(7, 4)) }) },
      SHARE1,
      'are not in the file',
    ],
    [
      'shares that overlap',
      SHARE0,
      {
        [SHARE0]: optim([new Array<number>(500).fill(1)], {
          single_partition_of_fp32_groups: list(...new Array<Buffer>(40).fill(flat(0, 500))),
        }),
      },
      SHARE0,
      'overlap',
    ],
    [
      'a share that is compressed',
      SHARE0,
      {
        [SHARE0]: saved(
          dict({
            optimizer_state_dict: dict({
              zero_stage: int(2),
              partition_count: int(2),
              single_partition_of_fp32_groups: list(flat(0, 4)),
            }),
          }),
          four,
          true,
        ),
      },
      SHARE0,
      'compressed',
    ],
    ['an unknown stage', SHARE0, { [SHARE0]: optim(four, { zero_stage: int(4) }) }, SHARE0, 'no stage'],
    ['another stage', MODEL, { [SHARE1]: optim(four, {}, 1) }, SHARE1, 'stage 1 of ZeRO'],
    ['another number of processes', MODEL, { [SHARE1]: optim(four, {}, 2, 3) }, SHARE1, 'with 3 processes'],
    [
      'no number of processes',
      MODEL,
      { [SHARE0]: optim(four, { partition_count: NONE }) },
      SHARE0,
      'does not say how many',
    ],
    ['none of the processes', MODEL, { [SHARE0]: optim(four, {}, 2, 0) }, SHARE0, 'does not say how many'],
    ['too many processes', MODEL, { [SHARE0]: optim(four, {}, 2, 2 ** 30) }, SHARE0, 'at most 4096'],
    [
      'mixtures of experts',
      SHARE1,
      { [SHARE0]: optim(four, { partition_count: ints(2, 1) }) },
      SHARE0,
      'mixtures of experts',
    ],
    [
      'paddings of another number',
      MODEL,
      { [SHARE0]: optim(four, { param_alignment_paddings: list(ints(1)) }) },
      MODEL,
      'malformed paddings',
    ],
    [
      'negative paddings',
      MODEL,
      { [SHARE0]: optim(four, { param_alignment_paddings: list(ints(1, -1)) }) },
      SHARE0,
      'malformed paddings',
    ],
    [
      'paddings of a number',
      MODEL,
      { [SHARE0]: optim(four, { param_alignment_paddings: int(1) }) },
      SHARE0,
      'malformed paddings',
    ],
    ['shares of two precisions', MODEL, { [optimName(0, 'bf16_')]: optim(four) }, MODEL, 'two checkpoints'],
    ['shares of stage 3', MODEL, { [SHARE0]: optim(four, {}, 3) }, MODEL, 'of stage 3'],
    ['a process too many', optimName(2), { [optimName(2)]: optim(four, {}, 2, 3) }, optimName(2), 'of 2 processes'],
    ['one part of the network', SHARE0, { [MODEL]: model([GROUP], { mp_world_size: int(2) }) }, MODEL, '2 parts'],
    [
      'no values that are not trained',
      MODEL,
      { [MODEL]: model([GROUP], frozen([2], dict({}))) },
      MODEL,
      'no values here',
    ],
    [
      'other shapes that are not trained',
      MODEL,
      { [MODEL]: model([GROUP], frozen([2], dict({ f: flat(0, 3) })), [[1, 2, 3]]) },
      MODEL,
      'no values here',
    ],
    ['a file that is none', MODEL, { [SHARE1]: Buffer.alloc(100) }, SHARE1, ''],
    [
      'a malformed tensor in the module',
      MODEL,
      { [MODEL]: model([GROUP], { module: dict({ bad: tensor({ shape: [-1] }) }) }) },
      MODEL,
      'malformed shape',
    ],
  ])('of stage 2 with %s', async (_, opened, files, fault, reason) => {
    const detail = await formatError(openIn(folder({ ...STAGE2, ...files }), opened));
    expect(detail.file).toBe(`/zero/${fault}`);
    expect(detail.reason).toContain(reason);
  });

  const half = dict({ f: tensor({ key: '0', type: 'HalfStorage', numel: 1, shape: [1], strides: [1] }) });
  const one = dict({ f: flat(0, 1) });
  it.each<[string, string, Readonly<Record<string, Uint8Array>>, string, string]>([
    ['a share that is too short', MODEL0, { [SHARE1]: optim([[3, 0]], {}, 3) }, MODEL0, 'have 2'],
    ['a share that is too long', MODEL0, { [SHARE1]: optim([[3, 0, 5, 0]], {}, 3) }, MODEL0, 'have 4'],
    ['other groups of a process', MODEL0, { [SHARE1]: optim([[3], [0, 5]], {}, 3) }, SHARE1, 'other types or groups'],
    ['shares of stage 2', MODEL0, { [SHARE0]: optim([[1, 2, 4]]) }, MODEL0, 'of stage 2'],
    ['no fragment', MODEL0, { [MODEL0]: model([GROUP], frozen([2], one), [[1]]) }, MODEL1, 'no values here'],
    [
      'a fragment that is too long',
      MODEL1,
      {
        [MODEL0]: model([GROUP], frozen([2], dict({ f: flat(0, 2) })), [[1, 2]]),
        [MODEL1]: model([GROUP], frozen([2], one), [[1]]),
      },
      MODEL0,
      '2 values of the 1',
    ],
    [
      'fragments of two types',
      MODEL1,
      { [MODEL0]: model([GROUP], frozen([2], one), [[1]]), [MODEL1]: model([GROUP], frozen([2], half), [[1]]) },
      MODEL0,
      'different types',
    ],
    [
      'no file of a fragment',
      MODEL0,
      {
        [MODEL0]: model([GROUP], frozen([2], one), [[1]]),
        [MODEL1]: zip({ name: 'a/data.pkl', data: proto(tuple()) }),
      },
      MODEL1,
      'no shapes',
    ],
  ])('of stage 3 with %s', async (_, opened, files, fault, reason) => {
    const detail = await formatError(openIn(folder({ ...STAGE3, ...files }), opened));
    expect(detail.file).toBe(`/zero/${fault}`);
    expect(detail.reason).toContain(reason);
  });
});
