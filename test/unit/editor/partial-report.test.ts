import { describe, expect, it } from 'vitest';
import { partialReport } from '../../../src/editor/analysis/partial-report';
import { analysis, fixture, workerPool } from '../engine/analysis';

describe('partialReport', () => {
  const pool = workerPool(1);

  it('has what was told until then, in the order of the file, marked partial', async () => {
    const { report, events } = await analysis(pool, fixture('safetensors/fmnist.safetensors'));
    const whole = partialReport(events, 0.5);
    const withoutSurvivors = report.tensors.map((tensor) => ({ ...tensor, survivingFraction: null }));
    expect(whole).toEqual({ ...report, complete: false, seconds: 0.5, tensors: withoutSurvivors });
    expect(partialReport(events.slice(0, 1), 0.5)).toBeUndefined();
  });
});
