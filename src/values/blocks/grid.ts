import { GRIDS } from './grids';

export type GridName = keyof typeof GRIDS;

const grids = new Map<GridName, Float32Array>();

/** Coordinates of all points of a codebook, point after point. Shared: do not write to it. */
export function grid(name: GridName): Float32Array {
  const known = grids.get(name);
  if (known !== undefined) return known;
  const { levels, dimensions, points } = GRIDS[name];
  const set = Buffer.from(points, 'base64');
  const coordinates: number[] = [];
  for (let point = 0; point < 8 * set.length; point++) {
    if (((set[point >> 3] ?? 0) & (1 << (point & 7))) === 0) continue;
    for (let i = 0, rest = point; i < dimensions; i++) {
      coordinates.push(levels[rest % levels.length] ?? 0);
      rest = Math.floor(rest / levels.length);
    }
  }
  const result = Float32Array.from(coordinates);
  grids.set(name, result);
  return result;
}

/** Sign of eight values by a byte, lowest bit first: 1 and −1, eight numbers a byte. */
export const SIGNS = Float32Array.from({ length: 8 * 256 }, (_, i) => (((i >> 3) >> (i & 7)) & 1 ? -1 : 1));

/** The same by seven bits: there is an even number of minus signs, so the eighth follows from the others. */
export const EVEN_SIGNS = Float32Array.from({ length: 8 * 128 }, (_, i) => {
  const code = i >> 3;
  let parity = 0;
  for (let bit = 0; bit < 7; bit++) parity ^= (code >> bit) & 1;
  return SIGNS[8 * (code | (parity << 7)) + (i & 7)] ?? 1;
});
