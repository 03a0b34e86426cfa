/** Shape and element strides of a view, one entry a dimension; the first element is at offset 0. */
export interface StridedView {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/**
 * The same elements with the dimensions sorted so that offsets ascend wherever strides nest (they do in every slice
 * or transpose of a tensor). A sketch does not mind the order, and a file is best read forwards.
 */
export function inMemoryOrder(view: StridedView): StridedView {
  const order = view.shape.map((_, dimension) => dimension);
  order.sort((a, b) => (view.strides[b] ?? 0) - (view.strides[a] ?? 0) || a - b);
  return {
    shape: order.map((dimension) => view.shape[dimension] ?? 0),
    strides: order.map((dimension) => view.strides[dimension] ?? 0),
  };
}

/** Whether the view reaches each element of one gapless range exactly once, as a transpose does: it can be read as if it had no strides. */
export function isDense(view: StridedView): boolean {
  if (view.shape.includes(0)) return true;
  const { shape, strides } = inMemoryOrder({
    shape: view.shape.filter((size) => size !== 1),
    strides: view.strides.filter((_, dimension) => view.shape[dimension] !== 1),
  });
  let expected = 1;
  for (let dimension = shape.length - 1; dimension >= 0; dimension--) {
    if (strides[dimension] !== expected) return false;
    expected *= shape[dimension] ?? 0;
  }
  return true;
}

/** Offset, in elements, of the element at `index` in C order of the view's shape. */
export function elementOffset(view: StridedView, index: number): number {
  let rest = index;
  let offset = 0;
  for (let dimension = view.shape.length - 1; dimension >= 0; dimension--) {
    const size = view.shape[dimension] ?? 1;
    offset += (rest % size) * (view.strides[dimension] ?? 0);
    rest = Math.floor(rest / size);
  }
  return offset;
}

/**
 * Copies elements `start` … `start + count − 1`, in C order of the view's shape, to the beginning of `target`.
 * @param bytes holds elements of `width` bytes; its first is the one at element offset `firstOffset` of the view.
 * @throws {RangeError} if an element is not among `bytes`, or `target` is too short.
 */
export function gatherStrided(
  view: StridedView,
  start: number,
  count: number,
  width: number,
  bytes: Uint8Array,
  firstOffset: number,
  target: Uint8Array,
): void {
  if (target.length < count * width) throw new RangeError('No room for the elements');
  const innermost = view.shape.length - 1;
  const rowLength = view.shape[innermost] ?? 1;
  const step = (view.strides[innermost] ?? 0) * width;
  let written = 0;
  let index = start;
  while (written < count * width) {
    // A run along the innermost dimension at a time.
    const run = Math.min(rowLength - (index % rowLength), count - written / width);
    let from = (elementOffset(view, index) - firstOffset) * width;
    if (from < 0 || from + (run - 1) * step + width > bytes.length) throw new RangeError('An element is missing');
    for (let i = 0; i < run; i++) {
      for (let byte = 0; byte < width; byte++) target[written + byte] = bytes[from + byte]!;
      written += width;
      from += step;
    }
    index += run;
  }
}
