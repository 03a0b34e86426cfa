import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { LimitEstimate, LimitScope, ModelReport } from '../../../src/report/report';
import { analysis, fixture, workerPool } from './analysis';

const pool = workerPool(1);

/** Computed by make_adam.py in float64 over every single value. */
const REFERENCE = JSON.parse(readFileSync(fixture('pytorch/digits_adam.json'), 'utf8')) as {
  readonly weights: number;
  readonly step: number;
  readonly epsilons: readonly number[];
  readonly byMoments: Readonly<Record<LimitScope, readonly number[]>> & {
    readonly weightsAtHalfTheBatch: number;
    readonly weightsAtTwiceTheBatch: number;
  };
};

function estimates({ limits }: ModelReport): LimitEstimate[] {
  return limits.filter(({ method }) => method === 'optimizer-curvature');
}

function reference(scope: LimitScope, epsilon: number): number {
  return REFERENCE.byMoments[scope][REFERENCE.epsilons.indexOf(epsilon)] ?? NaN;
}

describe('the limit from optimiser state', () => {
  it.each(['weights', 'parameters'] as const)('is that of float64 over single values: %s', async (scope) => {
    const { report } = await analysis(pool, fixture('pytorch/digits_adam.pt'));
    const estimate = estimates(report).find((each) => each.scope === scope);
    expect(estimate?.inputs).toBe('optimizer');
    expect(Math.abs((estimate?.prunedFraction ?? 0) - reference(scope, 0.005))).toBeLessThan(1e-5);
    expect(Math.abs((estimate?.interval?.[0] ?? 0) - reference(scope, 0.001))).toBeLessThan(1e-5);
    expect(Math.abs((estimate?.interval?.[1] ?? 0) - reference(scope, 0.02))).toBeLessThan(1e-5);
  });

  it('says what other batch sizes would give', async () => {
    const { report } = await analysis(pool, fixture('pytorch/digits_adam.pt'));
    const [batch] = estimates(report).find(({ scope }) => scope === 'weights')?.assumptions ?? [];
    const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)} %`;
    expect(batch).toContain(`With 64 it would be ${percent(REFERENCE.byMoments.weightsAtHalfTheBatch)}`);
    expect(batch).toContain(`with 256 ${percent(REFERENCE.byMoments.weightsAtTwiceTheBatch)}`);
  });

  it('is sent with the moments, so that a reader may choose others', async () => {
    const { events, report } = await analysis(pool, fixture('pytorch/digits_adam.pt'));
    const last = events.at(-1);
    const moments = last?.type === 'model' ? last.update.moments : undefined;
    expect(moments?.count.reduce((sum, count) => sum + count, 0)).toBe(4546);
    expect(moments?.steps).toBe(REFERENCE.step);
    expect(moments?.mean.length).toBeLessThan(400);
    expect(report.warnings.map(({ code }) => code)).not.toContain('optimizer-state-not-used');
  });

  it.each(['adam.pt', 'lightning.ckpt', 'two_optimizers.pt'])('is found wherever scripts keep it: %s', async (file) => {
    const { report } = await analysis(pool, fixture(`pytorch/${file}`));
    expect(estimates(report).map(({ scope }) => scope)).toEqual(['parameters', 'weights']);
  });

  it.each(['stage1', 'stage3', 'groups3'])('is found in what ZeRO has cut up: %s', async (folder) => {
    const { report } = await analysis(pool, fixture(`pytorch/zero/${folder}`));
    expect(estimates(report).map(({ scope }) => scope)).toEqual(['parameters', 'weights']);
  });

  it('is none of a network that was frozen in part, and it is said of what it lacks', async () => {
    const { report } = await analysis(pool, fixture('pytorch/zero/frozen3'));
    expect(estimates(report)).toEqual([]);
    const [warning] = report.warnings.filter(({ code }) => code === 'optimizer-state-not-used');
    expect(warning?.tensors).toEqual(['hidden.weight', 'hidden.bias']);
  });

  it.each(['fmnist_epoch1.pt', 'ema.pt'])('is none without such state: %s', async (file) => {
    const { report } = await analysis(pool, fixture(`pytorch/${file}`));
    expect(estimates(report)).toEqual([]);
    expect(report.warnings.map(({ code }) => code)).not.toContain('optimizer-state-not-used');
  });
});
