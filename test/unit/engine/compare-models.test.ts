import { appendFile, mkdir, mkdtemp, open, readFile, rm, truncate, unlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareModels } from '../../../src/engine/compare-models';
import { CancelledError, FormatError } from '../../../src/formats/errors';
import type { ComparisonReport, PairStatistics, TensorComparison } from '../../../src/report/comparison';
import { analysis, fixture, packageFile, workerPool } from './analysis';
import {
  analyzer,
  bruteForcePair,
  comparison,
  normalNoise,
  valuesOf,
  writeSafetensors,
  type Values,
} from './comparison';

/**
 * untrained.pt against epoch3.pt by numpy 2.4.6, from the storages in the two zip files: with a and b all prunable
 * tensors as one float64 vector, a @ b / np.sqrt((a @ a) * (b @ b)) and np.linalg.norm(b - a) / np.linalg.norm(a).
 */
const NUMPY = { cosine: 0.6119423498596473, relativeChange: 1.4423851332154567 };

const samples = join(import.meta.dirname, '../../../samples/fashion-mnist');
const pool = workerPool(2);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prunability-compare-'));
});
afterAll(() => rm(folder, { recursive: true }));

function expectPair(actual: PairStatistics | null, expected: PairStatistics, what: string): void {
  expect(actual, what).not.toBeNull();
  for (const [key, value] of Object.entries(expected) as [keyof PairStatistics, number | null][]) {
    const found = actual![key];
    if (value === null || Number.isInteger(value)) expect(found, `${what} ${key}`).toBeCloseTo(value!, 12);
    else expect(Math.abs(found! / value - 1), `${what} ${key}: ${String(found)} for ${value}`).toBeLessThan(1e-12);
  }
}

function tensorOf(report: ComparisonReport, name: string): TensorComparison {
  const tensor = report.tensors.find((each) => each.name === name);
  if (tensor === undefined) throw new Error(`There is no ${name}`);
  return tensor;
}

