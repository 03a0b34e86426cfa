import { writeFile } from 'node:fs/promises';
import { analyzeWeights } from '../../../src/engine/analyze-weights';
import { compareModels } from '../../../src/engine/compare-models';
import type { Analyze } from '../../../src/engine/read-model';
import type { WorkerPool } from '../../../src/engine/worker-pool';
import { openCheckpoint } from '../../../src/formats/registry';
import { CompensatedSum } from '../../../src/limits/compensated-sum';
import type { ComparisonEvent } from '../../../src/protocol/comparison';
import type { ComparisonReport, PairStatistics } from '../../../src/report/comparison';
import { storedValues } from '../formats/stored-values';

export interface Values {
  readonly shape: readonly number[];
  readonly values: Float32Array<ArrayBuffer>;
}

export function analyzer(pool: WorkerPool): Analyze {
  return (path, onEvent, signal) => analyzeWeights({ path, hash: false }, pool, onEvent, signal);
}

export async function comparison(
  pool: WorkerPool,
  before: string,
  after: string,
  options: { signal?: AbortSignal; onEvent?: (event: ComparisonEvent) => void } = {},
): Promise<{ report: ComparisonReport; events: ComparisonEvent[] }> {
  const events: ComparisonEvent[] = [];
  const onEvent = (event: ComparisonEvent): void => {
    events.push(event);
    options.onEvent?.(event);
  };
  const signal = options.signal ?? new AbortController().signal;
  const report = await compareModels({ before, after }, pool, analyzer(pool), onEvent, signal);
  return { report, events };
}

/** All real tensors of a file as float32, read in the plainest way; those that `skip` names are left out. */
export async function valuesOf(
  path: string,
  skip: (name: string) => boolean = () => false,
): Promise<Map<string, Values>> {
  const opened = await openCheckpoint(path);
  try {
    const { checkpoint } = opened;
    return new Map(
      checkpoint.tensors
        .filter(({ name, dtype }) => !dtype.startsWith('complex') && !skip(name))
        .map((tensor) => [tensor.name, { shape: tensor.shape, values: storedValues(checkpoint, tensor) }]),
    );
  } finally {
    await opened.close();
  }
}

/** Writes tensors as float32, in C order, to a safetensors file. */
export async function writeSafetensors(path: string, tensors: ReadonlyMap<string, Values>): Promise<string> {
  let end = 0;
  const entries = [...tensors].map(([name, { shape, values }]): [string, unknown] => {
    const start = end;
    end += values.byteLength;
    return [name, { dtype: 'F32', shape, data_offsets: [start, end] }];
  });
  const text = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const data = [...tensors.values()].map(
    ({ values }) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  );
  await writeFile(path, Buffer.concat([length, text, ...data]));
  return path;
}

/** The definitions, one position after the other, in float64 with the rounding errors of the sums carried along. */
export function bruteForcePair(before: ArrayLike<number>, after: ArrayLike<number>): PairStatistics {
  const positions = Array.from(before, (_, i) => i).filter(
    (i) => Number.isFinite(before[i]) && Number.isFinite(after[i]),
  );
  const sum = (f: (a: number, b: number) => number): number => {
    const total = new CompensatedSum();
    for (const i of positions) total.add(f(before[i]!, after[i]!));
    return total.value;
  };
  const count = (f: (a: number, b: number) => boolean): number => sum((a, b) => (f(a, b) ? 1 : 0));
  const normBefore = Math.sqrt(sum((a) => a * a));
  const normAfter = Math.sqrt(sum((_, b) => b * b));
  const zerosBoth = count((a, b) => a === 0 && b === 0);
  const zeros = count((a, b) => a === 0 || b === 0);
  return {
    count: positions.length,
    cosineSimilarity: normBefore * normAfter === 0 ? null : sum((a, b) => a * b) / (normBefore * normAfter),
    relativeChange: normBefore === 0 ? null : Math.sqrt(sum((a, b) => (b - a) ** 2)) / normBefore,
    maxChange: positions.reduce((most, i) => Math.max(most, Math.abs(after[i]! - before[i]!)), 0),
    equalCount: count((a, b) => a === b),
    zerosBefore: count((a) => a === 0),
    zerosAfter: count((_, b) => b === 0),
    zerosBoth,
    maskOverlap: zeros === 0 ? null : zerosBoth / zeros,
  };
}

/** Numbers that repeat, about normal. */
export function normalNoise(count: number, seed: number, deviation = 1): Float32Array<ArrayBuffer> {
  let state = seed;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Float32Array.from({ length: count }, () => {
    return deviation * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  });
}
