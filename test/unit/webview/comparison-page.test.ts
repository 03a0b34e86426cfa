import { beforeEach, describe, expect, test } from 'vitest';
import { comparedDistribution } from '../../../webview-ui/comparison/compared-distribution';
import { ComparisonModel } from '../../../webview-ui/comparison/comparison-model';
import { ComparisonPage, type PageSurroundings } from '../../../webview-ui/comparison/comparison-page';
import { restoreComparisonView } from '../../../webview-ui/comparison/comparison-view-state';
import { RunModel, shade } from '../../../webview-ui/comparison/run-model';
import { restoreRunView } from '../../../webview-ui/comparison/run-view-state';
import { stepCharts, stepGaps } from '../../../webview-ui/comparison/step-series';
import { makeComparison } from '../../panel/comparison-scenarios';

/** A webview without a window: frames come when the test says so. */
class FakeSurroundings implements PageSurroundings {
  stored: unknown;
  private frames: (() => void)[] = [];

  load(): unknown {
    return this.stored;
  }

  save(state: object): void {
    this.stored = JSON.parse(JSON.stringify(state));
  }

  nextFrame(callback: () => void): void {
    this.frames.push(callback);
  }

  now(): number {
    return 0;
  }

  frame(): void {
    for (const callback of this.frames.splice(0)) callback();
  }
}

function comparison(page: ComparisonPage): ComparisonModel {
  if (page.subject?.kind !== 'comparison') throw new Error('A comparison is shown');
  return page.subject;
}

describe('the page of a comparison', () => {
  let around: FakeSurroundings;
  let page: ComparisonPage;
  beforeEach(() => {
    around = new FakeSurroundings();
    page = new ComparisonPage(around);
  });

  test('fills as layers arrive, and hears of the report', () => {
    const { snapshot, later, end } = makeComparison('streaming');
    let heard = 0;
    page.subscribe(() => heard++);
    page.load(snapshot);
    expect(comparison(page).tensors).toHaveLength(0);
    for (const event of later) page.apply(event);
    expect(heard).toBe(1);
    around.frame();
    expect(heard).toBe(2);
    expect(comparison(page).tensors).toHaveLength(32);
    expect(comparison(page).progress.fraction).toBe(1);
    expect(comparison(page).report).toBeUndefined();
    if (end === undefined) throw new Error('It ends');
    page.setStatus(end.status, end.report);
    expect(comparison(page).report).toBe(end.report);
    expect(comparison(page).layer(0)?.cellsAfter?.count.length).toBeGreaterThan(10);
  });

  test('keeps the reader’s choices for the same files only', () => {
    page.load(makeComparison('tuned').snapshot);
    page.choose(() => {
      comparison(page).choose({
        selected: 'fc1.weight',
        filter: 'fc',
        shown: 'changed',
        order: { column: 'cosine', descending: false },
        logarithmic: true,
        scrollTop: 48,
      });
    });
    const again = new ComparisonPage(around);
    again.load(makeComparison('tuned').snapshot);
    expect(again.subject?.view).toEqual(page.subject?.view);
    expect(again.subject?.view.subject).toBe('opaque-tuned');
    expect(comparison(again).tensors[comparison(again).selected ?? -1]?.name).toBe('fc1.weight');
    again.load(makeComparison('pruned').snapshot);
    expect(again.subject?.view).toEqual(
      restoreComparisonView(undefined, { subject: 'opaque-pruned', fingerprint: 'pruned-1' }),
    );
  });

  test('keeps them when the two files change sides', () => {
    const { snapshot } = makeComparison('tuned');
    if (snapshot.kind !== 'comparison') throw new Error('It is a comparison');
    page.load(snapshot);
    page.choose(() => {
      comparison(page).choose({ selected: 'fc1.weight', filter: 'fc' });
    });
    const { before, after } = snapshot;
    page.load({ ...snapshot, subject: 'opaque-swapped', fingerprint: 'swapped-1', before: after, after: before });
    expect(page.subject?.view).toMatchObject({ subject: 'opaque-swapped', selected: 'fc1.weight', filter: 'fc' });
    page.load({ ...snapshot, subject: 'opaque-swapped', fingerprint: 'swapped-2', before: after, after: before });
    expect(page.subject?.view).toMatchObject({ filter: '' });
  });

  test('takes no event of the other kind', () => {
    page.load(makeComparison('run').snapshot);
    const layers = makeComparison('tuned').snapshot.events;
    for (const event of layers) page.apply(event);
    expect(page.subject?.kind === 'run' ? page.subject.steps.length : 0).toBe(12);
  });
});