describe('compareModels', () => {
  it('agrees with brute force on a real network, layer by layer and as a whole', async () => {
    const paths = [join(samples, 'untrained.pt'), join(samples, 'epoch3.pt')] as const;
    const { report } = await comparison(pool, ...paths);
    const [before, after] = await Promise.all(paths.map((path) => valuesOf(path)));
    const whole: [number[], number[]] = [[], []];
    for (const tensor of report.tensors) {
      const [a, b] = [before!.get(tensor.name)!.values, after!.get(tensor.name)!.values];
      expectPair(tensor.pair, bruteForcePair(a, b), tensor.name);
      if (tensor.before?.prunable !== true) continue;
      whole[0].push(...a);
      whole[1].push(...b);
    }
    expectPair(report.pair, bruteForcePair(...whole), 'model');
    expect(report.pair?.cosineSimilarity).toBeCloseTo(NUMPY.cosine, 12);
    expect(report.pair?.relativeChange).toBeCloseTo(NUMPY.relativeChange, 12);
    expect(report.before.limit).not.toBeNull();
    expect(report.pruning).toBeNull();
    expect(report.warnings).toEqual([]);
  });

  it('finds the same values in another format to be the same', async () => {
    const { report } = await comparison(pool, join(samples, 'epoch3.pt'), join(samples, 'epoch3.safetensors'));
    expect(report.pair).toMatchObject({ cosineSimilarity: 1, relativeChange: 0, maxChange: 0 });
    for (const { pair, shift, change } of report.tensors) {
      expect(change).toBe('common');
      expect(pair).toMatchObject({ cosineSimilarity: 1, maxChange: 0, equalCount: pair?.count });
      expect(shift).toMatchObject({ kolmogorovSmirnov: 0, wasserstein: 0 });
    }
  });

  it('sees what rounding to bfloat16 does', async () => {
    const { report } = await comparison(pool, join(samples, 'epoch3.pt'), join(samples, 'epoch3-bfloat16.safetensors'));
    expect(report.pair?.cosineSimilarity).toBeGreaterThan(1 - 2e-6);
    expect(report.pair?.cosineSimilarity).toBeLessThan(1);
    // Rounding to 8 significant bits is off by 2⁻⁸ at most, and by some 2⁻⁸/√12 × 1.5 in the mean.
    expect(report.pair?.relativeChange).toBeLessThan(2 ** -8);
    expect(report.pair?.relativeChange).toBeGreaterThan(2 ** -11);
  });

  const STORAGES: readonly (readonly [what: string, path: string])[] = [
    ['all types of safetensors', fixture('safetensors/dtypes.safetensors')],
    ['shards', fixture('safetensors/sharded.safetensors.index.json')],
    ['either byte and memory order', fixture('npz/kinds.npz')],
    ['deflated', fixture('npz/kinds_compressed.npz')],
    ['Fortran order', fixture('npz/fortran.npy')],
    ['views', fixture('pytorch/views.pt')],
    ['legacy views', fixture('pytorch/legacy_views.pt')],
    ['big-endian', fixture('pytorch/big_endian.pt')],
    ['all types of PyTorch', fixture('pytorch/dtypes.pt')],
    ['NaN and infinite values', fixture('pytorch/nonfinite.pth')],
    ['legacy', fixture('pytorch/fmnist_legacy.pt')],
    ['several shards a tensor', fixture('tfjs/model.json')],
    ['quantised', packageFile('@vladmandic/face-api/model/face_expression_model-weights_manifest.json')],
  ];

  it.each(STORAGES)('reads %s beside plain float32', async (what, path) => {
    const values = await valuesOf(path);
    let seed = 1;
    const changed = new Map(
      [...values].map(([name, tensor]): [string, Values] => {
        const noise = normalNoise(tensor.values.length, seed++);
        return [
          name,
          { ...tensor, values: tensor.values.map((value, i) => (i % 3 === 0 ? value : value + noise[i]!)) },
        ];
      }),
    );
    const other = await writeSafetensors(join(folder, `${what.replaceAll(' ', '-')}.safetensors`), changed);
    for (const [before, after] of [
      [path, other],
      [other, path],
    ] as const) {
      const { report } = await comparison(pool, before, after);
      const common = report.tensors.filter(({ name }) => values.has(name));
      expect(common.length).toBe(values.size);
      for (const { name, pair } of common) {
        const sides = [values.get(name)!.values, changed.get(name)!.values] as const;
        expectPair(pair, before === path ? bruteForcePair(...sides) : bruteForcePair(sides[1], sides[0]), name);
      }
    }
  });

  it.each(STORAGES)('finds %s to be the same as itself', async (_, path) => {
    const { report } = await comparison(pool, path, path);
    for (const { name, pair, before } of report.tensors) {
      if (before?.dtype.startsWith('complex') === true) expect(pair).toBeNull();
      else expect(pair, name).toMatchObject({ maxChange: 0, equalCount: pair?.count });
    }
  });

  it('compares no complex numbers, and says so', async () => {
    const { report } = await comparison(pool, fixture('pytorch/dtypes.pt'), fixture('pytorch/dtypes.pt'));
    const complex = report.tensors.filter(({ before }) => before?.dtype.startsWith('complex')).map(({ name }) => name);
    expect(complex.length).toBeGreaterThan(0);
    expect(report.warnings.find(({ code }) => code === 'not-compared-by-position')?.tensors).toEqual(complex);
  });

  it('tells progress, then the models, then every tensor once with its distributions', async () => {
    const { report, events } = await comparison(pool, join(samples, 'epoch1.pt'), join(samples, 'epoch3.pt'));
    const layers = events.flatMap((event) => (event.type === 'layers' ? event.layers : []));
    const inOrder = [...layers].sort(
      (a, b) => report.tensors.indexOf(a.comparison) - report.tensors.indexOf(b.comparison),
    );
    expect(inOrder.map(({ comparison: { name } }) => name)).toEqual(report.tensors.map(({ name }) => name));
    for (const { cellsBefore, cellsAfter, comparison: tensor } of layers) {
      expect(cellsBefore?.count.reduce((sum, count) => sum + count, 0)).toBe(tensor.before?.count);
      expect(cellsAfter?.count.reduce((sum, count) => sum + count, 0)).toBe(tensor.after?.count);
    }
    expect(events.findIndex(({ type }) => type === 'models')).toBeLessThan(
      events.findIndex(({ type }) => type === 'layers'),
    );
    const progress = events.flatMap((event) => (event.type === 'progress' ? [event] : []));
    const bytes = progress.map(({ bytesDone }) => bytesDone);
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
    expect(progress.at(-1)?.bytesDone).toBe(progress.at(-1)?.totalBytes);
    expect(new Set(progress.map(({ totalBytes }) => totalBytes)).size).toBe(1);
  });

  it('does not depend on the number of threads, to the last bit', async () => {
    const count = 9_000_000;
    const values = normalNoise(count, 5);
    const pruned = normalNoise(count, 5).map((value, i) => (Math.abs(value) < 0.5 ? 0 : value + (i % 7) * 1e-3));
    const tensor = (data: Float32Array<ArrayBuffer>): Map<string, Values> =>
      new Map([['a.weight', { shape: [3000, 3000], values: data }]]);
    const before = await writeSafetensors(join(folder, 'threads-a.safetensors'), tensor(values));
    const after = await writeSafetensors(join(folder, 'threads-b.safetensors'), tensor(pruned));
    const numbers = async (threads: number): Promise<unknown> => ({
      ...(await comparison(workerPool(threads), before, after)).report,
      seconds: 0,
    });
    const one = await numbers(1);
    expect(await numbers(3)).toEqual(one);
    expectPair((one as ComparisonReport).pair, bruteForcePair(values, pruned), 'cut tensor');
    expect((one as ComparisonReport).pruning?.prunedCount).toBe(values.filter((value) => Math.abs(value) < 0.5).length);
  });
});

