import type { CosineCurve } from '../../src/limits/cosine-curve';
import { limitPercent } from '../../src/report/number-text';
import { placeLabels, type LimitPin } from './limit-pins';

/** Room for the cosine axis' numbers; room so that 100 % is not cut. */
const LEFT = 36;
const RIGHT = 14;
/** Top and base of the plot, and the strip with the percent scale under it. */
const PLOT_TOP = 28;
const PLOT_HEIGHT = 132;
const STRIP_HEIGHT = 24;
/** A label: value and name, one under the other. */
const LABEL_TOP = 20;
const LABEL_HEIGHT = 34;
/** A label of the second line: value and name side by side. */
const SMALL_LABEL_HEIGHT = 20;
const LABEL_GAP = 12;
const LABEL_PADDING = 8;
/** Segments of a drawn curve. They crowd towards p = 1, where the curve falls vertically. */
const CURVE_SEGMENTS = 320;

/** Pins up to this rank are the answer itself; their labels give way less. */
const PRIMARY_RANK = 1;
const PRIMARY_WEIGHT = 3;
/** Farther from its pin than this a label is hard to follow: then it goes to another line. */
const FARTHEST_LABEL = 72;

/** A pin with its label in place. */
export interface PlacedPin {
  readonly pin: LimitPin;
  readonly x: number;
  readonly label: string;
  readonly value: string;
  /** Centre, top and width of the label. */
  readonly labelX: number;
  readonly labelTop: number;
  readonly labelWidth: number;
  /** Value and name stand side by side, in the second line of labels. */
  readonly inline: boolean;
  readonly primary: boolean;
}

/** Widths of texts as they will be drawn, in pixels. */
export type MeasureText = (text: string, size: 'value' | 'name') => number;

/** Where everything on the ruler is, in pixels, for one width. */
export class RulerGeometry {
  readonly left = LEFT;
  readonly right: number;
  readonly top = PLOT_TOP;
  readonly base = PLOT_TOP + PLOT_HEIGHT;
  readonly stripBase = PLOT_TOP + PLOT_HEIGHT + STRIP_HEIGHT;
  readonly pins: readonly PlacedPin[];
  readonly height: number;

  constructor(
    readonly width: number,
    pins: readonly LimitPin[],
    measure: MeasureText,
  ) {
    this.right = Math.max(LEFT + 1, width - RIGHT);
    this.pins = this.place(pins, measure);
    const labelEnd = this.pins.reduce(
      (end, pin) => Math.max(end, pin.labelTop + (pin.inline ? SMALL_LABEL_HEIGHT : LABEL_HEIGHT)),
      this.stripBase + LABEL_TOP + LABEL_HEIGHT,
    );
    this.height = labelEnd + 4;
  }

  x(prunedFraction: number): number {
    return this.left + prunedFraction * (this.right - this.left);
  }

  y(cosine: number): number {
    return this.base - cosine * (this.base - this.top);
  }

  fractionAt(x: number): number {
    return Math.min(1, Math.max(0, (x - this.left) / (this.right - this.left)));
  }

  /** SVG path of a function of the pruned fraction. */
  path(cosineAt: (prunedFraction: number) => number): string {
    let path = '';
    for (let i = 0; i <= CURVE_SEGMENTS; i++) {
      const fraction = 1 - (1 - i / CURVE_SEGMENTS) ** 2;
      path += `${i === 0 ? 'M' : 'L'}${this.x(fraction).toFixed(1)} ${this.y(cosineAt(fraction)).toFixed(1)}`;
    }
    return path;
  }

  /** One line of labels if they fit, with short names if need be; else the answer's two above and the others below. */
  private place(pins: readonly LimitPin[], measure: MeasureText): readonly PlacedPin[] {
    return (
      this.line(pins, 'label', 0, false, measure) ??
      this.line(pins, 'short', 0, false, measure) ??
      [
        ...(this.line(pins.filter(isPrimary), 'short', 0, false, measure) ?? []),
        ...this.lines(
          pins.filter((pin) => !isPrimary(pin)),
          LABEL_HEIGHT + 2,
          measure,
        ),
      ].sort((a, b) => a.pin.prunedFraction - b.pin.prunedFraction)
    );
  }

  /** Inline labels on as many lines as they need. */
  private lines(pins: readonly LimitPin[], drop: number, measure: MeasureText): readonly PlacedPin[] {
    for (let fit = pins.length; fit > 0; fit--) {
      const placed = this.line(pins.slice(0, fit), 'short', drop, true, measure);
      if (placed !== undefined) return [...placed, ...this.lines(pins.slice(fit), drop + SMALL_LABEL_HEIGHT, measure)];
    }
    return [];
  }

  private line(
    pins: readonly LimitPin[],
    name: 'label' | 'short',
    drop: number,
    inline: boolean,
    measure: MeasureText,
  ): readonly PlacedPin[] | undefined {
    const widths = pins.map((pin) => {
      const value = measure(limitPercent(pin.prunedFraction), 'value');
      const text = measure(pin[name], 'name');
      return LABEL_PADDING + (inline ? value + 18 + text : Math.max(value, text));
    });
    const wishes = pins.map((pin, i) => ({
      at: this.x(pin.prunedFraction),
      width: widths[i] ?? 0,
      weight: isPrimary(pin) ? PRIMARY_WEIGHT : 1,
    }));
    const centres = placeLabels(wishes, 0, this.width, LABEL_GAP);
    if (centres?.some((centre, i) => Math.abs(centre - (wishes[i]?.at ?? 0)) > FARTHEST_LABEL) === true && !inline) {
      return undefined;
    }
    return centres?.flatMap((labelX, i): readonly PlacedPin[] => {
      const pin = pins[i];
      if (pin === undefined) return [];
      return [
        {
          pin,
          x: this.x(pin.prunedFraction),
          label: pin[name],
          value: limitPercent(pin.prunedFraction),
          labelX,
          labelTop: this.stripBase + LABEL_TOP + drop,
          labelWidth: widths[i] ?? 0,
          inline,
          primary: isPrimary(pin),
        },
      ];
    });
  }
}

function isPrimary(pin: LimitPin): boolean {
  return pin.rank <= PRIMARY_RANK;
}

/** Expected cosine when as many values are pruned at random. */
export function randomCosine(prunedFraction: number): number {
  return Math.sqrt(1 - prunedFraction);
}

/** The curve as a function of the pruned fraction. */
export function cosineAt(curve: CosineCurve): (prunedFraction: number) => number {
  return (prunedFraction) => curve.cosine(prunedFraction * curve.count);
}
