import { describe, expect, it } from 'vitest';
import { CancelledError, ComputationError } from '../../../src/formats/errors';
import { joinedObjective } from '../../../src/measurement/joined-objective';
import type { Objective } from '../../../src/measurement/objective';
import { MlpObjective } from './mlp-objective';

const SIZES = [5, 7, 3];
const COUNT = 41;
const inputs = Float64Array.from({ length: COUNT * 5 }, (_, index) => Math.sin(index * 1.3));
const labels = Int32Array.from({ length: COUNT }, (_, index) => (index * 7) % 3);
const { signal } = new AbortController();

function between(first: number, end: number): MlpObjective {
  const data = { inputs: inputs.slice(first * 5, end * 5), labels: labels.slice(first, end) };
  return new MlpObjective(SIZES, 'tanh', data);
}

const whole = between(0, COUNT);
const shares = [between(0, 10), between(10, 33), between(33, COUNT)];
const weights = Float32Array.from({ length: whole.size }, (_, index) => 0.4 * Math.cos(index * 0.7));
const direction = weights.map((_, index) => Math.sin(index));

/** Greatest difference over the greatest number. */
function difference(found: Float32Array, expected: Float32Array): number {
  expect(found).toHaveLength(expected.length);
  const greatest = (values: Float32Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return greatest(found.map((value, index) => value - expected[index]!)) / greatest(expected);
}

function changed(share: Objective, changes: Partial<Objective>): Objective {
  return Object.assign(Object.create(share) as Objective, changes);
}

function never(stopped: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    stopped.addEventListener('abort', () => {
      reject(new CancelledError());
    });
  });
}

describe('an objective joined from shares of unequal size', () => {
  const joined = joinedObjective(shares);

  it('gives what all samples give', async () => {
    expect(joined).toMatchObject({ size: whole.size, samples: COUNT });
    const [found, expected] = [await joined.evaluate(weights, signal), await whole.evaluate(weights, signal)];
    expect(found.losses).toEqual(expected.losses);
    expect(found.loss).toBeCloseTo(expected.loss, 6);
    expect(found.accuracy).toBe(expected.accuracy);
    const slope = await joined.gradient(weights, signal);
    const wholeSlope = await whole.gradient(weights, signal);
    expect(slope.loss).toBeCloseTo(wholeSlope.loss, 12);
    expect(difference(slope.gradient, wholeSlope.gradient)).toBeLessThan(1e-6);
    const products = [joined, whole].map((objective) => objective.hessianTimes(weights, direction, signal));
    expect(difference(...((await Promise.all(products)) as [Float32Array, Float32Array]))).toBeLessThan(1e-6);
    const squares = [joined, whole].map((objective) => objective.squaredGradients(weights, signal));
    expect(difference(...((await Promise.all(squares)) as [Float32Array, Float32Array]))).toBeLessThan(1e-6);
    const norms = await joined.inputNorms(weights, signal);
    const wholeNorms = await whole.inputNorms(weights, signal);
    expect(norms).toHaveLength(wholeNorms.length);
    norms.forEach((found, index) => {
      const expectedHere = wholeNorms[index];
      if (expectedHere === undefined) expect(found).toBeUndefined();
      else expect(difference(found!, expectedHere)).toBeLessThan(1e-6);
    });
  });

  it('gives the same whichever share is done first', async () => {
    const delayed = (share: Objective, turns: number): Objective =>
      changed(share, {
        gradient: async (...given) => {
          for (let turn = 0; turn < turns; turn++) await Promise.resolve();
          return share.gradient(...given);
        },
      });
    const expected = await joined.gradient(weights, signal);
    for (const turns of [
      [9, 0, 4],
      [0, 5, 9],
    ]) {
      const late = joinedObjective(shares.map((share, index) => delayed(share, turns[index]!)));
      expect(await late.gradient(weights, signal)).toEqual(expected);
    }
  });

  it('has no accuracy where a share has none', async () => {
    const without = changed(shares[0]!, {
      evaluate: async (...given) => ({ ...(await shares[0]!.evaluate(...given)), accuracy: undefined }),
    });
    expect((await joinedObjective([without, shares[1]!]).evaluate(weights, signal)).accuracy).toBeUndefined();
  });

  it('stops all where one fails, and tells its error', async () => {
    const fails = changed(shares[0]!, {
      gradient: () => Promise.reject(new ComputationError('not finite')),
    });
    const waits = changed(shares[1]!, {
      gradient: (_, stopped) => never(stopped),
    });
    for (const order of [
      [fails, waits],
      [waits, fails],
    ]) {
      await expect(joinedObjective(order).gradient(weights, signal)).rejects.toThrow(
        new ComputationError('not finite'),
      );
    }
  });

  it('is cancelled', async () => {
    const waits = changed(shares[1]!, {
      gradient: (_, stopped) => never(stopped),
    });
    const controller = new AbortController();
    const result = joinedObjective([waits, waits]).gradient(weights, controller.signal);
    controller.abort();
    await expect(result).rejects.toThrow(CancelledError);
  });

  it('has shares, of one network', () => {
    expect(() => joinedObjective([])).toThrow(RangeError);
    const other = new MlpObjective([5, 3], 'tanh', { inputs: inputs.slice(0, 5), labels: labels.slice(0, 1) });
    expect(() => joinedObjective([whole, other])).toThrow(RangeError);
  });
});
