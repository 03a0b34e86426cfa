import { mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/curvature/random-stream';
import { KeptMeasurements, type KeptMeasurementsOptions } from '../../../src/measurer/kept-measurements';
import { CancelledError } from '../../../src/formats/errors';
import type { KeptResults } from '../../../src/measurement/kept-results';
import { DEFAULT_MEASURE_OPTIONS, measure, type MeasureStage } from '../../../src/measurement/measure';
import { startedMeasurement, withPart, type MeasurementPart } from '../../../src/measurement/measurement-part';
import type { Measurement } from '../../../src/report/measurement';
import { MlpObjective, type ClassSamples } from '../measurement/mlp-objective';

const random = new RandomStream(5);
const uniform = (): number => random.nextUint32() / 2 ** 31 - 1;

function clouds(count: number): ClassSamples {
  const labels = Uint8Array.from({ length: count }, (_, index) => index % 3);
  const inputs = Float64Array.from(
    { length: 6 * count },
    (_, at) => uniform() + (at % 3 === labels[Math.floor(at / 6)] ? 1 : 0),
  );
  return { inputs, labels };
}

const [train, test] = [clouds(30), clouds(12)];
const options = { ...DEFAULT_MEASURE_OPTIONS, steps: 12, probes: 2, sweepEvaluations: 20, criterionEvaluations: 12 };
const { layout, size } = new MlpObjective([6, 8, 3], 'tanh', train);
const weights = Float32Array.from({ length: size }, uniform);

interface Run {
  readonly calls: MlpObjective['calls'];
  readonly parts: readonly MeasurementPart[];
  readonly result: Measurement;
}

/** Measures, and stops when this stage has come so far. */
async function run(kept?: KeptResults, stop?: readonly [stage: MeasureStage, done: number]): Promise<Run> {
  const objective = new MlpObjective([6, 8, 3], 'tanh', train);
  const parts: MeasurementPart[] = [];
  const controller = new AbortController();
  const observer = {
    part: (part: MeasurementPart) => void parts.push(part),
    progress: (stage: MeasureStage, done: number) => {
      if (stage === stop?.[0] && done >= stop[1]) controller.abort();
    },
  };
  const input = { objective, test: new MlpObjective([6, 8, 3], 'tanh', test), layout, weights, options, kept };
  const ended = measure(input, observer, controller.signal);
  if (stop === undefined) await ended;
  else await expect(ended).rejects.toThrow(CancelledError);
  const facts = {
    ...{ model: '', data: { path: '', count: 30 }, loss: 'softmax-cross-entropy' as const, notes: [] },
    backend: { name: 'cpu' as const, reason: '', selfTestError: 0 },
  };
  const [first, ...others] = parts;
  if (first?.kind !== 'start') throw new Error('A measurement begins with its start.');
  return { calls: objective.calls, parts, result: others.reduce(withPart, startedMeasurement(facts, first.figures)) };
}

/** Without a stop. */
let whole: Run;
beforeAll(async () => {
  whole = await run();
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kept-measurements-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const failures: unknown[] = [];
const open = async (
  { resume = true, key = 'the same' } = {},
  given: KeptMeasurementsOptions = {},
): ReturnType<KeptMeasurements['open']> =>
  new KeptMeasurements(folder, { writtenEveryMs: 0, ...given }).open(key, resume, (error) => failures.push(error));

const files = async (end: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith(end)).map((name) => join(folder, name));

describe('a measurement that was stopped', () => {
  it.each<[MeasureStage, number]>([
    ['sweep', 7],
    ['spectrum', 7],
    ['spectrum', 17],
    ['direct-test', 4],
    ['criteria', 30],
    ['sensitivity', 5],
  ])('at %s %i is gone on with: nothing is measured twice, and the result is the same to the bit', async (...stop) => {
    const begun = await open();
    const first = await run(begun, stop);
    await begun.flush();
    const kept = await open();
    expect(kept.resumed).toBeGreaterThan(0);
    const second = await run(kept);
    expect(second.result).toEqual(whole.result);
    expect(second.result.complete).toBe(true);
    // what runs when it is stopped is lost, and the scores of a criterion are computed again
    expect(first.calls.evaluate + second.calls.evaluate).toBeLessThanOrEqual(whole.calls.evaluate + 1);
    expect(first.calls.hessianTimes + second.calls.hessianTimes).toBeLessThanOrEqual(whole.calls.hessianTimes + 2);
    expect(second.calls.evaluate).toBeLessThan(whole.calls.evaluate - 5);
    await kept.remove();
    expect(await readdir(folder)).toEqual([]);
  });

  it('again and again comes to the same end', async () => {
    for (const stop of [
      ['sweep', 3],
      ['sweep', 9],
      ['spectrum', 4],
      ['spectrum', 19],
      ['criteria', 50],
    ] as const) {
      const kept = await open();
      await run(kept, stop);
      await kept.flush();
    }
    expect((await run(await open())).result).toEqual(whole.result);
  });

  it('by a killed process has what was written until then', async () => {
    await run(await open(), ['spectrum', 7]);
    const kept = await open();
    const second = await run(kept);
    expect(second.result).toEqual(whole.result);
    expect(second.calls.hessianTimes).toBeLessThan(whole.calls.hessianTimes - 5);
    const told = second.parts.find((part) => part.kind === 'spectrum');
    expect(told?.spectrum.steps).toBeGreaterThan(1);
  });

  it('is not written more often than asked for', async () => {
    const kept = await open({}, { writtenEveryMs: 3_600_000 });
    await run(kept, ['sweep', 9]);
    expect((await open()).resumed).toBe(1);
    await kept.flush();
    expect(await files('.measurement')).toHaveLength(1);
    expect((await open()).resumed).toBeGreaterThanOrEqual(9);
  });

  it('keeps numbers that JSON has no word for', async () => {
    const kept = await open();
    const result = { a: Number.NaN, b: Infinity, c: -Infinity, d: -0, e: 0.1 + 0.2 };
    await kept.add('odd', result);
    expect((await open()).get('odd')).toEqual(result);
  });
});

describe('what is kept', () => {
  const begin = async (): Promise<void> => {
    const kept = await open();
    await run(kept, ['spectrum', 7]);
    await kept.flush();
  };

  it('is of this very measurement', async () => {
    await begin();
    expect((await open({ key: 'another' })).resumed).toBe(0);
    expect((await open()).resumed).toBeGreaterThan(0);
    expect((await open({ resume: false })).resumed).toBe(0);
    expect(await readdir(folder)).toEqual([]);
  });

  it('is not used if the state is damaged', async () => {
    await begin();
    const [state] = await files('.measurement');
    const text = await readFile(state!, 'utf8');
    await writeFile(state!, text.replace(/"loss":\d/, '"loss":9'));
    expect((await open()).resumed).toBe(0);
    expect((await run(await open())).result).toEqual(whole.result);
  });

  it.each<[string, (basis: string) => Promise<void>]>([
    ['is gone', (basis) => rm(basis)],
    ['is cut short', (basis) => truncate(basis, size * 4 * 3 + 2)],
    ['holds nothing', async (basis) => writeFile(basis, new Uint8Array((await readFile(basis)).length))],
  ])('of the spectrum is not used if its basis %s', async (_, damage) => {
    await begin();
    const [basis] = await files('.basis');
    await damage(basis!);
    const second = await run(await open());
    expect(second.result).toEqual(whole.result);
    expect(second.calls.hessianTimes).toBe(whole.calls.hessianTimes);
  });

  it('leaves out a basis that is too large', async () => {
    const limit = { maxBasisBytes: 5 * size * 4 };
    const begun = await open({}, limit);
    await run(begun, ['spectrum', 7]);
    await begun.flush();
    expect(await files('.basis')).toEqual([]);
    const kept = await open({}, limit);
    expect(kept.resumed).toBeGreaterThan(0);
    expect((await run(kept)).result).toEqual(whole.result);
  });

  it('goes when it is old, or there is too much', async () => {
    const kept = await open();
    await kept.add('a', { loss: 1 });
    const [old] = await files('.measurement');
    const month = Date.now() / 1000 - 31 * 24 * 3600;
    await utimes(old!, month, month);
    await writeFile(join(folder, 'mine.txt'), 'stays');
    await utimes(join(folder, 'mine.txt'), month, month);
    await (await open({ key: 'second' })).add('a', { loss: 2 });
    expect(await files('.measurement')).not.toContain(old);
    expect(await files('.measurement')).toHaveLength(1);
    await open({ key: 'third' }, { capacityBytes: 100, maxBasisBytes: 50 });
    expect(await readdir(folder)).toEqual(['mine.txt']);
  });

  it('is nothing where the disk does not take it, and the measurement goes on', async () => {
    const blocked = join(folder, 'file');
    await writeFile(blocked, '');
    failures.length = 0;
    const kept = await new KeptMeasurements(blocked, { writtenEveryMs: 0 }).open('key', true, (error) =>
      failures.push(error),
    );
    const { result } = await run(kept);
    expect(result).toMatchObject({ complete: true, notes: [] });
    expect(failures).toHaveLength(1);
  });
});