describe('stored states', () => {
  test('lose what makes no sense, field by field', () => {
    const about = { subject: 's', fingerprint: 'f' };
    const damaged = {
      version: 1,
      kind: 'comparison',
      fingerprint: 'f',
      selected: 3,
      order: { column: '__proto__' },
      filter: 'x',
      shown: 'everything',
      scrollTop: -1,
    };
    expect(restoreComparisonView(damaged, about)).toEqual({ ...restoreComparisonView(null, about), filter: 'x' });
    expect(restoreComparisonView({ ...damaged, kind: 'run' }, about)).toEqual(restoreComparisonView('', about));
    const run = { version: 1, kind: 'run', fingerprint: 'f', metric: 'loss', chosen: ['a', 2, 'b', 'c'], filter: 7 };
    expect(restoreRunView(run, about)).toEqual({ ...restoreRunView(null, about), chosen: ['a', 'b'] });
  });
});

describe('distributions of both sides', () => {
  test('shares, zeros and what is beyond add up to all values', () => {
    for (const scenario of ['tuned', 'pruned', 'changedHead']) {
      page: for (const name of ['conv1.weight', 'fc2.weight']) {
        const { snapshot } = makeComparison(scenario);
        if (snapshot.kind !== 'comparison') break page;
        const model = new ComparisonModel(snapshot, undefined, () => 0);
        const layer = model.layer(model.tensors.findIndex((tensor) => tensor.name === name));
        const drawn = layer === undefined ? undefined : comparedDistribution(layer);
        if (drawn === undefined) throw new Error('There is a distribution');
        for (const [at, side] of (['before', 'after'] as const).entries()) {
          const inside = drawn.bins.reduce((sum, bin) => sum + bin[side], 0);
          expect(inside + (drawn.zeros[at] ?? 0) + (drawn.outside[at] ?? 0)).toBeCloseTo(1, 9);
        }
      }
    }
  });

  test('none where no side has any spread', () => {
    const { snapshot } = makeComparison('changedHead');
    if (snapshot.kind !== 'comparison') throw new Error('It is a comparison');
    const model = new ComparisonModel(snapshot, undefined, () => 0);
    const layer = model.layer(model.tensors.findIndex(({ name }) => name === 'adapter.up.weight'));
    expect(layer === undefined ? 'missing' : comparedDistribution(layer)).toBeUndefined();
  });
});

describe('a run', () => {
  const { snapshot } = makeComparison('run');
  if (snapshot.kind !== 'run') throw new Error('It is a run');
  const model = new RunModel(snapshot, undefined, () => 0);

  test('has a row a layer, with a hole where a step could not be read', () => {
    expect(model.rows).toHaveLength(6);
    expect(model.rows[0]?.layers.map((layer) => layer !== null)).toEqual(
      Array.from({ length: 12 }, (_, at) => at !== 7),
    );
    model.choose({ filter: 'classifier' });
    expect(model.rows).toHaveLength(2);
    model.choose({ filter: '' });
  });

  test('compares two chosen steps in their order; a third takes the first one’s place', () => {
    const paths = model.steps.map(({ file }) => file.path);
    for (const at of [4, 2]) model.toggleChosen(paths[at] ?? '');
    expect(model.chosenPair?.map(({ step }) => step)).toEqual([3, 5]);
    model.toggleChosen(paths[9] ?? '');
    expect(model.chosenPair?.map(({ step }) => step)).toEqual([3, 10]);
    model.toggleChosen(paths[9] ?? '');
    expect(model.chosenPair).toBeUndefined();
  });

  test('charts break where a step is missing, and say why', () => {
    const charts = stepCharts(model.steps);
    expect(charts.map(({ id }) => id)).toEqual(['limit', 'kurtosis', 'zeros', 'cosine']);
    for (const { points, lowest, highest } of charts) {
      expect(points.find(({ step }) => step === 8)?.value).toBeNull();
      for (const { value } of points) {
        if (value === null) continue;
        expect(value).toBeGreaterThanOrEqual(lowest);
        expect(value).toBeLessThanOrEqual(highest);
      }
    }
    expect(stepGaps(model.steps).map(({ tip }) => tip)).toEqual([
      ['step: 8', 'not readable: The archive was cut off: its directory is missing.'],
    ]);
  });

  test('shades go from the smallest to the largest value', () => {
    expect(shade(2, { low: 2, high: 8 }, true)).toBe(0);
    expect(shade(4, { low: 2, high: 8 }, true)).toBeCloseTo(0.5);
    expect(shade(8, { low: 2, high: 8 }, false)).toBe(1);
    expect(shade(5, { low: 2, high: 8 }, false)).toBeCloseTo(0.5);
    expect(shade(3, { low: 3, high: 3 }, false)).toBe(0.5);
  });
});
