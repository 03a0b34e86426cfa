import { describe, expect, it } from 'vitest';
import { distributionFacts, distributionSvg, type BinnedDistribution } from '../../../src/report/distribution-svg';

const COLOURS = { kept: '#0000ff', pruned: '#888888', axis: '#000000', threshold: '#ff0000' };
const SIZE = { width: 240, height: 56 };

/** A bell over [-1, 1.5], not symmetric. */
const BELL = distribution(-1, 1.5, 50, (x) => Math.exp((-(x - 0.1) * (x - 0.1)) / 0.08));

function distribution(low: number, high: number, bins: number, density: (x: number) => number): BinnedDistribution {
  const width = (high - low) / bins;
  const masses = Array.from({ length: bins }, (_, bin) => density(low + (bin + 0.5) * width));
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  return { low, high, fractions: masses.map((mass) => mass / total) };
}

/** Many values that are spread as the bins say, in ascending order. */
function values({ low, high, fractions }: BinnedDistribution): number[] {
  const width = (high - low) / fractions.length;
  return fractions.flatMap((fraction, bin) => {
    const count = Math.round(fraction * 1e5);
    return Array.from({ length: count }, (_, i) => low + (bin + (i + 0.5) / count) * width);
  });
}

interface Shape {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The shapes of a picture; fails unless it is one `svg` element with empty elements in it, and nothing else. */
function shapes(svg: string): Shape[] {
  const attributes = String.raw`(?: [a-zA-Z\d]+="[^"<>&]*")*`;
  expect(svg).toMatch(new RegExp(String.raw`^<svg${attributes}>(?:<[a-z]+${attributes}/>)*</svg>$`));
  return [...svg.matchAll(/<([a-z]+)((?: [^<>]*)?)\/>/g)].map(([, tag = '', text = '']) => ({
    tag,
    attributes: Object.fromEntries(
      [...text.matchAll(/([a-zA-Z\d]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
    ),
  }));
}

/** Area under the steps of all paths of a colour. */
function area(svg: string, colour: string): number {
  return shapes(svg)
    .filter(({ attributes }) => attributes.fill === colour)
    .reduce((sum, { attributes }) => {
      const numbers = [...(attributes.d ?? '').matchAll(/-?[\d.]+/g)].map(([number]) => Number(number));
      const [from = 0, base = 0, ...steps] = numbers;
      let [left, total] = [from, 0];
      for (let i = 0; i + 1 < steps.length; i += 2) {
        total += (steps[i + 1]! - left) * (base - steps[i]!);
        left = steps[i + 1]!;
      }
      return sum + total;
    }, 0);
}

describe('the picture of a distribution', () => {
  it('is well-formed XML of nothing but lines and areas', () => {
    const svg = distributionSvg(BELL, 0.8, COLOURS, SIZE);
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="240" height="56" viewBox="0 0 240 56">/);
    expect(new Set(shapes(svg).map(({ tag }) => tag))).toEqual(new Set(['path', 'line']));
    const names = new Set(shapes(svg).flatMap(({ attributes }) => Object.keys(attributes)));
    expect([...names].sort()).toEqual(['d', 'fill', 'stroke', 'x1', 'x2', 'y1', 'y2']);
    expect(distributionSvg(BELL, 0.8, COLOURS, SIZE)).toBe(svg);
    expect(svg.length).toBeLessThan(4000);
  });

  it('gives each bin its height', () => {
    const svg = distributionSvg({ low: 1, high: 4, fractions: [1 / 7, 4 / 7, 2 / 7] }, null, COLOURS, {
      width: 30,
      height: 44.5,
    });
    // The base is at 41, the highest bin 40 high.
    expect(shapes(svg)[0]?.attributes.d).toBe('M0 41V31H10V1H20V21H30V41Z');
  });

  it.each([0.1, 0.5, 0.8, 0.99])('greys the share of its area that is pruned: %f', (fraction) => {
    const svg = distributionSvg(BELL, fraction, COLOURS, SIZE);
    const [kept, pruned] = [area(svg, COLOURS.kept), area(svg, COLOURS.pruned)];
    // The coordinates are rounded to hundredths.
    expect(pruned / (kept + pruned)).toBeCloseTo(fraction, 2);
  });

  it('greys nothing without a limit, and all with the whole', () => {
    expect(area(distributionSvg(BELL, null, COLOURS, SIZE), COLOURS.pruned)).toBe(0);
    expect(area(distributionSvg(BELL, 1, COLOURS, SIZE), COLOURS.kept)).toBe(0);
  });

  it('marks zero only if it is inside', () => {
    const ticks = (low: number): number =>
      shapes(distributionSvg({ low, high: 3, fractions: [0.5, 0.5] }, null, COLOURS, SIZE)).filter(
        ({ attributes }) => attributes.y2 === '56',
      ).length;
    expect([ticks(-1), ticks(0), ticks(1)]).toEqual([1, 1, 0]);
  });

  it('breaks a spike, so that the rest of a pruned network shows', () => {
    const fractions = [0.02, 0.04, 0.9, 0.04];
    const svg = distributionSvg({ low: -2, high: 2, fractions }, null, COLOURS, { width: 40, height: 33.5 });
    // The next fullest has two thirds of the height of 29.
    expect(shapes(svg)[0]?.attributes.d).toBe('M0 30V20.33H10V10.67H20V1H30V10.67H40V30Z');
    expect(shapes(svg).filter(({ tag }) => tag === 'line')).toHaveLength(4);
  });

  it.each([
    ['no bins', { low: 0, high: 1, fractions: [] }],
    ['no values', { low: 0, high: 1, fractions: [0, 0] }],
    ['no width', { low: 1, high: 1, fractions: [1] }],
    ['no finite width', { low: -Infinity, high: 1, fractions: [1] }],
    ['no numbers', { low: 0, high: 1, fractions: [Number.NaN] }],
  ])('of %s is an axis', (_, nothing) => {
    expect(distributionFacts(nothing, 0.5)).toBeUndefined();
    const svg = distributionSvg(nothing, 0.5, COLOURS, SIZE);
    expect(shapes(svg).map(({ tag }) => tag)).toEqual(['line']);
    expect(svg).not.toMatch(/NaN|Infinity/);
  });
});

describe('what the picture says', () => {
  it('is what the values say', () => {
    const sorted = values(BELL);
    const facts = distributionFacts(BELL, 0.7);
    expect(facts?.peak).toBeCloseTo(0.1, 1);
    expect(facts?.lowerQuartile).toBeCloseTo(sorted[Math.floor(sorted.length / 4)]!, 3);
    expect(facts?.upperQuartile).toBeCloseTo(sorted[Math.floor((3 * sorted.length) / 4)]!, 3);
    const magnitudes = sorted.map(Math.abs).sort((a, b) => a - b);
    expect(facts?.threshold).toBeCloseTo(magnitudes[Math.floor(0.7 * magnitudes.length)]!, 3);
  });

  it('holds for values of one sign, and at the ends', () => {
    const positive = { low: 2, high: 4, fractions: [0.5, 0.5] };
    expect(distributionFacts(positive, 0.25)?.threshold).toBeCloseTo(2.5);
    expect(distributionFacts(BELL, 0)?.threshold).toBe(0);
    expect(distributionFacts(positive, 1)?.threshold).toBe(4);
    expect(distributionFacts({ ...positive, low: -4, high: -2 }, 0.25)?.threshold).toBeCloseTo(2.5);
    expect(distributionFacts(positive, null)?.threshold).toBeNull();
  });
});
