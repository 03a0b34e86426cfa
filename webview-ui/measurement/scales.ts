/** Maps values to pixels and back. */
export interface Scale {
  at(value: number): number;
  valueAt(pixel: number): number;
}

interface Extent {
  readonly low: number;
  readonly high: number;
}

/** A scale that is linear after a monotone change of the values. */
function scale(
  values: Extent,
  pixels: { readonly from: number; readonly to: number },
  change: (value: number) => number,
  back: (changed: number) => number,
): Scale {
  const low = change(values.low);
  const span = change(values.high) - low || 1;
  const width = pixels.to - pixels.from;
  return {
    at: (value) => pixels.from + (width * (change(value) - low)) / span,
    valueAt: (pixel) => back(low + (span * (pixel - pixels.from)) / width),
  };
}

export function linearScale(low: number, high: number, from: number, to: number): Scale {
  return scale(
    { low, high },
    { from, to },
    (value) => value,
    (value) => value,
  );
}

/** Values at or under 0 are at the scale's low end. */
export function logScale(low: number, high: number, from: number, to: number): Scale {
  return scale(
    { low, high },
    { from, to },
    (value) => Math.log10(Math.max(value, low)),
    (value) => 10 ** value,
  );
}

/** Linear about 0 up to `linear`, logarithmic beyond it on both sides: sign(v) log(1 + |v| ∕ linear). */
export function symlogScale(low: number, high: number, linear: number, from: number, to: number): Scale {
  return scale(
    { low, high },
    { from, to },
    (value) => Math.sign(value) * Math.log1p(Math.abs(value) / linear),
    (value) => Math.sign(value) * Math.expm1(Math.abs(value)) * linear,
  );
}

/** The powers of ten from `low` to `high`, thinned out to at most `most`. */
export function decades(low: number, high: number, most: number): readonly number[] {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const step = Math.max(1, Math.ceil((last - first + 1) / most));
  const powers: number[] = [];
  for (let exponent = last; exponent >= first; exponent -= step) powers.push(10 ** exponent);
  return powers.reverse();
}

/** Ticks of a symlog axis: 0, and powers of ten from `linear` outwards; ticks nearer than `gap` pixels are left out. */
export function symlogTicks(
  { low, high, linear }: { readonly low: number; readonly high: number; readonly linear: number },
  axis: Scale,
  gap: number,
): readonly number[] {
  const outwards = (end: number): readonly number[] => (end > linear ? [...decades(linear, end, 40)].reverse() : []);
  const ticks = [0];
  // from the ends inwards: the largest powers are what the axis is read by
  const wishes = [...outwards(high), ...outwards(-low).map((value) => -value)];
  for (const wish of wishes) {
    if (ticks.every((tick) => Math.abs(axis.at(tick) - axis.at(wish)) >= gap)) ticks.push(wish);
  }
  return ticks.sort((a, b) => a - b);
}

/** Round numbers from `low` to `high`, about `count` of them. */
export function roundTicks(low: number, high: number, count: number): readonly number[] {
  const rough = (high - low) / Math.max(1, count);
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => power * factor >= rough) ?? 10);
  const ticks: number[] = [];
  // adding 0 turns −0 into 0
  for (let i = Math.ceil(low / step - 1e-9) + 0; i * step <= high + 1e-9 * step; i++) ticks.push(i * step);
  return ticks;
}
