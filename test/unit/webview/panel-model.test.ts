import { beforeEach, describe, expect, test } from 'vitest';
import type { LimitEstimate } from '../../../src/report/report';
import { PanelModel, type Surroundings } from '../../../webview-ui/model/panel-model';
import { initialViewState, type ViewState } from '../../../webview-ui/model/view-state';
import { makeScenario } from '../../panel/scenarios';

/** A webview without a window: frames come when the test says so. */
class FakeSurroundings implements Surroundings {
  stored: unknown;
  saved: ViewState | undefined;
  private frames: (() => void)[] = [];
  private clock = 0;

  load(): unknown {
    return this.stored;
  }

  save(state: ViewState): void {
    this.saved = state;
  }

  nextFrame(callback: () => void): void {
    this.frames.push(callback);
  }

  now(): number {
    this.clock += 100;
    return this.clock;
  }

  frame(): void {
    for (const callback of this.frames.splice(0)) callback();
  }
}

const COMPLETE = makeScenario('complete');

describe('panel model', () => {
  let around: FakeSurroundings;
  let model: PanelModel;

  beforeEach(() => {
    around = new FakeSurroundings();
    model = new PanelModel(around);
    model.load(COMPLETE.snapshot);
  });

  const names = (): readonly string[] => model.rows.map((index) => model.tensors[index]?.name ?? '');
  const indexOf = (name: string): number => model.analysis.indexOf(name) ?? -1;

  test('begins with the weights, the first layer and the best trade-off', () => {
    expect(model.scope).toBe('weights');
    expect(model.rows).toHaveLength(21);
    expect(model.selected).toBe(0);
    expect(model.prunedFraction).toBe(0.84);
    expect(model.cut?.cosine).toBeCloseTo(model.limit('cosine-utopia-grid')?.cosineSimilarity ?? 0, 4);
  });

  test('what survives in the layers adds up to what the cut leaves', () => {
    for (const fraction of [0.2, 0.5, 0.84, 0.97]) {
      model.prune(fraction);
      const kept = model.rows.reduce(
        (sum, index) => sum + (model.survivingFraction(index) ?? 0) * (model.tensors[index]?.count ?? 0),
        0,
      );
      const { count = 0, prunedCount = 0 } = model.cut ?? {};
      expect(Math.abs(kept - (count - prunedCount)) / count).toBeLessThan(2e-3);
    }
  });

  test('nothing pruned keeps everything; tensors outside the scope are kept whole; buffers have no share', () => {
    expect(model.survivingFraction(indexOf('bn1.weight'))).toBe(1);
    expect(model.survivingFraction(indexOf('bn1.running_mean'))).toBeUndefined();
    model.prune(0);
    expect(model.rows.map((index) => model.survivingFraction(index))).toEqual(new Array(21).fill(1));
  });

  test('everything follows the scope', () => {
    model.setScope('parameters');
    expect(model.rows).toHaveLength(62);
    expect(model.prunedFraction).toBe(0.9);
    expect(model.cut?.count).toBe(model.analysis.update?.model.prunableCount);
    expect(model.survivingFraction(indexOf('bn1.weight'))).toBeGreaterThan(0.5);
  });

  test('a handle on an estimate goes to the same estimate of the other scope; one set by hand stays', () => {
    const safe = model.limit('cosine-0.99');
    if (safe !== undefined) model.pruneAt(safe);
    model.setScope('parameters');
    expect(model.prunedFraction).toBe(model.limit('cosine-0.99')?.prunedFraction);
    model.prune(0.123);
    model.setScope('weights');
    expect(model.prunedFraction).toBe(0.123);
  });

  test('pruned fractions are tenths of a percent within the axis', () => {
    model.prune(0.65432);
    expect(model.prunedFraction).toBe(0.654);
    model.prune(7);
    expect(model.prunedFraction).toBe(1);
    model.prune(-1);
    expect(model.prunedFraction).toBe(0);
  });

  test('sorts, and puts unknown values last in both directions', () => {
    model.setSort({ column: 'kurtosis', descending: true });
    expect(names()[0]).toBe('layer4.1.conv1.weight');
    model.setSort({ column: 'name', descending: true });
    expect(names()[0]).toBe('layer4.1.conv2.weight');
    model.setShown({ showOthers: true });
    for (const descending of [true, false]) {
      model.setSort({ column: 'kept', descending });
      expect(names().at(-1)).toBe('layer4.1.bn2.running_var');
    }
    model.setSort(undefined);
    expect(names()[0]).toBe('conv1.weight');
  });

  test('rows sorted by what is kept stay where they are while the handle moves', () => {
    model.setSort({ column: 'kept', descending: false });
    const before = model.rows;
    model.prune(0.3, false);
    expect(model.rows).toBe(before);
    model.prune(0.3, true);
    const kept = model.rows.map((index) => model.survivingFraction(index) ?? 0);
    expect(kept).toEqual([...kept].sort((a, b) => a - b));
  });

  test('filters by words in name, shape, type and role', () => {
    model.setFilter('conv2 512x512');
    expect(names()).toEqual(['layer4.0.conv2.weight', 'layer4.1.conv2.weight']);
    model.setFilter('512×512×3');
    expect(model.rows).toHaveLength(3);
    model.setFilter('BUFFER');
    expect(model.rows).toHaveLength(0);
    model.setShown({ showOthers: true });
    expect(model.rows).toHaveLength(40);
  });

  test('reveals a tensor that is filtered out or hidden', () => {
    model.setFilter('layer4');
    model.reveal('bn1.running_mean');
    expect(model.rows).toContain(indexOf('bn1.running_mean'));
    expect(model.selected).toBe(indexOf('bn1.running_mean'));
    model.reveal('no such tensor');
    expect(model.selected).toBe(indexOf('bn1.running_mean'));
  });

  test('stores every choice, and takes it back for the same file only', () => {
    model.select(3);
    model.prune(0.5);
    expect(around.saved).toMatchObject({ prunedFraction: 0.5, selected: model.tensors[3]?.name });
    const again = new FakeSurroundings();
    again.stored = JSON.parse(JSON.stringify(around.saved));
    const reopened = new PanelModel(again);
    reopened.load(COMPLETE.snapshot);
    expect(reopened.view).toEqual(model.view);
    const other = new PanelModel(again);
    other.load({ ...COMPLETE.snapshot, fingerprint: 'other' });
    expect(other.view).toEqual(initialViewState('other'));
  });

  test('tells of many events once a frame, of choices at once', () => {
    const streaming = makeScenario('streaming');
    model.load(streaming.snapshot);
    let told = 0;
    const stop = model.subscribe(['analysis', 'fraction'], () => {
      told++;
    });
    for (const event of streaming.later) model.apply(event);
    expect(told).toBe(0);
    around.frame();
    expect(told).toBe(1);
    model.prune(0.4);
    expect(told).toBe(2);
    stop();
    model.prune(0.5);
    expect(told).toBe(2);
  });

  test('is the same whether events came one by one or in the snapshot', () => {
    const streaming = makeScenario('streaming');
    const live = new PanelModel(new FakeSurroundings());
    live.load(streaming.snapshot);
    for (const event of streaming.later) live.apply(event);
    expect(live.limits).toEqual(model.limits);
    expect(live.rows).toEqual(model.rows);
    expect(live.analysis.readCount).toBe(model.analysis.readCount);
  });

  test('a tied tensor shows the values of its original', () => {
    model.load(makeScenario('mixed').snapshot);
    const tied = indexOf('tied.weight');
    expect(model.statistics(tied)).toEqual(model.statistics(indexOf('conv1.weight')));
  });

  test('computes the limit from optimiser state with what the reader has chosen, in both scopes', () => {
    model.load(makeScenario('optimizerState').snapshot);
    const usual = model.limits;
    const limit = (): number => model.limit('optimizer-curvature')?.prunedFraction ?? NaN;
    const before = limit();
    model.chooseCurvature({ batch: 128 });
    // the panel has the distribution of the weights in fewer cells than the engine
    expect(Math.abs(limit() - before)).toBeLessThan(5e-4);
    model.chooseCurvature({ batch: 512 });
    expect(limit()).toBeLessThan(before - 0.05);
    expect(model.limits).toHaveLength(usual.length);
    const others = ({ assumptions = [] }: Partial<LimitEstimate> = {}): string[] => {
      expect(assumptions.length).toBeGreaterThan(2);
      return assumptions.slice(2);
    };
    const told = usual.find(({ method }) => method === 'optimizer-curvature');
    // Batch size and tolerated loss come first; the others, of where the state is from, stay.
    expect(others(model.limit('optimizer-curvature'))).toEqual(others(told));
    model.chooseCurvature({ epsilon: NaN });
    expect(model.curvatureChoice).toEqual({ batch: 512, epsilon: 0.005 });
    model.setScope('parameters');
    expect(limit()).toBeLessThan(before - 0.05);
    expect(around.saved?.curvature).toEqual({ batch: 512, epsilon: 0.005 });
    model.setScope('weights');
    model.chooseCurvature(undefined);
    expect(model.limits).toEqual(usual);
  });

  test('without weights it shows what there is, and has no cut', () => {
    model.load(makeScenario('buffersOnly').snapshot);
    expect(model.scope).toBe('parameters');
    expect(model.rows).toHaveLength(40);
    expect(model.cut).toBeUndefined();
  });
});
