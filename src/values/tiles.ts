import type { Tile, TiledCoding } from '../formats/storage';
import { storedOrder } from './ordered-bytes';
import { isRandomAccess, type ByteReader, type ElementSource, type OpenStorage } from './reading';

/** Rows (indices of the first dimension) that are put together at a time take about this much memory. */
const SLAB_BYTES = 16 * 1024 * 1024;

/** A tensor in boxes, in C order: some rows at a time are put together from the tiles that reach into them. */
export class TiledSource implements ElementSource {
  private readonly rowLength: number;
  private readonly rows: number;
  private readonly tiles: TilesByRow;
  private slab: { readonly first: number; readonly end: number; readonly bytes: Uint8Array } | undefined;

  constructor(
    private readonly coding: TiledCoding,
    private readonly width: number,
    private readonly open: OpenStorage,
    private readonly reader: Pick<ByteReader, 'checkCancelled'>,
  ) {
    const [rows = 1, ...rest] = coding.shape;
    this.rows = rows;
    this.rowLength = product(rest);
    this.tiles = new TilesByRow(coding.tiles);
  }

  read(first: number, target: Uint8Array): void {
    const { width, rowLength } = this;
    for (let done = 0; done < target.length;) {
      const element = first + done / width;
      const { bytes, first: start } = this.slabWith(Math.floor(element / rowLength));
      const offset = (element - start * rowLength) * width;
      const taken = Math.min(bytes.length - offset, target.length - done);
      target.set(bytes.subarray(offset, offset + taken), done);
      done += taken;
    }
  }

  private slabWith(row: number): NonNullable<TiledSource['slab']> {
    if (this.slab !== undefined && row >= this.slab.first && row < this.slab.end) return this.slab;
    const [first, end] = slabRows(this.tiles, row, this.rows, this.rowLength * this.width);
    const bytes = new Uint8Array((end - first) * this.rowLength * this.width);
    fillWith(bytes, this.coding.fill);
    const shape = [end - first, ...this.coding.shape.slice(1)];
    for (const tile of this.tiles.reaching(first, end)) {
      this.reader.checkCancelled();
      this.place(tile, first, shape, bytes);
    }
    this.slab = { first, end, bytes };
    return this.slab;
  }

  /** Copies what of a tile lies in the rows from `firstRow` on. */
  private place(tile: Tile, firstRow: number, shape: readonly number[], bytes: Uint8Array): void {
    const { width } = this;
    const scalar = shape.length === 1 && tile.shape.length === 0;
    const tileShape = scalar ? [1] : tile.shape;
    const start = scalar ? [0] : tile.start;
    const rowsBefore = Math.max(0, firstRow - (start[0] ?? 0));
    const rowCount = Math.min(tileShape[0] ?? 1, firstRow + (shape[0] ?? 1) - (start[0] ?? 0)) - rowsBefore;
    const tileRow = product(tileShape.slice(1));
    const content = this.rowsOf(tile, tileShape, rowsBefore * tileRow, rowCount * tileRow);
    const to = [(start[0] ?? 0) + rowsBefore - firstRow, ...start.slice(1)];
    copyBox(content, [rowCount, ...tileShape.slice(1)], bytes, shape, to, width);
  }

  private rowsOf({ storage }: Tile, shape: readonly number[], first: number, count: number): Uint8Array {
    const { width } = this;
    if (storage.strides !== undefined) {
      return storedOrder(storage, shape, this.open).subarray(first * width, (first + count) * width);
    }
    const content = new Uint8Array(count * width);
    this.open(storage, product(shape)).read(first, content);
    return content;
  }
}

/** Tiles in the order of their first rows, found by the rows that they reach into. */
class TilesByRow {
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

function endRow({ start, shape }: Tile): number {
  return (start[0] ?? 0) + (shape[0] ?? 1);
}

/**
 * Rows that one slab has: up to {@link SLAB_BYTES}, unless a tile that can only be decoded as a whole has more. Such tiles
 * are in one slab with all of their rows, so that none is decoded twice.
 */
function slabRows(tiles: TilesByRow, row: number, rows: number, rowBytes: number): [first: number, end: number] {
  const budget = Math.max(1, Math.floor(SLAB_BYTES / Math.max(1, rowBytes)));
  let first = row;
  let end = row + 1;
  // What reaches into the row belongs to it, and what reaches into that, if tiles are no grid.
  for (let grown = true; grown;) {
    grown = false;
    for (const tile of tiles.reaching(first, end)) {
      if (isRandomAccess(tile.storage)) continue;
      const from = tile.start[0] ?? 0;
      const to = Math.min(rows, endRow(tile));
      if (from >= first && to <= end) continue;
      first = Math.min(first, from);
      end = Math.max(end, to);
      grown = true;
    }
  }
  // Further rows as far as they fit, none of whose tiles is cut.
  let last = Math.min(rows, first + budget);
  for (let cut = true; cut && last > end;) {
    cut = false;
    for (const tile of tiles.reaching(last - 1, last)) {
      if (isRandomAccess(tile.storage) || Math.min(rows, endRow(tile)) <= last) continue;
      last = Math.min(last, tile.start[0] ?? 0);
      cut = true;
    }
  }
  return [first, Math.max(end, last)];
}

/** Bytes of the largest piece of a tiled tensor that must be in memory to have its elements in C order. */
export function slabBytes(coding: TiledCoding, width: number): number {
  const rowBytes = product(coding.shape.slice(1)) * width;
  const [rows = 1] = coding.shape;
  const largest = coding.tiles.reduce(
    (most, { storage, shape }) => (isRandomAccess(storage) ? most : Math.max(most, shape[0] ?? 1)),
    1,
  );
  return Math.min(rows, largest) * rowBytes;
}

/** Copies a box into a larger array at `to`; what reaches beyond the array is left out. */
export function copyBox(
  from: Uint8Array,
  shape: readonly number[],
  target: Uint8Array,
  targetShape: readonly number[],
  to: readonly number[],
  width: number,
): void {
  const last = shape.length - 1;
  const run = Math.min(shape[last] ?? 1, (targetShape[last] ?? 1) - (to[last] ?? 0));
  if (run <= 0) return;
  const rows = product(shape.slice(0, -1));
  for (let row = 0; row < rows; row++) {
    let rest = row;
    let offset = to[last] ?? 0;
    let stride = targetShape[last] ?? 1;
    let inside = true;
    for (let dimension = last - 1; dimension >= 0; dimension--) {
      const size = shape[dimension] ?? 1;
      const index = (rest % size) + (to[dimension] ?? 0);
      rest = Math.floor(rest / size);
      if (index >= (targetShape[dimension] ?? 1)) inside = false;
      offset += index * stride;
      stride *= targetShape[dimension] ?? 1;
    }
    if (!inside) continue;
    const start = row * (shape[last] ?? 1) * width;
    target.set(from.subarray(start, start + run * width), offset * width);
  }
}

function fillWith(bytes: Uint8Array, fill: readonly number[] | undefined): void {
  if (fill?.some((byte) => byte !== 0) !== true) return;
  bytes.set(fill);
  for (let filled = fill.length; filled < bytes.length; filled *= 2) bytes.copyWithin(filled, 0, filled);
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total * size, 1);
}
