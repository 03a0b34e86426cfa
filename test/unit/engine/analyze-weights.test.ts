import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancelledError, FormatError } from '../../../src/formats/errors';
import type { AnalysisEvent } from '../../../src/protocol/analysis';
import { analysis, fixture, workerPool } from './analysis';

const pool = workerPool(2);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prunability-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Writes a safetensors file; without `data`, its values are a hole that takes no room and reads as zeros. */
async function safetensors(name: string, tensors: Record<string, Entry>, data?: Uint8Array): Promise<string> {
  const path = join(folder, `${name}.safetensors`);
  const header = Buffer.from(JSON.stringify(tensors));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  await writeFile(path, Buffer.concat([length, header, data ?? new Uint8Array(0)]));
  if (data === undefined) {
    const end = Math.max(...Object.values(tensors).map(({ data_offsets }) => data_offsets[1]));
    await truncate(path, 8 + header.length + end);
  }
  return path;
}

/** Tensors of 2²⁶ float32 (256 MB) each, of zeros. */
function largeTensors(count: number): Record<string, Entry> {
  const bytes = 2 ** 28;
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `layer${i}.weight`,
      { dtype: 'F32', shape: [2 ** 13, 2 ** 13], data_offsets: [i * bytes, (i + 1) * bytes] },
    ]),
  );
}

function noise(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.tan(state / 2 ** 32 - 0.5);
  });
}

function isLayers(event: AnalysisEvent): event is Extract<AnalysisEvent, { type: 'layers' }> {
  return event.type === 'layers';
}

describe('analyzeWeights', () => {
  it('tells what it opened, then every layer once, and last the whole model', async () => {
    const { report, events } = await analysis(pool, fixture('safetensors/fmnist.safetensors'));
    expect(events[0]?.type).toBe('opened');
    expect(events.at(-1)?.type).toBe('model');
    const layers = events.filter(isLayers).flatMap((event) => event.layers);
    expect(layers.map(({ index }) => index).sort((a, b) => a - b)).toEqual([...report.tensors.keys()]);
    for (const { cells, index } of layers) {
      const sum = cells.count.reduce((total, count) => total + count, 0);
      expect(sum).toBe(report.tensors[index]?.count);
    }
    const bytes = events.flatMap((event) => (event.type === 'opened' ? [] : [event.bytesDone]));
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
    const [opened] = events;
    expect(bytes.at(-1)).toBe(opened?.type === 'opened' ? opened.totalBytes : undefined);
  });

  it('does not depend on the number of threads, to the last bit', async () => {
    const count = 9_000_000;
    const values = noise(count, 1);
    const split = 4 * 7_000_000;
    const path = await safetensors(
      'threads',
      {
        'a.weight': { dtype: 'F32', shape: [7_000_000 / 1000, 1000], data_offsets: [0, split] },
        'b.weight': { dtype: 'F32', shape: [2_000_000 / 1000, 1000], data_offsets: [split, 4 * count] },
      },
      new Uint8Array(values.buffer),
    );
    const one = await analysis(workerPool(1), path);
    const three = await analysis(workerPool(3), path);
    const hashed = await analysis(pool, path, { hash: true });
    const numbers = ({ report }: typeof one): unknown => [
      report.model,
      report.limits,
      report.tensors.map((tensor) => ({ ...tensor, sha256: undefined })),
    ];
    expect(numbers(three)).toEqual(numbers(one));
    expect(numbers(hashed)).toEqual(numbers(one));
  });

  it('survivors of all tensors add up to what the global limit leaves', async () => {
    const { report } = await analysis(pool, fixture('pytorch/fmnist_epoch3.pt'));
    const limit = report.limits.find(({ method, scope }) => method === 'cosine-utopia-grid' && scope === 'parameters');
    const survivors = report.tensors.reduce(
      (sum, { survivingFraction, count }) => sum + (survivingFraction ?? 0) * count,
      0,
    );
    expect(limit).toBeDefined();
    expect(survivors).toBeCloseTo(report.model.prunableCount - (limit?.prunedCount ?? 0), 6);
  });

  it('stops within 200 ms of a cancel, and works again', async () => {
    const path = await safetensors('cancel', largeTensors(64));
    const controller = new AbortController();
    let cancelledAt = 0;
    const onEvent = (event: AnalysisEvent): void => {
      if (!isLayers(event) || cancelledAt > 0) return;
      cancelledAt = performance.now();
      controller.abort();
    };
    await expect(analysis(pool, path, { signal: controller.signal, onEvent })).rejects.toBeInstanceOf(CancelledError);
    expect(performance.now() - cancelledAt).toBeLessThan(200);
    const { report } = await analysis(pool, fixture('npz/fmnist.npz'));
    expect(report.complete).toBe(true);
  });

  it('does not start when it is cancelled before', async () => {
    const path = await safetensors('cancelled', largeTensors(1));
    await expect(analysis(pool, path, { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(CancelledError);
  });

  it('says so when a file shrinks while it is read', async () => {
    const path = await safetensors('shrinks', largeTensors(16));
    let cut: Promise<void> | undefined;
    const onEvent = (event: AnalysisEvent): void => {
      if (event.type === 'layers') cut ??= truncate(path, 1_000_000);
    };
    const error: unknown = await analysis(pool, path, { onEvent }).catch((reason: unknown) => reason);
    await cut;
    expect(error).toBeInstanceOf(FormatError);
    const { detail } = error as FormatError;
    expect(detail).toMatchObject({ file: path, reason: 'became shorter while it was read' });
    expect(detail.offset).toBeGreaterThan(0);
    expect(detail.remedy).toContain('analyze it again');
  });

  it('leaves NaN and infinite values out, and warns', async () => {
    const { report } = await analysis(pool, fixture('pytorch/nonfinite.pth'));
    expect(report.warnings.map(({ code }) => code)).toContain('non-finite');
    const allNan = report.tensors.find(({ name }) => name === 'all_nan');
    expect(allNan).toMatchObject({ nanCount: 9, kurtosis: null, mean: null, limit: null });
    for (const limit of report.limits) expect(Number.isFinite(limit.prunedFraction)).toBe(true);
  });
});
