import { copyFile, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cachedAnalysis } from '../../../src/engine/cached-analysis';
import { describeModel } from '../../../src/engine/describe-model';
import { ResultCache, resultVersion } from '../../../src/engine/result-cache';
import type { AnalysisEvent } from '../../../src/protocol/analysis';
import type { ModelReport } from '../../../src/report/report';
import { fixture, workerPool } from './analysis';

const MODEL = fixture('safetensors/fmnist.safetensors');
const signal = new AbortController().signal;

describe('results on disk', () => {
  const pool = workerPool(2);
  let folder: string;
  let results: string;
  let model: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'prunability-'));
    results = join(folder, 'results');
    model = join(folder, 'model.safetensors');
    await copyFile(MODEL, model);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const cacheOf = (version: string, capacity?: number): ResultCache => new ResultCache(results, version, capacity);

  /** Analyses, and tells whether the result was known: then no weights are read. */
  async function analyze(
    cache: ResultCache,
    options: { path?: string; cache?: 'use' | 'refresh' | 'none' } = {},
  ): Promise<{ report: ModelReport; events: AnalysisEvent[]; known: boolean }> {
    const events: AnalysisEvent[] = [];
    const reading = vi.spyOn(pool, 'run');
    const { path = model, ...rest } = options;
    const report = await cachedAnalysis({ path, hash: false, ...rest }, cache, pool, (e) => events.push(e), signal);
    const known = reading.mock.calls.length === 0;
    reading.mockRestore();
    return { report, events, known };
  }

  const stored = (): Promise<string[]> => readdir(results).catch(() => []);

  it('tells a known result again: the same report, the same layers', async () => {
    const first = await analyze(cacheOf('1'));
    const again = await analyze(cacheOf('1'));
    expect(again.known).toBe(true);
    expect(again.report).toEqual(first.report);
    const layers = (events: readonly AnalysisEvent[]): unknown[] =>
      events.flatMap((event) => (event.type === 'layers' ? event.layers : []));
    expect(layers(again.events)).toEqual(layers(first.events));
    expect(again.events.at(-1)).toEqual(first.events.at(-1));
    expect(again.events[0]).toEqual(first.events[0]);
  });

  it('reads again if the optimiser’s state beside the weights has changed, come or gone', async () => {
    const trainer = fixture('pytorch/trainer');
    const state = join(folder, 'optimizer.pt');
    await copyFile(join(trainer, 'model.safetensors'), model);
    const limits = async (): Promise<[boolean, number]> => {
      const { known, report } = await analyze(cacheOf('1'));
      return [known, report.limits.filter(({ inputs }) => inputs === 'optimizer').length];
    };
    expect(await limits()).toEqual([false, 0]);
    await copyFile(join(trainer, 'optimizer.pt'), state);
    expect(await limits()).toEqual([false, 2]);
    expect(await limits()).toEqual([true, 2]);
    await truncate(state, 0);
    expect(await limits()).toEqual([false, 0]);
    await copyFile(join(trainer, 'optimizer.pt'), state);
    expect(await limits()).toEqual([false, 2]);
    await rm(state);
    expect(await limits()).toEqual([false, 0]);
  });

  it('describes a model beside such state by itself, with what is known of both', async () => {
    const trainer = fixture('pytorch/trainer');
    for (const name of ['model.safetensors', 'optimizer.pt']) await copyFile(join(trainer, name), join(folder, name));
    const { report } = await analyze(cacheOf('1'));
    const description = await describeModel({ path: model, contentOnly: false }, cacheOf('1'), signal);
    expect(description).toMatchObject({ state: 'readable', tensorCount: 28, count: report.model.count });
    expect(description).toHaveProperty('analysis.kurtosis', report.model.kurtosisWeights);
  });

  it('reads again if the file has changed, in size, time or header, or the programs have', async () => {
    await analyze(cacheOf('1'));
    const time = new Date(Date.now() - 5000);
    await utimes(model, time, time);
    expect((await analyze(cacheOf('1'))).known).toBe(false);
    expect((await analyze(cacheOf('1'))).known).toBe(true);
    expect((await analyze(cacheOf('2'))).known).toBe(false);
    // The same size and time, another header: a tensor of another name.
    const bytes = await readFile(model);
    const { mtime } = await stat(model);
    const at = bytes.indexOf('weight');
    bytes.write('wEight', at);
    await writeFile(model, bytes);
    await utimes(model, mtime, mtime);
    const renamed = await analyze(cacheOf('2'));
    expect(renamed.known).toBe(false);
    expect(renamed.report.tensors.some(({ name }) => name.includes('wEight'))).toBe(true);
  });

  it('reads again on demand, and keeps nothing of what is not to be kept', async () => {
    expect((await analyze(cacheOf('1'), { cache: 'none' })).events.length).toBeGreaterThan(0);
    expect(await stored()).toEqual([]);
    await analyze(cacheOf('1'));
    const refreshed = await analyze(cacheOf('1'), { cache: 'refresh' });
    expect(refreshed.known).toBe(false);
    expect(await stored()).toHaveLength(1);
  });

  it('finds the result of a model by its folder, and names what was asked for', async () => {
    await analyze(cacheOf('1'));
    const byFolder = await analyze(cacheOf('1'), { path: folder });
    expect(byFolder.known).toBe(true);
    expect(byFolder.report.file.path).toBe(folder);
    expect(byFolder.events[0]).toMatchObject({ file: { path: folder } });
  });

  it.each([
    [
      'one byte of the body is another',
      (bytes: Buffer) => bytes.writeUInt8(bytes.readUInt8(bytes.length - 9) ^ 1, bytes.length - 9),
    ],
    ['one byte of the head is another', (bytes: Buffer) => bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100)],
    ['the checksum is another', (bytes: Buffer) => bytes.write('0000', 0)],
  ])('discards an entry if %s', async (_, damage) => {
    const cache = cacheOf('1');
    await analyze(cache);
    const [name = ''] = await stored();
    const bytes = await readFile(join(results, name));
    damage(bytes);
    await writeFile(join(results, name), bytes);
    expect((await analyze(cache)).known).toBe(false);
    expect((await analyze(cache)).known).toBe(true);
  });

  it.each([0, 10, 65, 500, 5000])('discards an entry that was cut off after %i bytes', async (length) => {
    const cache = cacheOf('1');
    await analyze(cache);
    const [name = ''] = await stored();
    await truncate(join(results, name), length);
    const description = await describeModel({ path: model, contentOnly: false }, cache, signal);
    // The head alone may still be whole; the result behind it is not.
    if (length < 500) expect(description).toMatchObject({ state: 'readable', analysis: null });
    expect((await analyze(cache)).known).toBe(false);
  });

  it('lets the results go that were used least recently', async () => {
    const other = join(folder, 'other.safetensors');
    const third = join(folder, 'third.safetensors');
    await copyFile(MODEL, other);
    await copyFile(MODEL, third);
    await analyze(cacheOf('1'));
    const [name = ''] = await stored();
    const capacity = 2.5 * (await stat(join(results, name))).size;
    await analyze(cacheOf('1', capacity), { path: other });
    const past = new Date(Date.now() - 60_000);
    for (const entry of await stored()) await utimes(join(results, entry), past, past);
    expect((await analyze(cacheOf('1', capacity))).known).toBe(true);
    await analyze(cacheOf('1', capacity), { path: third });
    expect(await stored()).toHaveLength(2);
    expect((await analyze(cacheOf('1', capacity))).known).toBe(true);
    expect((await analyze(cacheOf('1', capacity), { path: other })).known).toBe(false);
  });

  it('is described by the few numbers of its result', async () => {
    const cache = cacheOf('1');
    expect(await describeModel({ path: model, contentOnly: false }, cache, signal)).toMatchObject({ analysis: null });
    const { report } = await analyze(cache);
    const description = await describeModel({ path: model, contentOnly: false }, cache, signal);
    if (description.state !== 'readable' || description.analysis === null) throw new Error('Not described');
    const { analysis } = description;
    const limit = (method: string): number | undefined =>
      report.limits.find((estimate) => estimate.method === method && estimate.scope === 'weights')?.prunedFraction;
    expect(analysis.limit).toBe(limit('cosine-utopia-grid'));
    expect(analysis.limitWithoutTuning).toBe(limit('cosine-0.99'));
    expect(analysis.kurtosis).toBe(report.model.kurtosisWeights);
    expect(analysis.initialisation).toBe(report.model.initialisation);
    const { histogram } = analysis;
    expect(histogram?.fractions.reduce((sum, fraction) => sum + fraction, 0)).toBeCloseTo(1, 10);
    // The mean that the bins give is that of the weights, to within a bin.
    const width = ((histogram?.high ?? 0) - (histogram?.low ?? 0)) / (histogram?.fractions.length ?? 1);
    const mean = histogram?.fractions.reduce(
      (sum, fraction, bin) => sum + fraction * (histogram.low + (bin + 0.5) * width),
      0,
    );
    const weights = report.tensors.filter(({ prunable, shape }) => prunable && shape.length >= 2);
    const count = weights.reduce((sum, tensor) => sum + tensor.count, 0);
    const expected = weights.reduce((sum, tensor) => sum + (tensor.mean ?? 0) * tensor.count, 0) / count;
    expect(Math.abs((mean ?? 0) - expected)).toBeLessThan(width);
  });

  it('keeps nothing that was read while the file was written', async () => {
    const events: AnalysisEvent[] = [];
    await cachedAnalysis(
      { path: model, hash: false },
      cacheOf('1'),
      pool,
      (event) => {
        if (events.length === 0) void utimes(model, new Date(), new Date(Date.now() - 9000));
        events.push(event);
      },
      signal,
    );
    expect(await stored()).toEqual([]);
  });

  it('has a version that changes with each program and with the language', async () => {
    const program = join(folder, 'engine.js');
    await writeFile(program, 'one');
    const versions = [resultVersion([program], ''), resultVersion([program], 'de')];
    await writeFile(program, 'two');
    versions.push(resultVersion([program], ''));
    expect(new Set(versions).size).toBe(3);
  });
});

