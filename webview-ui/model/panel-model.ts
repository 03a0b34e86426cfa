import { survivingFraction, type CosineCurve, type PruneThreshold } from '../../src/limits/cosine-curve';
import {
  chosenCurvature,
  curvatureFigures,
  USUAL_CHOICE,
  type CurvatureFigures,
} from '../../src/limits/optimizer-curvature';
import type { AnalysisEvent } from '../../src/protocol/analysis';
import { RUNNABLE_FORMATS } from '../../src/protocol/measurement';
import type { AnalysisStatus, MeasurementState, PanelSnapshot } from '../../src/protocol/panel';
import type { CurvatureChoice, LimitEstimate, LimitMethod, LimitScope } from '../../src/report/report';
import { measuredLimits } from '../../src/limits/measured-limits';
import { measuredFigures, type MeasuredFigures } from '../../src/limits/measured-figures';
import type { MeasurementChoices } from '../measurement/measurement-choices';
import { AnalysisState } from './analysis-state';
import { orderedRows, rowGroup, type RowGroup, type RowSource } from './layer-rows';
import { initialViewState, restoreViewState, type SortOrder, type ViewState } from './view-state';

/**
 * What has changed: `analysis` (events, status), `fraction` (the handle), `rows` (filter, order), `selection`,
 * `display` (chart options, scope), `measurement` (its state, and what the reader has chosen about it).
 */
export type Topic = 'analysis' | 'fraction' | 'rows' | 'selection' | 'display' | 'measurement';

/** What the present pruned fraction does to the scope's weights. */
export interface Cut {
  readonly prunedFraction: number;
  readonly prunedCount: number;
  readonly count: number;
  readonly cosine: number;
  readonly threshold: PruneThreshold;
}

/** What the model needs from the webview around it. */
export interface Surroundings {
  /** The stored view state, whatever it is. */
  load(): unknown;
  save(state: ViewState): void;
  /** Calls back once, before the next frame is drawn. */
  nextFrame(callback: () => void): void;
  /** Milliseconds of a clock that does not jump. */
  now(): number;
}

/** Of what is known with data, prediction and measurement: the other limits are in the chart of the loss. */
const RULER_METHODS: readonly LimitMethod[] = ['statistical-dimension', 'measured-loss'];

/** Steps that the pruned fraction is rounded to when dragged: a tenth of a percent. */
const FRACTION_STEP = 1000;

/**
 * Everything the panel shows: the host's analysis, the reader's choices, and what follows from the two. Components read
 * it and subscribe; none of them keeps numbers of its own.
 */
export class PanelModel implements RowSource {
  /** Undefined until the host has answered. */
  status: AnalysisStatus | undefined;
  /** Of the model file; empty until the host has answered. */
  path = '';
  analysis = new AnalysisState();
  /** Undefined until a measurement is begun. */
  measured: MeasurementState | undefined;
  view: ViewState = initialViewState('');

  private readonly listeners = new Map<Topic, Set<() => void>>();
  private cutCache: Cut | undefined;
  private figuresCache: { readonly of: readonly unknown[]; readonly figures: MeasuredFigures } | undefined;
  private curvatureCache:
    { readonly of: readonly unknown[]; readonly figures: CurvatureFigures | undefined } | undefined;
  private rowsCache: readonly number[] | undefined;
  private defaultSelection: { readonly index: number | undefined } | undefined;
  private pending: Set<Topic> | undefined;

  constructor(private readonly surroundings: Surroundings) {}

  /** Whether the file's format says how the network computes, so that it can be run. */
  get isMeasurable(): boolean {
    const format = this.analysis.file?.format;
    return format !== undefined && RUNNABLE_FORMATS.includes(format);
  }

  /** Calls `listener` after changes of any of the topics; returns a function that stops it. */
  subscribe(topics: readonly Topic[], listener: () => void): () => void {
    for (const topic of topics) {
      const set = this.listeners.get(topic) ?? new Set();
      this.listeners.set(topic, set.add(listener));
    }
    return () => {
      for (const topic of topics) this.listeners.get(topic)?.delete(listener);
    };
  }

