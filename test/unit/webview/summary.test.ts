import { describe, expect, test } from 'vitest';
import { plainSentence } from '../../../webview-ui/comparison/emphasis';
import { histogramPath, rulerLabels } from '../../../webview-ui/summary/summary-pictures';
import { ageText, dtypeMix, shortAnswer } from '../../../webview-ui/summary/summary-text';
import type { AnalysisSummary, ModelDescription } from '../../../src/protocol/description';
import type { SummaryState } from '../../../src/protocol/summary';
import { makeSummary } from '../../panel/summary-scenarios';

const made = new Map<string, SummaryState>();

/** Drawing a network's weights takes a while: once a scenario. */
function described(scenario: string): ModelDescription {
  const state = made.get(scenario) ?? makeSummary(scenario);
  made.set(scenario, state);
  if (state.state === 'none' || state.description?.state !== 'readable') throw new Error(`${scenario} is not readable`);
  return state.description;
}

function summary(scenario: string): AnalysisSummary {
  const { analysis } = described(scenario);
  if (analysis === null) throw new Error(`${scenario} is not analyzed`);
  return analysis;
}

const said = (analysis: AnalysisSummary): string =>
  plainSentence(shortAnswer(analysis).sentence).replaceAll('\u202f', ' ');

describe('the short answer', () => {
  test('both limits', () => {
    expect(said(summary('analyzed'))).toBe('About 84 % can go if fine-tuned, 43 % if not.');
    expect(said({ ...summary('analyzed'), limitWithoutTuning: null })).toBe('About 84 % can go if fine-tuned.');
  });

  test('a reason not to believe the figures', () => {
    expect(shortAnswer(summary('untrained'))).toMatchObject({ tone: 'caution' });
    expect(said(summary('untrained'))).toMatch(/^At initialisation/);
    expect(shortAnswer({ ...summary('analyzed'), limit: null }).tone).toBe('caution');
  });
});

describe('facts', () => {
  test('types by their share', () => {
    expect(dtypeMix(described('analyzed'))).toBe('float32');
    expect(dtypeMix(described('mixedTypes')).replaceAll('\u202f', ' ')).toBe(
      'bfloat16 97 %, float32 1 %, float8_e4m3 1 % and other types',
    );
    const counters = [
      { dtype: 'float32', count: 20_553 },
      { dtype: 'int64', count: 2 },
    ];
    expect(dtypeMix({ ...described('analyzed'), dtypes: counters, count: 20_555 })).toBe('float32');
    expect(dtypeMix({ ...described('analyzed'), dtypes: [], count: 0 })).toBe('');
  });

  test('age in the page’s language; clocks that disagree give now', () => {
    const now = 1e12;
    expect(ageText(now - 3 * 3_600_000, now, 'en')).toBe('3 hours ago');
    expect(ageText(now - 86_400_000, now, 'de')).toBe('gestern');
    expect(ageText(now - 400 * 86_400_000, now, 'en')).toBe('last year');
    expect(ageText(now - 20_000, now, 'en')).toBe('now');
    expect(ageText(now + 20_000, now, 'en')).toBe('now');
  });
});

describe('pictures', () => {
  test('the highest bin reaches the top; one that towers above all is cut', () => {
    const path = histogramPath({ low: -1, high: 1, fractions: [0.25, 0.5, 0.25] }, 30, 10);
    expect(path).toBe('M0 10V5.0H10.0V0.0H20.0V5.0H30.0V10Z');
    const cut = histogramPath({ low: -1, high: 1, fractions: [0.1, 0.8, 0.1] }, 30, 10);
    expect(cut).toBe('M0 10V5.0H10.0V0.0H20.0V5.0H30.0V10Z');
    expect(histogramPath({ low: -1, high: 1, fractions: [0, 0] }, 30, 10)).toBe('');
  });

  test('labels of the ruler do not overlap and do not leave it', () => {
    const width = 260;
    for (let low = 0; low <= width; low += 4) {
      for (let high = low; high <= width; high += 4) {
        const [a, b] = rulerLabels(low, high, width);
        expect(a - 18).toBeGreaterThanOrEqual(0);
        expect(b + 18).toBeLessThanOrEqual(width);
        expect(b - a).toBeGreaterThan(36);
        if (low >= 18 && high <= width - 18 && high - low >= 44) expect([a, b]).toEqual([low, high]);
      }
    }
  });
});
