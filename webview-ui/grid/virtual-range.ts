/** Rows drawn beyond each edge, so that scrolling by a notch of the wheel shows no gap. */
const OVERSCAN = 6;

/** Half-open range of row positions. */
export interface RowRange {
  readonly start: number;
  readonly end: number;
}

/** The rows of fixed height that a scroll position shows, with some beyond the edges. */
export function visibleRange(scrollTop: number, viewHeight: number, rowHeight: number, rowCount: number): RowRange {
  const start = Math.max(0, Math.floor(scrollTop / rowHeight) - OVERSCAN);
  const end = Math.min(rowCount, Math.ceil((scrollTop + viewHeight) / rowHeight) + OVERSCAN);
  return { start: Math.min(start, end), end };
}

/** The scroll position nearest to the present one that shows a row in full. */
export function scrollToShow(position: number, scrollTop: number, viewHeight: number, rowHeight: number): number {
  const top = position * rowHeight;
  if (top < scrollTop) return top;
  return Math.max(scrollTop, top + rowHeight - viewHeight);
}