  /** Starts from what the host has so far; the reader's choices come back if they are about this version of the file. */
  load(snapshot: PanelSnapshot): void {
    const stored = this.view.fingerprint === '' ? this.surroundings.load() : this.view;
    this.path = snapshot.path;
    this.view = restoreViewState(stored, snapshot.fingerprint);
    this.analysis = new AnalysisState();
    this.defaultSelection = undefined;
    this.status = snapshot.status;
    this.measured = snapshot.measurement;
    for (const event of snapshot.events) this.analysis.apply(event, this.surroundings.now());
    this.cutCache = undefined;
    this.rowsCache = undefined;
    this.surroundings.save(this.view);
    this.notify('analysis', 'fraction', 'rows', 'selection', 'display', 'measurement');
  }

  /** Takes in an event. Listeners hear of it once a frame, however many come. */
  apply(event: AnalysisEvent): void {
    this.analysis.apply(event, this.surroundings.now());
    this.cutCache = undefined;
    this.rowsCache = undefined;
    if (event.type === 'opened') this.defaultSelection = undefined;
    this.notifyNextFrame('analysis');
  }

  setStatus(status: AnalysisStatus): void {
    this.status = status;
    this.notifyNextFrame('analysis');
  }

  setMeasurement(measured: MeasurementState): void {
    this.measured = measured;
    this.notifyNextFrame('measurement');
  }

  /** What follows from the measurement for the reader's ε; undefined until there is one. */
  get figures(): MeasuredFigures | undefined {
    const measurement = this.measured?.measurement;
    if (measurement === undefined) return undefined;
    const { epsilon = measurement.dense.epsilon, negative } = this.view.measured;
    const of = [measurement, epsilon, negative];
    if (this.figuresCache?.of.every((value, i) => value === of[i]) !== true) {
      this.figuresCache = { of, figures: measuredFigures(measurement, epsilon, negative) };
    }
    return this.figuresCache.figures;
  }

  chooseMeasured(choices: Partial<MeasurementChoices>): void {
    this.change({ measured: { ...this.view.measured, ...choices } }, 'measurement');
  }

  get scope(): LimitScope {
    return this.view.scope ?? (this.analysis.groupSizes.weights > 0 ? 'weights' : 'parameters');
  }

  /** The switch between the scopes means something: there are both kinds of tensors. */
  get hasTwoScopes(): boolean {
    return this.analysis.groupSizes.weights > 0 && this.analysis.groupSizes.vectors > 0;
  }

  get curve(): CosineCurve | undefined {
    return this.analysis.curve(this.scope);
  }

  get limits(): readonly LimitEstimate[] {
    return this.limitsOf(this.scope);
  }

  /** As the analysis has them; the one from optimiser state with what the reader has chosen for it. */
  private limitsOf(scope: LimitScope): readonly LimitEstimate[] {
    const limits = this.analysis.limits(scope);
    const { update } = this.analysis;
    const curve = this.analysis.curve(scope);
    const choice = this.view.curvature;
    if (choice === undefined || update?.moments === undefined || curve === undefined) return limits;
    const of = [update, scope, choice];
    if (this.curvatureCache?.of.every((value, i) => value === of[i]) !== true) {
      this.curvatureCache = { of, figures: curvatureFigures(update.moments, update.magnitudes[scope], curve, choice) };
    }
    const { figures } = this.curvatureCache;
    return limits.map((limit) =>
      limit.method !== 'optimizer-curvature' || figures === undefined
        ? limit
        : { ...limit, ...figures, assumptions: [...figures.assumptions, ...limit.assumptions.slice(2)] },
    );
  }

  /** What the limit from optimiser state is computed with. */
  get curvatureChoice(): CurvatureChoice {
    return this.view.curvature ?? USUAL_CHOICE;
  }

