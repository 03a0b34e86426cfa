import { describe, expect, test } from 'vitest';
import { initialViewState, restoreViewState, type ViewState } from '../../../webview-ui/model/view-state';

const CHOSEN: ViewState = {
  ...initialViewState('abc'),
  selected: 'conv1.weight',
  sort: { column: 'kurtosis', descending: true },
  filter: 'conv',
  prunedFraction: 0.5,
  scope: 'parameters',
  logarithmic: true,
  scrollTop: 240,
  showVectors: true,
  detail: 'model',
  curvature: { batch: 32, epsilon: 0.01 },
};

describe('stored view state', () => {
  test('comes back for the same file', () => {
    expect(restoreViewState(JSON.parse(JSON.stringify(CHOSEN)), 'abc')).toEqual(CHOSEN);
  });

  test('is forgotten for another one, or another layout', () => {
    const initial = initialViewState('xyz');
    expect(restoreViewState(CHOSEN, 'xyz')).toEqual(initial);
    expect(restoreViewState({ ...CHOSEN, version: 2 }, 'abc')).toEqual(initialViewState('abc'));
    expect(restoreViewState(undefined, 'xyz')).toEqual(initial);
    expect(restoreViewState('nonsense', 'xyz')).toEqual(initial);
  });

  test('loses what makes no sense, field by field', () => {
    const damaged = {
      ...CHOSEN,
      selected: 3,
      sort: { column: '__proto__', descending: true },
      prunedFraction: 1.5,
      scope: 'everything',
      scrollTop: -1,
      detail: 'other',
      curvature: { batch: -1, epsilon: 0.01 },
    };
    expect(restoreViewState(damaged, 'abc')).toEqual({
      ...initialViewState('abc'),
      filter: 'conv',
      logarithmic: true,
      showVectors: true,
    });
  });
});
