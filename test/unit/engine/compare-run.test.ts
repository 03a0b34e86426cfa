import { copyFile, mkdtemp, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareRun } from '../../../src/engine/compare-run';
import { JobQueue } from '../../../src/engine/job-queue';
import type { Analyze } from '../../../src/engine/read-model';
import { CancelledError } from '../../../src/formats/errors';
import type { RunEvent, RunRequest } from '../../../src/protocol/comparison';
import type { RunReport, RunStep } from '../../../src/report/comparison';
import { analysis, fixture, workerPool } from './analysis';
import { analyzer, comparison } from './comparison';

const samples = join(import.meta.dirname, '../../../samples/fashion-mnist');
const pool = workerPool(2);
const EPOCHS = ['untrained.pt', 'epoch1.pt', 'epoch2.pt', 'epoch3.pt'].map((name, step) => ({
  path: join(samples, name),
  step,
}));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prunability-run-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function run(
  checkpoints: RunRequest['checkpoints'],
  options: {
    analyze?: Analyze;
    turn?: (read: () => Promise<RunStep>) => Promise<RunStep>;
    signal?: AbortSignal;
    onEvent?: (event: RunEvent) => void;
  } = {},
): Promise<{ report: RunReport; events: RunEvent[] }> {
  const events: RunEvent[] = [];
  const onEvent = (event: RunEvent): void => {
    events.push(event);
    options.onEvent?.(event);
  };
  const signal = options.signal ?? new AbortController().signal;
  const { analyze = analyzer(pool), turn = (read: () => Promise<RunStep>): Promise<RunStep> => read() } = options;
  const report = await compareRun({ checkpoints }, pool, analyze, turn, onEvent, signal);
  return { report, events };
}

