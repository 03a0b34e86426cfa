import type { CriterionSweep, Measurement, PruningCriterion, SweepPoint } from '../../src/report/measurement';
import { linearScale, roundTicks, symlogScale, symlogTicks, type Scale } from './scales';

const LEFT = 56;
const RIGHT = 16;
const LANE_HEIGHT = 20;
/** Between the labels and the plot, and between the loss and the accuracy. */
const GAP = 8;
const BETWEEN = 20;
const LOSS_HEIGHT = 190;
const ACCURACY_HEIGHT = 76;
const AXIS_HEIGHT = 24;
/** Labels keep apart by so much. */
const LABEL_GAP = 8;
/** Nearer ticks of the loss run into one another. */
const TICK_GAP = 18;
const TICK_WIDTH = 90;
/** Of the axis that shows what is near the limits, so much is left of the lowest of them. */
const BEFORE_LIMITS = 2;
const FINEST = 0.001;

export type MarkerId = 'prediction' | 'sublevel' | 'onePoint' | 'direct' | 'bound' | 'cosine';

/** A pruned fraction that has a name. */
export interface Marker {
  readonly id: MarkerId;
  readonly prunedFraction: number;
  readonly name: string;
  readonly value: string;
}

/** A marker with its flag in place. */
export interface PlacedMarker {
  readonly marker: Marker;
  readonly x: number;
  /** 0 is the lowest. */
  readonly lane: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
}

/** Where everything of the loss-by-pruned-fraction chart is, in pixels. */
export class SparsityPlot {
  readonly left = LEFT;
  readonly right: number;
  readonly top: number;
  readonly base: number;
  /** The part under the loss; undefined where the targets are not classes. */
  readonly accuracy:
    { readonly top: number; readonly base: number; readonly low: number; readonly high: number } | undefined;
  readonly height: number;
  readonly markers: readonly PlacedMarker[];
  private readonly xScale: Scale;
  private readonly lossScale: Scale;
  private readonly accuracyScale: Scale | undefined;
  private readonly lossRange: { readonly low: number; readonly high: number; readonly linear: number };

  /**
   * @param sweeps those that are drawn
   * @param measure width of a flag's text in pixels
   * @param lowest pruned fraction at which the axis begins
   */
  constructor(
    readonly width: number,
    private readonly measurement: Measurement,
    readonly sweeps: readonly CriterionSweep[],
    allMarkers: readonly Marker[],
    measure: (marker: Marker) => number,
    readonly lowest = 0,
  ) {
    const markers = allMarkers.filter(({ prunedFraction }) => prunedFraction >= lowest);
    this.right = Math.max(LEFT + 1, width - RIGHT);
    this.xScale = linearScale(lowest, 1, LEFT, this.right);
    const placed = placeFlags(
      markers.map((marker) => ({ x: this.x(marker.prunedFraction), width: measure(marker) })),
      LEFT,
      this.right,
    );
    const lanes = placed.reduce((most, { lane }) => Math.max(most, lane + 1), 0);
    this.top = lanes * LANE_HEIGHT + GAP;
    this.markers = markers.flatMap((marker, i): readonly PlacedMarker[] => {
      const flag = placed[i];
      if (flag === undefined) return [];
      return [{ marker, ...flag, x: this.x(marker.prunedFraction), top: (lanes - 1 - flag.lane) * LANE_HEIGHT }];
    });
    this.base = this.top + LOSS_HEIGHT;
    const { dense } = measurement;
    const points = sweeps.flatMap(({ points }) => points.filter(({ prunedFraction }) => prunedFraction >= lowest));
    const growths = points.map(({ loss }) => loss - dense.loss).filter(Number.isFinite);
    this.lossRange = {
      low: growths.reduce((low, growth) => Math.min(low, growth), 0),
      high: growths.reduce((high, growth) => Math.max(high, growth), 4 * dense.epsilon),
      linear: dense.epsilon > 0 ? dense.epsilon : 1e-6,
    };
    const { low, high, linear } = this.lossRange;
    this.lossScale = symlogScale(low, high, linear, this.base, this.top);
    const accuracies = points.flatMap(({ accuracy }) => (accuracy === undefined ? [] : [accuracy]));
    if (dense.accuracy === undefined || accuracies.length === 0) this.height = this.base + AXIS_HEIGHT;
    else {
      const lowest = accuracies.reduce((least, accuracy) => Math.min(least, accuracy), dense.accuracy);
      const top = this.base + BETWEEN;
      const base = top + ACCURACY_HEIGHT;
      // at least ten points, so that noise does not look like a collapse
      const least = Math.max(0, Math.min(lowest, dense.accuracy - 0.1));
      const most = accuracies.reduce((most, accuracy) => Math.max(most, accuracy), dense.accuracy);
      this.accuracy = { top, base, low: least, high: Math.min(1, most + 0.02) };
      this.accuracyScale = linearScale(this.accuracy.low, this.accuracy.high, base, top);
      this.height = base + AXIS_HEIGHT;
    }
  }

