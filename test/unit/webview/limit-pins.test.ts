import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LimitEstimate, LimitMethod } from '../../../src/report/report';
import { limitPins, placeLabels } from '../../../webview-ui/model/limit-pins';

function estimate(method: LimitMethod, prunedFraction: number): LimitEstimate {
  return {
    method,
    scope: 'weights',
    prunedFraction,
    prunedCount: 0,
    inputs: 'weights',
    assumptions: [],
    verdict: '',
    reference: '',
  };
}

describe('pins of the ruler', () => {
  test('the two forms of the best trade-off are one pin, wherever they are', () => {
    const pins = limitPins([estimate('cosine-utopia', 0.8), estimate('cosine-utopia-grid', 0.84)]);
    expect(pins.map(({ label, prunedFraction }) => [label, prunedFraction])).toEqual([['best trade-off', 0.84]]);
    expect(pins[0]?.estimates.map(({ method }) => method)).toEqual(['cosine-utopia-grid', 'cosine-utopia']);
  });

  test('estimates that agree share a pin, named by the more important one', () => {
    const pins = limitPins([
      estimate('cosine-0.99', 0.43),
      estimate('cosine-safe', 0.84),
      estimate('cosine-utopia-grid', 0.84),
      estimate('cosine-utopia-layerwise', 0.83),
    ]);
    expect(pins.map(({ label }) => label)).toEqual([
      'cosine 0.99, no fine-tuning',
      'layer by layer',
      'best trade-off = safe prune',
    ]);
    expect(pins[2]?.kind).toBe('utopia');
  });
});

describe('label placement', () => {
  const at = (position: number, width = 20, weight = 1): { at: number; width: number; weight: number } => ({
    at: position,
    width,
    weight,
  });

  test('leaves labels that do not touch where they want to be', () => {
    expect(placeLabels([at(20), at(60), at(100)], 0, 200, 4)).toEqual([20, 60, 100]);
  });

  test('moves two that touch apart, the heavier one less', () => {
    expect(placeLabels([at(50), at(50)], 0, 200, 4)).toEqual([38, 62]);
    const [light, heavy] = placeLabels([at(50), at(50, 20, 3)], 0, 200, 4) ?? [];
    expect([light, heavy]).toEqual([32, 56]);
  });

  test('gives up when there is no room', () => {
    expect(placeLabels([at(0, 60), at(0, 60)], 0, 100, 4)).toBeUndefined();
    expect(placeLabels([], 0, 100, 4)).toEqual([]);
  });

  test('never overlaps, never leaves the line, never changes the order', () => {
    const wishes = fc
      .array(
        fc.record({
          at: fc.integer({ min: 0, max: 1000 }),
          width: fc.integer({ min: 1, max: 120 }),
          weight: fc.constantFrom(1, 3),
        }),
        {
          minLength: 1,
          maxLength: 8,
        },
      )
      .map((list) => list.sort((a, b) => a.at - b.at));
    fc.assert(
      fc.property(wishes, (list) => {
        const placed = placeLabels(list, 0, 1000, 6);
        const needed = list.reduce((sum, { width }) => sum + width, 6 * (list.length - 1));
        expect(placed === undefined).toBe(needed > 1000);
        placed?.forEach((centre, i) => {
          const half = (list[i]?.width ?? 0) / 2;
          expect(centre - half).toBeGreaterThanOrEqual(-1e-6);
          expect(centre + half).toBeLessThanOrEqual(1000 + 1e-6);
          const next = placed[i + 1];
          if (next !== undefined)
            expect(next - (list[i + 1]?.width ?? 0) / 2 - centre - half).toBeGreaterThan(6 - 1e-6);
        });
      }),
      { seed: 11, numRuns: 300 },
    );
  });
});
