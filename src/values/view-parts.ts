import type { StridedView } from './strides';

/** Number of elements from the first to the last that a view reaches. */
export function spanOf({ shape, strides }: StridedView): number {
  return shape.reduce((sum, size, dimension) => sum + (size - 1) * (strides[dimension] ?? 0), 1);
}

/** A part of a view: `offset` elements after the view's first. */
export interface ViewPart extends StridedView {
  readonly offset: number;
}

/** Cuts a view along its outermost dimensions into parts that span at most `maxSpan` elements each. */
export function* partsOf(view: StridedView, maxSpan: number, offset = 0): Generator<ViewPart> {
  if (spanOf(view) <= maxSpan || view.shape.length === 0) {
    yield { ...view, offset };
    return;
  }
  const [size = 1, ...shape] = view.shape;
  const [stride = 0, ...strides] = view.strides;
  const inner = { shape, strides };
  // As many rows at a time as fit: one read each.
  const rows = Math.max(1, Math.floor((maxSpan - spanOf(inner)) / Math.max(1, stride)) + 1);
  for (let row = 0; row < size; row += rows) {
    const taken = Math.min(rows, size - row);
    const part = taken === 1 ? inner : { shape: [taken, ...shape], strides: [stride, ...strides] };
    yield* partsOf(part, maxSpan, offset + row * stride);
  }
}