  /** Changes it; what makes no sense is left as it was, and undefined is the usual again. */
  chooseCurvature(part: Partial<CurvatureChoice> | undefined): void {
    const curvature = part === undefined ? undefined : chosenCurvature({ ...this.curvatureChoice, ...part });
    if (part === undefined || curvature !== undefined) this.change({ curvature }, 'display');
  }

  /** The limits that stand on the ruler: beside those of the weights, what was predicted and measured with data. */
  get rulerLimits(): readonly LimitEstimate[] {
    const { limits, figures, measured, scope } = this;
    if (scope !== 'weights' || figures === undefined || measured?.measurement === undefined) return limits;
    const ofData = measuredLimits(measured.measurement, figures, this.view.measured.negative);
    return [...limits, ...ofData.filter(({ method }) => RULER_METHODS.includes(method))];
  }

  limit(method: LimitMethod): LimitEstimate | undefined {
    return this.limits.find((limit) => limit.method === method);
  }

  /** The reader's choice, else the best trade-off as it stands. */
  get prunedFraction(): number | undefined {
    return this.view.prunedFraction ?? this.limit('cosine-utopia-grid')?.prunedFraction;
  }

  get cut(): Cut | undefined {
    const { curve, prunedFraction } = this;
    if (curve === undefined || prunedFraction === undefined) return undefined;
    if (this.cutCache === undefined) {
      const prunedCount = Math.round(prunedFraction * curve.count);
      this.cutCache = {
        prunedFraction,
        prunedCount,
        count: curve.count,
        cosine: curve.cosine(prunedCount),
        threshold: curve.threshold(prunedCount),
      };
    }
    return this.cutCache;
  }

  get tensors(): AnalysisState['tensors'] {
    return this.analysis.tensors;
  }

  statistics(index: number): ReturnType<RowSource['statistics']> {
    return this.analysis.result(index)?.statistics;
  }

  /** True if the limits of the present scope prune this tensor. */
  isInScope(index: number): boolean {
    const tensor = this.tensors[index];
    if (tensor === undefined) return false;
    const group = rowGroup(tensor);
    return group === 'weights' || (group === 'vectors' && this.scope === 'parameters');
  }

  /** Fraction of the tensor that stays at the present cut; 1 outside the scope; undefined before it has been read. */
  survivingFraction(index: number): number | undefined {
    if (this.tensors[index]?.prunable !== true) return undefined;
    if (!this.isInScope(index)) return 1;
    const cells = this.analysis.result(index)?.cells;
    const cut = this.cut;
    if (cells === undefined || cells.count.length === 0 || cut === undefined) return undefined;
    if (cut.prunedCount === 0) return 1;
    return survivingFraction(cells, cut.threshold.magnitude, cut.threshold.prunedShare);
  }

  get shownGroups(): ReadonlySet<RowGroup> {
    const shown = new Set<RowGroup>(['weights']);
    if (this.view.showVectors || this.scope === 'parameters') shown.add('vectors');
    const { weights, vectors } = this.analysis.groupSizes;
    if (this.view.showOthers || weights + vectors === 0) shown.add('others');
    return shown;
  }

  /** Indices of the tensors that the table shows, in its order. */
  get rows(): readonly number[] {
    this.rowsCache ??= orderedRows(this, this.shownGroups, this.view.filter, this.view.sort);
    return this.rowsCache;
  }

  /** The selected tensor; the first of the scope until the reader chooses one. */
  get selected(): number | undefined {
    const chosen = this.view.selected === undefined ? undefined : this.analysis.indexOf(this.view.selected);
    if (chosen !== undefined) return chosen;
    this.defaultSelection ??= { index: this.firstInScope() };
    return this.defaultSelection.index;
  }

  private firstInScope(): number | undefined {
    const first = this.tensors.findIndex((_, index) => this.isInScope(index));
    if (first >= 0) return first;
    return this.tensors.length > 0 ? 0 : undefined;
  }