  /** Lower end of all plots: where the axis of the pruned fraction is. */
  get floor(): number {
    return this.accuracy?.base ?? this.base;
  }

  x(prunedFraction: number): number {
    return this.xScale.at(prunedFraction);
  }

  fractionAt(x: number): number {
    return Math.min(1, Math.max(this.lowest, this.xScale.valueAt(x)));
  }

  /** Ticks of the pruned fraction. */
  get fractionTicks(): readonly number[] {
    return roundTicks(this.lowest, 1, (this.right - this.left) / TICK_WIDTH);
  }

  /** Of a loss, by how much it is above that of the unpruned network. */
  y(growth: number): number {
    return this.lossScale.at(Math.min(this.lossRange.high, growth));
  }

  yAccuracy(accuracy: number): number {
    return this.accuracyScale?.at(accuracy) ?? this.base;
  }

  /** Ticks of the growth of the loss. */
  get lossTicks(): readonly number[] {
    return symlogTicks(this.lossRange, this.lossScale, TICK_GAP);
  }

  get accuracyTicks(): readonly number[] {
    return this.accuracy === undefined ? [] : roundTicks(this.accuracy.low, this.accuracy.high, 3);
  }

  /** SVG path of a sweep's loss; points whose loss is no number end in the upper edge. */
  lossPath({ points }: CriterionSweep): string {
    const { loss: dense } = this.measurement.dense;
    return pathOf(points, ({ loss }) => this.y(Number.isFinite(loss) ? loss - dense : Infinity), this.xScale);
  }

  accuracyPath({ points }: CriterionSweep): string {
    const known = points.filter(({ accuracy }) => accuracy !== undefined);
    return pathOf(known, ({ accuracy }) => this.yAccuracy(accuracy ?? 0), this.xScale);
  }
}

function pathOf(points: readonly SweepPoint[], y: (point: SweepPoint) => number, x: Scale): string {
  return points
    .map((point, i) => `${i === 0 ? 'M' : 'L'}${x.at(point.prunedFraction).toFixed(1)} ${y(point).toFixed(1)}`)
    .join('');
}

/**
 * Flags that hang from vertical lines, to the left of their line where there is room: each in the lowest lane in which it
 * covers no other flag and no line.
 */
export function placeFlags(
  wishes: readonly { readonly x: number; readonly width: number }[],
  low: number,
  high: number,
): readonly { readonly lane: number; readonly left: number; readonly width: number }[] {
  const flags = wishes.map(({ x, width }) => {
    const toLeft = x - width >= low;
    return { x, width, toLeft, left: toLeft ? x - width : Math.max(low, Math.min(x, high - width)), lane: 0 };
  });
  const settle = (flag: (typeof flags)[number], earlier: readonly (typeof flags)[number][]): void => {
    const from = flag.left - LABEL_GAP;
    const to = flag.left + flag.width + LABEL_GAP;
    const under = earlier.filter(
      (other) => (other.left < to && other.left + other.width > from) || (other.x >= from && other.x <= to),
    );
    flag.lane = under.reduce((lane, other) => Math.max(lane, other.lane + 1), 0);
  };
  const inOrder = [...flags].sort((a, b) => a.x - b.x);
  const rightwards = inOrder.filter(({ toLeft }) => !toLeft).reverse();
  const order = [...rightwards, ...inOrder.filter(({ toLeft }) => toLeft)];
  order.forEach((flag, i) => {
    settle(flag, order.slice(0, i));
  });
  return flags.map(({ lane, left, width }) => ({ lane, left, width }));
}

/** Where the axis begins that shows what is near the limits; 0 where they are spread over all fractions. */
export function nearLimits(limits: readonly number[]): number {
  if (limits.length === 0) return 0;
  const lowest = limits.reduce((least, limit) => Math.min(least, limit), 1);
  const step = lowest > 0.95 ? 0.01 : 0.05;
  return Math.max(0, Math.floor((1 - BEFORE_LIMITS * Math.max(1 - lowest, FINEST)) / step) * step);
}

/** The measured point of a sweep that is nearest to a pruned fraction. */
export function nearestPoint(sweep: CriterionSweep, prunedFraction: number): SweepPoint | undefined {
  return sweep.points.reduce<SweepPoint | undefined>((nearest, point) => {
    const distance = Math.abs(point.prunedFraction - prunedFraction);
    return nearest === undefined || distance < Math.abs(nearest.prunedFraction - prunedFraction) ? point : nearest;
  }, undefined);
}

/** The sweeps to draw, by magnitude first. */
export function shownSweeps(
  measurement: Measurement,
  criteria: readonly PruningCriterion[],
): readonly CriterionSweep[] {
  return measurement.sweeps.filter(
    ({ criterion, points }) => points.length > 0 && (criterion === 'magnitude' || criteria.includes(criterion)),
  );
}
