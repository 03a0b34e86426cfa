/** A distribution in bins of equal width over [low, high]: the fraction of the values in each. */
export interface BinnedDistribution {
  readonly low: number;
  readonly high: number;
  readonly fractions: readonly number[];
}

/** Colours of the picture; it stands where no style sheet reaches. */
export interface DistributionColours {
  /** Values that stay. */
  readonly kept: string;
  /** Values that a limit would take. */
  readonly pruned: string;
  /** The axis, and its tick at zero. */
  readonly axis: string;
  /** The lines at ± the threshold. */
  readonly threshold: string;
}

/** In pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** What the picture shows, in numbers. */
export interface DistributionFacts {
  /** Centre of the fullest bin. */
  readonly peak: number;
  /** The middle half of the values lies between these, as far as the bins tell. */
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
  /** Magnitude under which the given fraction of the values lies; null if none was given. */
  readonly threshold: number | null;
}

/** A bin this many times as full as the next fullest (the zeros of a pruned network) does not set the scale. */
const SPIKE = 4;

/** Room for the tick under the axis. */
const TICK_HEIGHT = 3;

/** What the picture says to those who do not see it. Undefined for a distribution of no values, or of no width. */
export function distributionFacts(
  distribution: BinnedDistribution,
  prunedFraction: number | null,
): DistributionFacts | undefined {
  const { low, high, fractions } = distribution;
  const total = fractions.reduce((sum, fraction) => sum + fraction, 0);
  if (!(low < high) || !Number.isFinite(high - low) || !(total > 0)) return undefined;
  const width = (high - low) / fractions.length;
  const fullest = fractions.indexOf(Math.max(...fractions));
  return {
    peak: low + (fullest + 0.5) * width,
    lowerQuartile: quantile(distribution, 0.25 * total),
    upperQuartile: quantile(distribution, 0.75 * total),
    threshold: prunedFraction === null ? null : magnitudeQuantile(distribution, prunedFraction * total),
  };
}

/**
 * The distribution as a small SVG picture: an area, grey where the values would be pruned, with a tick at zero. The bin
 * of a spike is drawn broken. Without scripts, styles and references; the same input gives the same text.
 * @param prunedFraction Fraction of the values, the smallest first, that a limit would take; null for none.
 */
export function distributionSvg(
  distribution: BinnedDistribution,
  prunedFraction: number | null,
  colours: DistributionColours,
  { width, height }: PictureSize,
): string {
  const base = height - TICK_HEIGHT - 0.5;
  const { low, high, fractions } = distribution;
  const facts = distributionFacts(distribution, prunedFraction);
  const shapes: string[] = [];
  if (facts !== undefined) {
    const x = (value: number): number => ((value - low) / (high - low)) * width;
    const [fullest = 0, next = 0] = [...fractions].sort((a, b) => b - a);
    const isBroken = next > 0 && fullest > SPIKE * next;
    const top = isBroken ? next * 1.5 : fullest;
    const heights = fractions.map((fraction) => Math.min(1, fraction / top) * (base - 1));
    const area = (from: number, to: number, colour: string): void => {
      const path = areaPath(heights, width / fractions.length, base, x(from), x(to));
      if (path !== '') shapes.push(`<path fill="${colour}" d="${path}"/>`);
    };
    if (facts.threshold === null) area(low, high, colours.kept);
    else {
      const cuts = [-facts.threshold, facts.threshold];
      const [left = low, right = high] = cuts.map((cut) => clamp(cut, low, high));
      area(low, left, colours.kept);
      area(left, right, colours.pruned);
      area(right, high, colours.kept);
      for (const cut of cuts) {
        if (cut > low && cut < high) shapes.push(line(x(cut), 1, x(cut), base, colours.threshold));
      }
    }
    if (isBroken) shapes.push(breakMark(x(facts.peak), width / fractions.length, colours.axis));
    if (low <= 0 && high >= 0) shapes.push(line(x(0), base, x(0), height, colours.axis));
  }
  shapes.push(line(0, base, width, base, colours.axis));
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">` +
    `${shapes.join('')}</svg>`
  );
}

/** The outline of the bins between two places, as steps. */
function areaPath(heights: readonly number[], binWidth: number, base: number, from: number, to: number): string {
  if (!(from < to)) return '';
  const first = Math.min(heights.length - 1, Math.floor(from / binWidth));
  const last = Math.min(heights.length - 1, Math.ceil(to / binWidth) - 1);
  const steps: string[] = [];
  for (let bin = first; bin <= last; bin++) {
    const right = Math.min(to, (bin + 1) * binWidth);
    steps.push(`V${shortened(base - (heights[bin] ?? 0))}H${shortened(right)}`);
  }
  return `M${shortened(from)} ${shortened(base)}${steps.join('')}V${shortened(base)}Z`;
}

/** Two short strokes across the top of a bin that is higher than the picture. */
function breakMark(centre: number, binWidth: number, colour: string): string {
  const reach = binWidth / 2 + 2;
  return [6, 9].map((y) => line(centre - reach, y + 1.5, centre + reach, y - 1.5, colour)).join('');
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string): string {
  const [a, b, c, d] = [x1, y1, x2, y2].map(shortened);
  return `<line x1="${a ?? ''}" y1="${b ?? ''}" x2="${c ?? ''}" y2="${d ?? ''}" stroke="${colour}"/>`;
}

/** A hundredth of a pixel is enough. */
function shortened(value: number): string {
  return String(Number(value.toFixed(2)));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** The value under which `mass` lies; values are spread evenly inside a bin. */
function quantile({ low, high, fractions }: BinnedDistribution, mass: number): number {
  const width = (high - low) / fractions.length;
  let below = 0;
  for (const [bin, fraction] of fractions.entries()) {
    if (fraction > 0 && below + fraction >= mass) return low + (bin + (mass - below) / fraction) * width;
    below += fraction;
  }
  return high;
}

/** The magnitude under which `mass` lies: the quantile of the distribution folded at zero. */
function magnitudeQuantile(distribution: BinnedDistribution, mass: number): number {
  const { low, high, fractions } = distribution;
  const width = (high - low) / fractions.length;
  const edges = fractions.map((_, bin) => Math.abs(low + bin * width));
  // The folded bins meet at the edges of both sides and at zero; between these, the mass grows evenly.
  const places = [...new Set([0, ...edges, Math.abs(high)])].sort((a, b) => a - b);
  const within = (reach: number): number =>
    fractions.reduce((sum, fraction, bin) => {
      const left = low + bin * width;
      const overlap = Math.min(reach, left + width) - Math.max(-reach, left);
      return sum + (fraction * Math.max(0, overlap)) / width;
    }, 0);
  let [place, inside] = [0, 0];
  for (const next of places) {
    const more = within(next);
    if (more >= mass && more > inside) return place + ((mass - inside) / (more - inside)) * (next - place);
    [place, inside] = [next, more];
  }
  return place;
}
