import type { Tile } from '../formats/storage';
import { product } from '../formats/shape';

/** Tiles in the order of their first rows, found by the rows that they reach into. */
export class TilesByRow {
  private readonly tiles: readonly Tile[];
  /** Of each tile and those before it: the row after the last that one of them reaches. */
  private readonly reach: Float64Array;

  constructor(tiles: readonly Tile[]) {
    this.tiles = [...tiles].sort((a, b) => (a.start[0] ?? 0) - (b.start[0] ?? 0));
    let reach = 0;
    this.reach = Float64Array.from(this.tiles, (tile) => (reach = Math.max(reach, endRow(tile))));
  }

  /** Those that have one of the rows from `first` to before `end`. */
  *reaching(first: number, end: number): Generator<Tile> {
    let low = 0;
    let high = this.tiles.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.reach[middle] ?? 0) > first) high = middle;
      else low = middle + 1;
    }
    for (let i = low; i < this.tiles.length; i++) {
      const tile = this.tiles[i];
      if (tile === undefined || (tile.start[0] ?? 0) >= end) return;
      if (endRow(tile) > first) yield tile;
    }
  }
}

/** The row after the last of a tile. */
export function endRow({ start, shape }: Tile): number {
  return (start[0] ?? 0) + (shape[0] ?? 1);
}

/** Whether each element is in one of the tiles: whether they are a whole grid of tiles of one size. */
export function coverAll(tiles: readonly Tile[], shape: readonly number[]): boolean {
  const size = tiles[0]?.shape ?? [];
  if (size.length !== shape.length) return false;
  const grid = shape.map((length, dimension) => Math.ceil(length / (size[dimension] ?? 0)));
  if (product(grid) !== tiles.length) return false;
  const seen = new Uint8Array(tiles.length);
  for (const { start, shape: own } of tiles) {
    let place = 0;
    for (const [dimension, count] of grid.entries()) {
      const index = (start[dimension] ?? 0) / (size[dimension] ?? 0);
      if (own[dimension] !== size[dimension] || !Number.isInteger(index) || index < 0 || index >= count) return false;
      place = place * count + index;
    }
    if (seen[place] === 1) return false;
    seen[place] = 1;
  }
  return true;
}