describe('what is on one side only', () => {
  const tensor = (shape: readonly number[], seed: number): Values => ({
    shape,
    values: normalNoise(
      shape.reduce((product, size) => product * size, 1),
      seed,
    ),
  });

  it('is added, removed or reshaped', async () => {
    const before = await writeSafetensors(
      join(folder, 'sides-a.safetensors'),
      new Map([
        ['fc1.weight', tensor([4, 8], 1)],
        ['old.weight', tensor([2, 2], 2)],
        ['head.weight', tensor([10, 8], 3)],
      ]),
    );
    const after = await writeSafetensors(
      join(folder, 'sides-b.safetensors'),
      new Map([
        ['head.weight', tensor([20, 8], 3)],
        ['fc1.weight', tensor([4, 8], 4)],
        ['new.weight', tensor([2, 2], 5)],
      ]),
    );
    const { report } = await comparison(pool, before, after);
    expect(report.tensors.map(({ name, change }) => [name, change])).toEqual([
      ['fc1.weight', 'common'],
      ['old.weight', 'removed'],
      ['head.weight', 'reshaped'],
      ['new.weight', 'added'],
    ]);
    expect(tensorOf(report, 'old.weight')).toMatchObject({ after: null, pair: null, shift: null });
    expect(tensorOf(report, 'new.weight')).toMatchObject({ before: null, pair: null, shift: null });
    const reshaped = tensorOf(report, 'head.weight');
    expect(reshaped.pair).toBeNull();
    expect(reshaped.shift?.kolmogorovSmirnov).toBeGreaterThan(0);
    expect(report.pair?.count).toBe(32);
  });

  it('may be everything', async () => {
    const { report } = await comparison(pool, join(samples, 'epoch3.pt'), join(samples, 'tfjs'));
    expect(report).toMatchObject({ pair: null, pruning: null });
    expect(report.warnings.map(({ code }) => code)).toEqual(['nothing-in-common']);
  });

  it('is found all the same behind the prefix of a wrapper', async () => {
    const plain = await valuesOf(join(samples, 'epoch3.pt'));
    const wrapped = new Map([...plain].map(([name, values]) => [`module._orig_mod.${name}`, values]));
    const path = await writeSafetensors(join(folder, 'wrapped.safetensors'), wrapped);
    const { report } = await comparison(pool, join(samples, 'epoch3.pt'), path);
    expect(report.pair).toMatchObject({ cosineSimilarity: 1, maxChange: 0 });
    expect(report.tensors.every(({ change }) => change === 'common')).toBe(true);
    expect(report.warnings).toMatchObject([{ code: 'matched-without-prefix' }]);
    expect(report.warnings[0]?.message).toContain('"module._orig_mod."');
  });

  it.each(['pytorch/module.pt', 'pytorch/views.pt'])('counts memory that tensors of %s share once', async (name) => {
    const tied = fixture(name);
    const { report: analyzed } = await analysis(pool, tied);
    expect(analyzed.tensors.some(({ aliasOf }) => aliasOf !== undefined)).toBe(true);
    // The copy stores what is shared once for each of its names.
    const copy = await writeSafetensors(join(folder, 'untied.safetensors'), await valuesOf(tied));
    for (const paths of [
      [tied, tied],
      [tied, copy],
      [copy, tied],
    ] as const) {
      const { report } = await comparison(pool, ...paths);
      expect(report.tensors.every(({ pair }) => pair !== null)).toBe(true);
      expect(report.pair?.count).toBe(analyzed.model.prunableCount);
    }
  });
});

