/** Runs up to this many bytes are copied one byte after the other: setting up a copy of so few costs more. */
const SHORT_RUN_BYTES = 24;

/** Copies a box into a larger array at `to`; what reaches beyond the array is left out. */
export function copyBox(
  from: Uint8Array,
  shape: readonly number[],
  target: Uint8Array,
  targetShape: readonly number[],
  to: readonly number[],
  width: number,
): void {
  const inside = shape.map((size, dimension) => Math.min(size, (targetShape[dimension] ?? 1) - (to[dimension] ?? 0)));
  if (inside.some((size) => size <= 0)) return;
  const fromStrides = byteStrides(shape, width);
  const toStrides = byteStrides(targetShape, width);
  // Dimensions that both have whole follow each other in both: they are copied at once.
  let innermost = shape.length - 1;
  while (innermost > 0 && shape[innermost] === targetShape[innermost] && inside[innermost] === shape[innermost]) {
    innermost--;
  }
  const run = (inside[innermost] ?? 1) * (fromStrides[innermost] ?? width);
  const copyRun = run <= SHORT_RUN_BYTES ? copyShort : copyLong;
  const copyFrom = (dimension: number, source: number, destination: number): void => {
    if (dimension >= innermost) {
      copyRun(from, source, run, target, destination);
      return;
    }
    const sourceStep = fromStrides[dimension] ?? 0;
    const step = toStrides[dimension] ?? 0;
    for (let i = 0; i < (inside[dimension] ?? 1); i++) {
      copyFrom(dimension + 1, source + i * sourceStep, destination + i * step);
    }
  };
  copyFrom(
    0,
    0,
    to.reduce((offset, at, dimension) => offset + at * (toStrides[dimension] ?? 0), 0),
  );
}

/** Bytes from one index of each dimension to the next, in C order. */
function byteStrides(shape: readonly number[], width: number): number[] {
  let stride = width;
  return shape
    .toReversed()
    .map((size) => {
      const own = stride;
      stride *= size;
      return own;
    })
    .reverse();
}

function copyShort(from: Uint8Array, start: number, length: number, target: Uint8Array, to: number): void {
  for (let i = 0; i < length; i++) target[to + i] = from[start + i]!;
}

function copyLong(from: Uint8Array, start: number, length: number, target: Uint8Array, to: number): void {
  target.set(from.subarray(start, start + length), to);
}
