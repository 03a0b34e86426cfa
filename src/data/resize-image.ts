/**
 * Resizes rows of pixels with a triangle filter that is as wide as what a new pixel covers: linear interpolation where the image
 * grows, a weighted mean where it shrinks. This is what Pillow's BILINEAR and TensorFlow's `resize(antialias=True)` compute; a
 * direction at a time, in double precision, rounded once in the end (Pillow rounds after each direction).
 */
export function resizePixels(
  pixels: Uint8Array,
  from: { readonly width: number; readonly height: number },
  to: { readonly width: number; readonly height: number },
  channels: number,
): Uint8Array {
  const across = taps(from.width, to.width);
  const down = taps(from.height, to.height);
  const narrow = new Float64Array(from.height * to.width * channels);
  for (let row = 0; row < from.height; row++) {
    for (const [x, { first, weights }] of across.entries()) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (const [i, weight] of weights.entries()) {
          sum += weight * (pixels[(row * from.width + first + i) * channels + c] ?? 0);
        }
        narrow[(row * to.width + x) * channels + c] = sum;
      }
    }
  }
  const rowLength = to.width * channels;
  const result = new Uint8Array(to.height * rowLength);
  for (const [y, { first, weights }] of down.entries()) {
    for (let i = 0; i < rowLength; i++) {
      let sum = 0;
      for (const [j, weight] of weights.entries()) sum += weight * (narrow[(first + j) * rowLength + i] ?? 0);
      result[y * rowLength + i] = Math.min(255, Math.max(0, Math.round(sum)));
    }
  }
  return result;
}

/** Which old pixels make each new one, and with what weights, which add up to 1. */
function taps(from: number, to: number): { readonly first: number; readonly weights: readonly number[] }[] {
  const ratio = from / to;
  const reach = Math.max(1, ratio);
  return Array.from({ length: to }, (_, index) => {
    const centre = (index + 0.5) * ratio;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(from, Math.floor(centre + reach + 0.5));
    const weights = Array.from({ length: end - first }, (__, i) =>
      Math.max(0, 1 - Math.abs((first + i + 0.5 - centre) / reach)),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return { first, weights: weights.map((weight) => weight / total) };
  });
}
