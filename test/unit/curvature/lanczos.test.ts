import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Lanczos, rademacherProbe, type SymmetricOperator } from '../../../src/curvature/lanczos';
import { tridiagonalSpectrum } from '../../../src/curvature/tridiagonal';
import { CancelledError } from '../../../src/formats/errors';

const never = new AbortController().signal;

/** H = diag(λ) − 2/3 (u(λu)ᵀ + (λu)uᵀ) + …: diag(λ) turned by the reflection at the plane with this normal. */
function turned(eigenvalues: readonly number[]): SymmetricOperator {
  const size = eigenvalues.length;
  const normal = Array.from({ length: size }, (_, index) => Math.sin(index * index + 1));
  const length = Math.hypot(...normal);
  const reflect = (vector: readonly number[]): number[] => {
    const share = vector.reduce((sum, value, index) => sum + (value * normal[index]!) / length, 0);
    return vector.map((value, index) => value - (2 * share * normal[index]!) / length);
  };
  return (vector) =>
    Promise.resolve(
      Float32Array.from(reflect(reflect(Array.from(vector)).map((value, index) => value * eigenvalues[index]!))),
    );
}

async function run(operator: SymmetricOperator, size: number, steps: number, memoryBytes?: number): Promise<Lanczos> {
  const lanczos = await Lanczos.start(size, 1, memoryBytes);
  while (lanczos.steps < steps && (await lanczos.advance(operator, never)));
  return lanczos;
}

let folder: string;
let temporary: string | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanczos-test-'));
  temporary = process.env.TMPDIR;
  process.env.TMPDIR = folder;
});
afterEach(() => {
  if (temporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = temporary;
  rmSync(folder, { recursive: true });
});

describe('Lanczos', () => {
  const eigenvalues = Array.from({ length: 40 }, (_, index) => (index - 5) ** 3 / 1000);
  const operator = turned(eigenvalues);

  it('finds all eigenvalues in as many steps as there are dimensions, then stops', async () => {
    const lanczos = await run(operator, 40, 100);
    const { diagonal, offDiagonal } = lanczos.state;
    expect(diagonal).toHaveLength(40);
    const found = tridiagonalSpectrum(diagonal, offDiagonal).eigenvalues;
    for (const [index, value] of eigenvalues.entries()) expect(Math.abs(found[index]! - value)).toBeLessThan(1e-5);
    await lanczos.close();
  });

  it('keeps an orthonormal basis V with VᵀHV tridiagonal, however far the outer eigenvalues have settled', async () => {
    const spread = Array.from({ length: 60 }, (_, index) => 10 ** (3 - index / 6));
    const lanczos = await run(turned(spread), 60, 50);
    const path = join(folder, 'basis');
    const state = await lanczos.save(path);
    await lanczos.close();
    const bytes = readFileSync(path);
    const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    const basis = Array.from({ length: 51 }, (_, index) => numbers.subarray(60 * index, 60 * (index + 1)));
    const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, at) => sum + value * b[at]!, 0);
    for (const [row, a] of basis.entries()) {
      for (const [column, b] of basis.entries()) {
        expect(Math.abs(dot(a, b) - (row === column ? 1 : 0))).toBeLessThan(2e-6);
      }
    }
    const image = await turned(spread)(basis[7]!, never);
    expect(dot(basis[7]!, image)).toBeCloseTo(state.diagonal[7]!, 4);
    expect(dot(basis[8]!, image)).toBeCloseTo(state.offDiagonal[7]!, 4);
    expect(Math.abs(dot(basis[20]!, image))).toBeLessThan(1e-3);
  });

  it('stops where the space is exhausted', async () => {
    const lanczos = await run((vector) => Promise.resolve(vector.map((value) => 2 * value)), 100, 10);
    expect(lanczos.state.diagonal).toEqual([expect.closeTo(2, 6)]);
    expect(await lanczos.advance(operator, never)).toBe(false);
    await lanczos.close();
    const zero = await run((vector) => Promise.resolve(new Float32Array(vector.length)), 100, 10);
    expect(zero.state).toMatchObject({ diagonal: [0], offDiagonal: [0], exhausted: true });
    await zero.close();
  });

  it('gives the same matrix with the basis in a file, of which nothing is left', async () => {
    const inMemory = await run(operator, 40, 12);
    const onDisk = await run(operator, 40, 12, 3 * 40 * 4);
    expect(onDisk.state).toEqual(inMemory.state);
    await onDisk.close();
    await inMemory.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('goes on after a step was cancelled', async () => {
    const whole = await run(operator, 40, 10);
    const lanczos = await run(operator, 40, 4);
    const controller = new AbortController();
    const cancelling: SymmetricOperator = () => {
      controller.abort();
      return Promise.reject(new CancelledError());
    };
    await expect(lanczos.advance(cancelling, controller.signal)).rejects.toThrow(CancelledError);
    await expect(lanczos.advance(operator, controller.signal)).rejects.toThrow(CancelledError);
    while (lanczos.steps < 10) await lanczos.advance(operator, never);
    expect(lanczos.state).toEqual(whole.state);
    await Promise.all([whole.close(), lanczos.close()]);
  });

  it('goes on from what was saved, in memory or in a file', async () => {
    const whole = await run(operator, 40, 10);
    const first = await run(operator, 40, 4);
    const path = join(folder, 'basis');
    const state = JSON.parse(JSON.stringify(await first.save(path))) as Awaited<ReturnType<Lanczos['save']>>;
    await first.close();
    for (const memoryBytes of [2 ** 20, 0]) {
      const second = await Lanczos.restore(state, path, memoryBytes);
      while (second.steps < 10) await second.advance(operator, never);
      expect(second.state).toEqual(whole.state);
      await second.close();
    }
    await whole.close();
  });

  it('refuses a product that is not finite', async () => {
    const lanczos = await Lanczos.start(40, 1);
    const broken: SymmetricOperator = (vector) => Promise.resolve(vector.map(() => Number.NaN));
    await expect(lanczos.advance(broken, never)).rejects.toThrow('not finite');
    expect(lanczos.steps).toBe(0);
    await lanczos.close();
  });
});

describe('rademacherProbe', () => {
  it('has entries ±1/√D, half of them each, by the seed', () => {
    const probe = rademacherProbe(10_000, 7);
    const positive = probe.filter((value) => value > 0).length;
    expect(new Set(probe.map(Math.abs))).toEqual(new Set([Math.fround(0.01)]));
    // Five standard deviations.
    expect(Math.abs(positive - 5000)).toBeLessThan(250);
    expect(rademacherProbe(10_000, 7)).toEqual(probe);
    expect(rademacherProbe(10_000, 8)).not.toEqual(probe);
  });
});
