import { describe, expect, test } from 'vitest';
import { initialViewState, restoreViewState, type ViewState } from '../../../webview-ui/model/view-state';

const CHOSEN: ViewState = {
  ...initialViewState('/m.pt', 'abc'),
  selected: 'conv1.weight',
  sort: { column: 'kurtosis', descending: true },
  filter: 'conv',
  prunedFraction: 0.5,
  scope: 'parameters',
  logarithmic: true,
  scrollTop: 240,
  showVectors: true,
  detail: 'model',
};

describe('stored view state', () => {
  test('comes back for the same file', () => {
    expect(restoreViewState(JSON.parse(JSON.stringify(CHOSEN)), '/m.pt', 'abc')).toEqual(CHOSEN);
  });

  test('is forgotten for another one, or another layout', () => {
    const initial = initialViewState('/m.pt', 'xyz');
    expect(restoreViewState(CHOSEN, '/m.pt', 'xyz')).toEqual(initial);
    expect(restoreViewState({ ...CHOSEN, version: 2 }, '/m.pt', 'abc')).toEqual(initialViewState('/m.pt', 'abc'));
    expect(restoreViewState(undefined, '/m.pt', 'xyz')).toEqual(initial);
    expect(restoreViewState('nonsense', '/m.pt', 'xyz')).toEqual(initial);
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
    };
    expect(restoreViewState(damaged, '/m.pt', 'abc')).toEqual({
      ...initialViewState('/m.pt', 'abc'),
      filter: 'conv',
      logarithmic: true,
      showVectors: true,
    });
  });
});
