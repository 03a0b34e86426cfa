/** Position of the header in the order of rows, for the keyboard. */
export const HEADER_ROW = -1;

/** Row position (or {@link HEADER_ROW}) and column of a cell. */
export interface CellPosition {
  readonly row: number;
  readonly column: number;
}

/** Where a key leads from a cell of a grid, as the ARIA practices have it; undefined for other keys. */
export function gridMove(
  key: string,
  { row, column }: CellPosition,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  page: number,
): CellPosition | undefined {
  const moves: Readonly<Record<string, readonly [row: number, column: number]>> = {
    ArrowUp: [row - 1, column],
    ArrowDown: [row + 1, column],
    ArrowLeft: [row, column - 1],
    ArrowRight: [row, column + 1],
    PageUp: [Math.max(0, row - page), column],
    PageDown: [row + page, column],
    Home: [0, column],
    End: [rows - 1, column],
  };
  const move = Object.hasOwn(moves, key) ? moves[key] : undefined;
  if (move === undefined) return undefined;
  return {
    row: Math.min(rows - 1, Math.max(HEADER_ROW, move[0])),
    column: Math.min(columns - 1, Math.max(0, move[1])),
  };
}
