import type { ComparedLayer, ComparisonEvent, ComparisonSnapshot } from '../../src/protocol/comparison';
import type {
  ComparedModel,
  ComparisonReport,
  PairStatistics,
  PruningComparison,
  TensorComparison,
} from '../../src/report/comparison';
import type { ReportWarning } from '../../src/report/report';
import { ProgressMeter, type Progress } from '../model/progress-meter';
import { definedColumns, type ComparisonColumnId } from './comparison-columns';
import { comparedRows } from './comparison-rows';
import { restoreComparisonView, type ComparisonViewState } from './comparison-view-state';
import { pairTotals } from './pair-totals';

/** Two checkpoints, as far as the host has told of them, and what the reader has chosen to see. */
export class ComparisonModel {
  readonly kind = 'comparison';
  readonly paths: readonly [before: string, after: string];
  readonly labels: readonly [before: string, after: string];
  view: ComparisonViewState;
  before: ComparedModel | undefined;
  after: ComparedModel | undefined;
  report: ComparisonReport | undefined;

  private arrived: TensorComparison[] = [];
  private readonly layers = new Map<string, ComparedLayer>();
  /** Of fractions: the expected bytes change as headers are read. */
  private readonly meter = new ProgressMeter(1);
  private rowsCache: readonly number[] | undefined;
  private totals: PairStatistics | null | undefined;
  private columns: ReadonlySet<ComparisonColumnId> | undefined;
  private nameLength: number | undefined;

  /** @param stored the view state of an earlier page, whatever it is */
  constructor(
    snapshot: ComparisonSnapshot,
    stored: unknown,
    private readonly now: () => number,
  ) {
    this.paths = [snapshot.before, snapshot.after];
    this.labels = snapshot.labels;
    this.view = restoreComparisonView(stored, snapshot);
    for (const event of snapshot.events) this.apply(event);
    if (snapshot.report !== null) this.complete(snapshot.report);
  }

  apply(event: ComparisonEvent): void {
    switch (event.type) {
      case 'progress':
        this.meter.observe(event.totalBytes === 0 ? 0 : event.bytesDone / event.totalBytes, this.now());
        return;
      case 'models':
        this.before = event.before;
        this.after = event.after;
        return;
      case 'layers':
        for (const layer of event.layers) {
          if (!this.layers.has(layer.comparison.name)) this.arrived.push(layer.comparison);
          this.layers.set(layer.comparison.name, layer);
        }
        this.forgetDerived();
    }
  }

  complete(report: ComparisonReport): void {
    this.report = report;
    this.before = report.before;
    this.after = report.after;
    this.forgetDerived();
  }

  get tensors(): readonly TensorComparison[] {
    return this.report?.tensors ?? this.arrived;
  }

  get progress(): Progress {
    return this.meter.progress();
  }

  /** The whole model's statistics; of the tensors compared so far until the report is there. */
  get pair(): PairStatistics | null {
    if (this.report !== undefined) return this.report.pair;
    if (this.totals === undefined) this.totals = pairTotals(this.arrived);
    return this.totals;
  }

  get pruning(): PruningComparison | null {
    return this.report?.pruning ?? null;
  }

  get warnings(): readonly ReportWarning[] {
    return this.report?.warnings ?? [];
  }

  /** Columns that have anything to show. */
  get definedColumns(): ReadonlySet<ComparisonColumnId> {
    this.columns ??= definedColumns(this.tensors);
    return this.columns;
  }

  /** Characters that nine of ten names do not exceed. */
  get typicalNameLength(): number {
    if (this.nameLength === undefined) {
      const lengths = Uint32Array.from(this.tensors, ({ name }) => name.length).sort();
      this.nameLength = lengths[Math.floor(0.9 * lengths.length)] ?? 0;
    }
    return this.nameLength;
  }

  /** Indices of the tensors that the table shows, in its order. */
  get rows(): readonly number[] {
    const { shown, filter, order } = this.view;
    this.rowsCache ??= comparedRows(this.tensors, shown, filter, order);
    return this.rowsCache;
  }

  /** The selected tensor; the first that is on both sides until the reader chooses one. */
  get selected(): number | undefined {
    const { tensors } = this;
    const chosen = tensors.findIndex(({ name }) => name === this.view.selected);
    if (chosen >= 0) return chosen;
    const common = tensors.findIndex(({ change, after }) => change === 'common' && after?.prunable === true);
    if (common >= 0) return common;
    return tensors.length > 0 ? 0 : undefined;
  }

  /** A tensor with the distributions of its sides; null where they have not been sent. */
  layer(index: number): ComparedLayer | undefined {
    const comparison = this.tensors[index];
    if (comparison === undefined) return undefined;
    return this.layers.get(comparison.name) ?? { comparison, cellsBefore: null, cellsAfter: null };
  }

  choose(part: Partial<ComparisonViewState>): void {
    this.view = { ...this.view, ...part };
    if ('filter' in part || 'shown' in part || 'order' in part) this.rowsCache = undefined;
  }

  private forgetDerived(): void {
    this.rowsCache = undefined;
    this.totals = undefined;
    this.columns = undefined;
    this.nameLength = undefined;
  }
}
