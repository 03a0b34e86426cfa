/**
 * Undoes the filter of one row, in place (PNG specification, 9.2: what is stored is the difference from a prediction by the
 * pixels to the left, above, and above to the left).
 * @param above the row before, without its filter
 * @param step bytes of a pixel, at least 1
 * @returns false if there is no such filter
 */
export function unfilter(filter: number, line: Uint8Array, above: Uint8Array | undefined, step: number): boolean {
  const predict = predictor(filter);
  if (predict === undefined) return false;
  if (filter === 0) return true;
  for (let i = 0; i < line.length; i++) {
    const left = i >= step ? (line[i - step] ?? 0) : 0;
    const corner = i >= step ? (above?.[i - step] ?? 0) : 0;
    line[i] = (line[i] ?? 0) + predict(left, above?.[i] ?? 0, corner);
  }
  return true;
}

function predictor(filter: number): ((left: number, up: number, corner: number) => number) | undefined {
  switch (filter) {
    case 0:
      return () => 0;
    case 1:
      return (left) => left;
    case 2:
      return (_, up) => up;
    case 3:
      return (left, up) => (left + up) >> 1;
    case 4:
      return paeth;
    default:
      return undefined;
  }
}

/** Whichever of the three is nearest to left + up − corner; ties in this order (A. Paeth, Graphics Gems II, 1991). */
function paeth(left: number, up: number, corner: number): number {
  const toLeft = Math.abs(up - corner);
  const toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - 2 * corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}
