import type { RunEvent, RunSnapshot } from '../../src/protocol/comparison';
import type { RunLayer, RunReport, RunStep } from '../../src/report/comparison';
import { ProgressMeter, type Progress } from '../model/progress-meter';
import { runMetric, type RunMetricInfo } from './run-metrics';
import { restoreRunView, type RunViewState } from './run-view-state';

/** One layer over the steps of a run, in their order; null where a step has no such layer or no value. */
export interface RunRow {
  readonly name: string;
  readonly layers: readonly (RunLayer | null)[];
}

/** Smallest and largest value of a metric in the map. */
export interface MetricRange {
  readonly low: number;
  readonly high: number;
}

/** A training run, as far as the host has told of it, and what the reader has chosen to see. */
export class RunModel {
  readonly kind = 'run';
  readonly folder: string;
  readonly name: string;
  view: RunViewState;
  report: RunReport | undefined;

  private arrived: readonly RunStep[] = [];
  /** Of fractions: the expected bytes change as headers are read. */
  private readonly meter = new ProgressMeter(1);
  private rowsCache: readonly RunRow[] | undefined;

  constructor(
    snapshot: RunSnapshot,
    stored: unknown,
    private readonly now: () => number,
  ) {
    this.folder = snapshot.folder;
    this.name = snapshot.name;
    this.view = restoreRunView(stored, snapshot);
    for (const event of snapshot.events) this.apply(event);
    if (snapshot.report !== null) this.complete(snapshot.report);
  }

  apply(event: RunEvent): void {
    if (event.type === 'progress') {
      this.meter.observe(event.totalBytes === 0 ? 0 : event.bytesDone / event.totalBytes, this.now());
      return;
    }
    this.arrived = [...this.arrived.filter(({ file }) => file.path !== event.step.file.path), event.step].sort(
      (a, b) => a.step - b.step,
    );
    this.rowsCache = undefined;
  }

  complete(report: RunReport): void {
    this.report = report;
    this.rowsCache = undefined;
  }

  get steps(): readonly RunStep[] {
    return this.report?.steps ?? this.arrived;
  }

  get progress(): Progress {
    return this.meter.progress();
  }

  /** Any of the checkpoints could be read. */
  get isReadable(): boolean {
    return this.steps.some(({ unreadable }) => unreadable === undefined);
  }

  get metric(): RunMetricInfo {
    return runMetric(this.view.metric);
  }

  /** The layers of all steps, in the order in which they first appear, that the filter lets through. */
  get rows(): readonly RunRow[] {
    this.rowsCache ??= layerRows(this.steps, this.view.filter);
    return this.rowsCache;
  }

  /** Undefined if no layer has a value. */
  get range(): MetricRange | undefined {
    const { of } = this.metric;
    let [low, high] = [Infinity, -Infinity];
    for (const { layers } of this.steps) {
      for (const layer of layers) {
        const value = of(layer);
        if (value === null) continue;
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
    return low > high ? undefined : { low, high };
  }

  choose(part: Partial<RunViewState>): void {
    this.view = { ...this.view, ...part };
    if ('filter' in part) this.rowsCache = undefined;
  }

  /** Chooses a checkpoint for comparison or takes it back; of three, the first chosen goes. */
  toggleChosen(path: string): void {
    const { chosen } = this.view;
    this.choose({
      chosen: chosen.includes(path) ? chosen.filter((other) => other !== path) : [...chosen, path].slice(-2),
    });
  }

  /** The two chosen checkpoints in the order of their steps; undefined unless there are two. */
  get chosenPair(): readonly [before: RunStep, after: RunStep] | undefined {
    const [before, after] = this.steps.filter(({ file }) => this.view.chosen.includes(file.path));
    return before === undefined || after === undefined ? undefined : [before, after];
  }
}

function layerRows(steps: readonly RunStep[], filter: string): readonly RunRow[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const rows = new Map<string, (RunLayer | null)[]>();
  steps.forEach(({ layers }, at) => {
    for (const layer of layers) {
      let row = rows.get(layer.name);
      if (row === undefined) {
        const lower = layer.name.toLowerCase();
        if (!words.every((word) => lower.includes(word))) continue;
        row = new Array<RunLayer | null>(steps.length).fill(null);
        rows.set(layer.name, row);
      }
      row[at] = layer;
    }
  });
  return Array.from(rows, ([name, layers]) => ({ name, layers }));
}

/** Where a value stands between the smallest and the largest, in [0, 1]: the strength of its shade. */
export function shade(value: number, { low, high }: MetricRange, logarithmic: boolean): number {
  if (high === low) return 0.5;
  if (logarithmic && low > 0) return Math.log(value / low) / Math.log(high / low);
  return (value - low) / (high - low);
}