describe('compareRun', () => {
  it('has of every step what its analysis and its comparisons have', async () => {
    const { report } = await run(EPOCHS);
    expect(report.steps.map(({ step }) => step)).toEqual([0, 1, 2, 3]);
    for (const [index, step] of report.steps.entries()) {
      const { path } = EPOCHS[index]!;
      const { report: analyzed } = await analysis(pool, path);
      expect(step.model).toEqual(analyzed.model);
      expect(step.file).toEqual(analyzed.file);
      const prunable = analyzed.tensors.filter((tensor) => tensor.prunable);
      expect(step.layers.map(({ name, kurtosis, limit }) => ({ name, kurtosis, limit }))).toEqual(
        prunable.map(({ name, kurtosis, limit }) => ({ name, kurtosis, limit })),
      );
      if (index === 0) {
        expect(step).toMatchObject({ toPrevious: null, toFirst: null });
        continue;
      }
      const previous = (await comparison(pool, EPOCHS[index - 1]!.path, path)).report;
      const first = (await comparison(pool, EPOCHS[0]!.path, path)).report;
      expect(step.toPrevious).toEqual(previous.pair);
      expect(step.toFirst).toEqual(first.pair);
      for (const { name, cosineToPrevious, cosineToFirst } of step.layers) {
        const cosine = (report: typeof first): unknown =>
          report.tensors.find((tensor) => tensor.name === name)?.pair?.cosineSimilarity;
        expect([cosineToPrevious, cosineToFirst]).toEqual([cosine(previous), cosine(first)]);
      }
    }
  });

  it('goes by the steps, whatever the order of the list, and tells each as it is known', async () => {
    const { report, events } = await run([...EPOCHS].reverse());
    expect(report.steps.map(({ step }) => step)).toEqual([0, 1, 2, 3]);
    expect(events.flatMap((event) => (event.type === 'step' ? [event.step] : []))).toEqual(report.steps);
    const progress = events.flatMap((event) => (event.type === 'progress' ? [event] : []));
    const bytes = progress.map(({ bytesDone }) => bytesDone);
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
    for (const { bytesDone, totalBytes } of progress) expect(bytesDone).toBeLessThanOrEqual(totalBytes);
    expect(progress.at(-1)?.bytesDone).toBe(progress.at(-1)?.totalBytes);
  });

  it('passes over what cannot be read, and compares the next with the last that could be', async () => {
    const whole = await readFile(EPOCHS[2]!.path);
    const broken = join(folder, 'broken.pt');
    await writeFile(broken, whole.subarray(0, 4000));
    const { report } = await run([
      { path: join(folder, 'absent.pt'), step: 0 },
      { ...EPOCHS[1]!, step: 1 },
      { path: broken, step: 2 },
      { ...EPOCHS[3]!, step: 3 },
    ]);
    expect(report.steps.map(({ unreadable }) => unreadable !== undefined)).toEqual([true, false, true, false]);
    expect(report.steps[0]).toMatchObject({ step: 0, layers: [], toPrevious: null, limit: null });
    expect(report.steps[0]?.unreadable).toContain('absent.pt: does not exist');
    expect(report.steps[2]?.unreadable).toContain('broken.pt');
    expect(report.steps[1]).toMatchObject({ toPrevious: null, toFirst: null });
    const { report: expected } = await comparison(pool, EPOCHS[1]!.path, EPOCHS[3]!.path);
    expect(report.steps[3]?.toPrevious).toEqual(expected.pair);
    expect(report.steps[3]?.toFirst).toEqual(expected.pair);
  });

  it('does without an earlier step that is deleted meanwhile', async () => {
    const kept = join(folder, 'kept.pt');
    await copyFile(EPOCHS[0]!.path, kept);
    const analyze: Analyze = async (path, onEvent, signal) => {
      const report = await analyzer(pool)(path, onEvent, signal);
      if (path === EPOCHS[2]!.path) await unlink(kept);
      return report;
    };
    const { report } = await run([{ path: kept, step: 0 }, ...EPOCHS.slice(1)], { analyze });
    expect(report.steps.map(({ unreadable }) => unreadable)).toEqual([undefined, undefined, undefined, undefined]);
    expect(report.steps.map(({ toFirst }) => toFirst === null)).toEqual([true, false, true, true]);
    expect(report.steps.map(({ toPrevious }) => toPrevious === null)).toEqual([true, false, false, false]);
  });

  it('has nothing to compare in another network', async () => {
    const { report } = await run([EPOCHS[0]!, { path: fixture('pytorch/views.pt'), step: 1 }]);
    expect(report.steps[1]).toMatchObject({ toPrevious: null, toFirst: null });
    expect(report.steps[1]?.layers.length).toBeGreaterThan(0);
    expect(report.steps[1]?.layers.every(({ cosineToFirst }) => cosineToFirst === null)).toBe(true);
  });

  it('is empty for an empty list', async () => {
    const { report } = await run([]);
    expect(report.steps).toEqual([]);
  });

  it('lets other jobs come in between its steps', async () => {
    const queue = new JobQueue();
    const { signal } = new AbortController();
    const order: string[] = [];
    let other: Promise<void> | undefined;
    await run(EPOCHS, {
      turn: (read) => queue.run(read, signal),
      onEvent: (event) => {
        if (event.type !== 'step') return;
        order.push(`step ${event.step.step}`);
        other ??= queue.run(async () => {
          await analysis(pool, EPOCHS[0]!.path);
          order.push('other');
        }, signal);
      },
    });
    await other;
    expect(order).toEqual(['step 0', 'other', 'step 1', 'step 2', 'step 3']);
  });

  it('stops when it is cancelled, and the pool works again', async () => {
    const controller = new AbortController();
    const onEvent = (event: RunEvent): void => {
      if (event.type === 'step') controller.abort();
    };
    await expect(run(EPOCHS, { signal: controller.signal, onEvent })).rejects.toBeInstanceOf(CancelledError);
    expect((await run(EPOCHS.slice(0, 2))).report.steps).toHaveLength(2);
  });
});