  select(index: number): void {
    const name = this.tensors[index]?.name;
    if (name === undefined || name === this.view.selected) return;
    this.change({ selected: name }, 'selection');
  }

  /** Selects a tensor by name and makes sure that the table shows it. */
  reveal(name: string): void {
    const index = this.analysis.indexOf(name);
    const tensor = index === undefined ? undefined : this.tensors[index];
    if (index === undefined || tensor === undefined) return;
    const group = rowGroup(tensor);
    this.rowsCache = undefined;
    this.view = {
      ...this.view,
      selected: name,
      detail: 'layer',
      filter: this.rows.includes(index) ? this.view.filter : '',
      showVectors: this.view.showVectors || group === 'vectors',
      showOthers: this.view.showOthers || group === 'others',
    };
    this.rowsCache = undefined;
    this.changed('rows', 'selection', 'display');
  }

  /**
   * Moves the handle. `settled` is false while it is being dragged: rows sorted by what is kept then stay where they
   * are, so that nothing jumps under the reader's eyes.
   */
  prune(fraction: number, settled = true): void {
    const prunedFraction = Math.round(Math.min(1, Math.max(0, fraction)) * FRACTION_STEP) / FRACTION_STEP;
    this.cutCache = undefined;
    this.view = { ...this.view, prunedFraction };
    const resort = settled && this.view.sort?.column === 'kept';
    if (resort) this.rowsCache = undefined;
    this.changed('fraction', ...(resort ? (['rows'] as const) : []));
  }

  /** Moves the handle to an estimate, at its full precision. */
  pruneAt(estimate: LimitEstimate): void {
    this.cutCache = undefined;
    this.rowsCache = undefined;
    this.view = { ...this.view, prunedFraction: estimate.prunedFraction };
    this.changed('fraction', 'rows');
  }

  setScope(scope: LimitScope): void {
    this.defaultSelection = undefined;
    // a fraction chosen by hand stays; a handle that stands on a method's estimate goes to that method's in the new scope
    const { prunedFraction } = this.view;
    const method = this.limits.find((limit) => limit.prunedFraction === prunedFraction)?.method;
    const moved = this.limitsOf(scope).find((limit) => limit.method === method)?.prunedFraction;
    this.cutCache = undefined;
    this.rowsCache = undefined;
    this.change({ scope, prunedFraction: moved ?? prunedFraction }, 'display', 'fraction', 'rows');
  }

  setSort(sort: SortOrder | undefined): void {
    this.rowsCache = undefined;
    this.change({ sort }, 'rows');
  }

  setFilter(filter: string): void {
    this.rowsCache = undefined;
    this.change({ filter }, 'rows');
  }

  setShown(shown: Partial<Pick<ViewState, 'showVectors' | 'showOthers'>>): void {
    this.rowsCache = undefined;
    this.change(shown, 'rows');
  }

  setDisplay(display: Partial<Pick<ViewState, 'logarithmic' | 'detail'>>): void {
    this.change(display, 'display');
  }

  /** Remembers where the table is scrolled to; nobody needs to hear of it. */
  setScrollTop(scrollTop: number): void {
    this.change({ scrollTop });
  }

  private change(part: Partial<ViewState>, ...topics: readonly Topic[]): void {
    this.view = { ...this.view, ...part };
    this.changed(...topics);
  }

  private changed(...topics: readonly Topic[]): void {
    this.surroundings.save(this.view);
    this.notify(...topics);
  }

  private notifyNextFrame(topic: Topic): void {
    if (this.pending !== undefined) {
      this.pending.add(topic);
      return;
    }
    const pending = new Set([topic]);
    this.pending = pending;
    this.surroundings.nextFrame(() => {
      this.pending = undefined;
      this.notify(...pending);
    });
  }

  private notify(...topics: readonly Topic[]): void {
    const called = new Set<() => void>();
    for (const topic of topics) for (const listener of this.listeners.get(topic) ?? []) called.add(listener);
    for (const listener of called) listener();
  }
}