describe('layouts', () => {
  const SIDE = 4096;
  const PLACES = [5, 4099, SIDE * SIDE - 3];

  /** A matrix of 64 MB that is zero but for a few places (in C order), with room on disk for those only. */
  async function npyMatrix(name: string, fortran: boolean, value: number): Promise<string> {
    const path = join(folder, name, 'weight.npy');
    await mkdir(join(folder, name), { recursive: true });
    const text = `{'descr': '<f4', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${SIDE}, ${SIDE}), }`;
    const header = Buffer.from(`\x93NUMPY\x01\x00\x00\x00${text}`.padEnd(127) + '\n', 'latin1');
    header.writeUInt16LE(header.length - 10, 8);
    await writeFile(path, header);
    await truncate(path, header.length + 4 * SIDE * SIDE);
    const file = await open(path, 'r+');
    for (const place of PLACES) {
      const index = fortran ? (place % SIDE) * SIDE + Math.floor(place / SIDE) : place;
      await file.write(Buffer.from(Float32Array.of(value).buffer), 0, 4, header.length + 4 * index);
    }
    await file.close();
    return path;
  }

  it('are read in memory order where that is the same on both sides', async () => {
    const [before, after] = [await npyMatrix('f2', true, 2), await npyMatrix('f4', true, 4)];
    const { report } = await comparison(pool, before, after);
    expect(report.pair).toEqual({
      count: SIDE * SIDE,
      cosineSimilarity: 1,
      relativeChange: 1,
      maxChange: 2,
      equalCount: SIDE * SIDE - 3,
      zerosBefore: SIDE * SIDE - 3,
      zerosAfter: SIDE * SIDE - 3,
      zerosBoth: SIDE * SIDE - 3,
      maskOverlap: 1,
    });
  });

  it('that cannot be brought into one order in bounded memory are named, not guessed', async () => {
    const [before, after] = [await npyMatrix('f2', true, 2), await npyMatrix('c2', false, 2)];
    const { report } = await comparison(pool, before, after);
    const [tensor] = report.tensors;
    expect(tensor).toMatchObject({ change: 'common', pair: null, pruning: null });
    expect(tensor?.shift).toMatchObject({ kolmogorovSmirnov: 0 });
    expect(report.pair).toBeNull();
    expect(report.warnings).toMatchObject([{ code: 'not-compared-by-position', tensors: [tensor?.name] }]);
  });
});

describe('what goes wrong', () => {
  it('is a truncated file, named', async () => {
    const whole = await readFile(join(samples, 'epoch3.safetensors'));
    const path = join(folder, 'truncated.safetensors');
    await writeFile(path, whole.subarray(0, whole.length - 1000));
    for (const paths of [
      [path, join(samples, 'epoch3.pt')],
      [join(samples, 'epoch3.pt'), path],
    ] as const) {
      const error: unknown = await comparison(pool, ...paths).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(FormatError);
      expect((error as FormatError).detail.file).toBe(path);
    }
  });

  it('is a file that shrinks, grows, changes or goes while it is read', async () => {
    const values = await valuesOf(join(samples, 'epoch3.pt'));
    const path = join(folder, 'alive.safetensors');
    const accidents: readonly (readonly [() => Promise<void>, string])[] = [
      [() => truncate(path, 20_000), 'became shorter while it was read'],
      [() => appendFile(path, 'more'), 'became longer while it was read'],
      [() => utimes(path, 1, 1), 'was changed while it was read'],
      [() => unlink(path), 'does not exist'],
    ];
    for (const [accident, reason] of accidents) {
      await writeSafetensors(path, values);
      let happened: Promise<void> | undefined;
      const signal = new AbortController().signal;
      // Between the analysis and the reading of both sides: the threads open the files anew.
      const error: unknown = await compareModels(
        { before: path, after: join(samples, 'epoch3.pt') },
        pool,
        async (file, onEvent, abort) => {
          const report = await analyzer(pool)(file, onEvent, abort);
          if (file !== path) await (happened ??= accident());
          return report;
        },
        () => undefined,
        signal,
      ).catch((thrown: unknown) => thrown);
      expect(error, reason).toBeInstanceOf(FormatError);
      expect((error as FormatError).detail).toMatchObject({ file: path, reason });
    }
  });

  it('is a cancel in the middle: no thread reads on, and the pool works again', async () => {
    const count = 24_000_000;
    const header = JSON.stringify({ w: { dtype: 'F32', shape: [count], data_offsets: [0, 4 * count] } });
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    const path = join(folder, 'long.safetensors');
    await writeFile(path, Buffer.concat([length, Buffer.from(header)]));
    await truncate(path, 8 + header.length + 4 * count);
    const controller = new AbortController();
    let seenModels = false;
    const cancelled = comparison(pool, path, path, {
      signal: controller.signal,
      onEvent: (event) => {
        seenModels ||= event.type === 'models';
        if (seenModels && event.type === 'progress') controller.abort();
      },
    });
    await expect(cancelled).rejects.toBeInstanceOf(CancelledError);
    expect(seenModels).toBe(true);
    const { report } = await comparison(pool, join(samples, 'epoch1.pt'), join(samples, 'epoch2.pt'));
    expect(report.pair?.count).toBe(20538);
  });
});