describe('descriptions of files that are no models', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'prunability-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const describeFile = async (name: string, bytes: string | Uint8Array, contentOnly: boolean): Promise<unknown> => {
    const path = join(folder, name);
    await writeFile(path, bytes);
    return describeModel({ path, contentOnly }, new ResultCache(join(folder, 'results'), '1'), signal);
  };

  it('says nothing of a file that has the name of many, unless its first bytes tell', async () => {
    expect(await describeFile('package.json', '{"name": "x"}', true)).toMatchObject({ recognised: false });
    expect(await describeFile('data.bin', new Uint8Array(5000), true)).toMatchObject({ recognised: false });
    expect(await describeFile('empty.bin', '', true)).toMatchObject({ recognised: false });
    const model = await readFile(MODEL);
    expect(await describeFile('weights.bin', model, true)).toMatchObject({
      state: 'readable',
      file: { format: 'safetensors' },
    });
  });

  it('says why a model cannot be read', async () => {
    expect(await describeFile('model.safetensors', '{}', false)).toMatchObject({
      state: 'unreadable',
      recognised: true,
    });
    const cut = (await readFile(MODEL)).subarray(0, 4000);
    expect(await describeFile('cut.safetensors', cut, false)).toMatchObject({
      state: 'unreadable',
      recognised: true,
      path: join(folder, 'cut.safetensors'),
      offset: expect.any(Number) as number,
    });
  });
});
