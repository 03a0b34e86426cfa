import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { TensorReport } from '../../../src/report/report';
import { analysis, fixture, packageFile, workerPool } from './analysis';

/** Statistics by numpy and scipy in float64, from values that the format's own library read. */
interface ReferenceTensor {
  readonly shape: readonly number[];
  readonly n: number;
  readonly n_nan?: number;
  readonly n_inf?: number;
  readonly mean: number | null;
  readonly std: number | null;
  readonly kurtosis: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly l1: number;
  readonly l2: number;
  readonly zero_fraction?: number;
  readonly sha256: string;
}
type Reference = Readonly<Record<string, ReferenceTensor>>;

const pool = workerPool(2);
const made = JSON.parse(readFileSync(fixture('statistics.json'), 'utf8')) as Readonly<Record<string, Reference>>;

const REAL = {
  languagedetection: '@vscode/vscode-languagedetection/model/model.json',
  'face-expression': '@vladmandic/face-api/model/face_expression_model-weights_manifest.json',
};

/** Relative, except next to zero, where what cancels is as large as the values' spread. */
function expectClose(actual: number | null, expected: number | null, scale: number, what: string): void {
  if (expected === null || actual === null) {
    expect(actual, what).toBe(expected);
    return;
  }
  expect(Math.abs(actual - expected), `${what}: ${actual} for ${expected}`).toBeLessThanOrEqual(
    1e-9 * Math.max(Math.abs(expected), scale),
  );
}

function expectTensor(tensor: TensorReport, reference: ReferenceTensor): void {
  const { name } = tensor;
  expect(tensor.shape, name).toEqual(reference.shape);
  expect(tensor.count, name).toBe(reference.n);
  expect(tensor.sha256, name).toBe(reference.sha256);
  if (reference.n_nan !== undefined) expect(tensor.nanCount, name).toBe(reference.n_nan);
  if (reference.n_inf !== undefined) expect(tensor.infCount, name).toBe(reference.n_inf);
  expect(tensor.min, name).toBe(reference.min);
  expect(tensor.max, name).toBe(reference.max);
  const spread = reference.std ?? 0;
  expectClose(tensor.mean, reference.mean, spread, `${name} mean`);
  expectClose(tensor.std, reference.std, 0, `${name} std`);
  expectClose(tensor.kurtosis, reference.kurtosis, 0, `${name} kurtosis`);
  expectClose(tensor.l1Norm, reference.l1, 0, `${name} l1`);
  expectClose(tensor.l2Norm, reference.l2, 0, `${name} l2`);
  if (reference.zero_fraction !== undefined) {
    const finite = tensor.count - tensor.nanCount - tensor.infCount;
    expectClose(tensor.zeroCount / Math.max(1, finite), reference.zero_fraction, 0, `${name} zeros`);
  }
}

async function expectFile(path: string, reference: Reference): Promise<void> {
  const { report } = await analysis(pool, path, { hash: true });
  const tensors = new Map(report.tensors.map((tensor) => [tensor.name, tensor]));
  expect([...tensors.keys()].sort()).toEqual(Object.keys(reference).sort());
  for (const [name, expected] of Object.entries(reference)) {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new Error(`There is no tensor ${name}`);
    expectTensor(tensor, expected);
  }
}

describe('statistics and values equal the references', () => {
  for (const [file, reference] of Object.entries(made)) {
    it(file, async () => {
      await expectFile(fixture(file), reference);
    });
  }

  for (const [name, path] of Object.entries(REAL)) {
    it(path, async () => {
      const { tensors } = JSON.parse(readFileSync(fixture(`tfjs/${name}.reference.json`), 'utf8')) as {
        tensors: Reference;
      };
      await expectFile(packageFile(path), tensors);
    });
  }
});

/**
 * Hashes of the values by NumPy, PyTorch and the safetensors library: every type, byte order, memory order and view.
 * The lists have NaNs in one pattern and complex numbers as they are, so tensors with these are left to the readers' tests.
 */
describe('values reach the hash in C order, however they are stored', () => {
  const tensorsOf = async (path: string): Promise<Map<string, TensorReport>> => {
    const { report } = await analysis(pool, fixture(path), { hash: true });
    return new Map(report.tensors.map((tensor) => [tensor.name, tensor]));
  };
  const expected = <T>(path: string): [string, T][] =>
    Object.entries(JSON.parse(readFileSync(fixture(path), 'utf8')) as Record<string, T>);

  it.each([
    ['npz/kinds.npz', 'npz/kinds.expected.json', 20],
    ['npz/kinds_compressed.npz', 'npz/kinds.expected.json', 20],
    ['safetensors/dtypes.safetensors', 'safetensors/dtypes.expected.json', 10],
  ])('%s', async (file, list, atLeast) => {
    const found = await tensorsOf(file);
    let compared = 0;
    for (const [name, { dtype, sha256 }] of expected<{ dtype: string; sha256: string }>(list)) {
      const tensor = found.get(name);
      if (dtype.startsWith('complex') || tensor === undefined || tensor.nanCount > 0) continue;
      expect(tensor.sha256, name).toBe(sha256);
      compared++;
    }
    expect(compared).toBeGreaterThanOrEqual(atLeast);
  });

  it('views of PyTorch', async () => {
    for (const [file, tensors] of expected<Record<string, [string, number[], string]>>('pytorch/made.json')) {
      const float32 = Object.entries(tensors).filter(([name, [dtype]]) => dtype === 'float32' && !isOptimizer(name));
      const found = float32.length === 0 ? new Map<string, TensorReport>() : await tensorsOf(`pytorch/${file}`);
      for (const [name, [, , sha256]] of float32) expect(found.get(name)?.sha256, `${file} ${name}`).toBe(sha256);
    }
  });
});

function isOptimizer(name: string): boolean {
  return name.startsWith('optimizer');
}
