import type { Tile, TiledCoding } from '../formats/storage';
import { copyBox } from './box-copy';
import { Unfilter } from './filters';
import { storedOrder } from './ordered-bytes';
import { isRandomAccess, type ByteReader, type ElementSource, type OpenStorage } from './reading';
import { coverAll, endRow, TilesByRow } from './tile-order';
import { product } from '../formats/shape';

/**
 * Rows (indices of the first dimension) that are put together at a time take about this much memory: what stays in a
 * processor's cache until it is handed out.
 */
const SLAB_BYTES = 2 * 1024 * 1024;

/** Slabs of rows with many tiles are larger, so that so much is read of each tile: small reads cost as much as large ones. */
const TILE_READ_BYTES = 32 * 1024;

/** But not larger than this. */
const MAX_SLAB_BYTES = 16 * 1024 * 1024;

/** A tensor in boxes, in C order: some rows at a time are put together from the tiles that reach into them. */
export class TiledSource implements ElementSource {
  private readonly rowLength: number;
  private readonly rows: number;
  private readonly tiles: TilesByRow;
  /** Whether nothing has to be filled, since there is a tile everywhere. */
  private readonly isCovered: boolean;
  /** Rows that were put together, at the start of a buffer that is used for one slab after the other. */
  private slab = { first: 0, end: 0 };
  private slabBuffer = new Uint8Array(0);
  /** What is read of a tile. */
  private pieceBuffer = new Uint8Array(0);
  private readonly unfilter: Unfilter;

  constructor(
    private readonly coding: TiledCoding,
    private readonly width: number,
    private readonly open: OpenStorage,
    private readonly reader: ByteReader,
  ) {
    const [rows = 1, ...rest] = coding.shape;
    this.rows = rows;
    this.rowLength = product(rest);
    this.tiles = new TilesByRow(coding.tiles);
    this.isCovered = coverAll(coding.tiles, coding.shape);
    this.unfilter = new Unfilter(reader);
  }

  read(first: number, target: Uint8Array): void {
    const { width, rowLength } = this;
    const rowBytes = rowLength * width;
    for (let done = 0; done < target.length;) {
      const element = first + done / width;
      const row = Math.floor(element / rowLength);
      if (row < this.slab.first || row >= this.slab.end) this.fillSlab(row, rowBytes);
      const offset = (element - this.slab.first * rowLength) * width;
      const taken = Math.min((this.slab.end - this.slab.first) * rowBytes - offset, target.length - done);
      target.set(this.slabBuffer.subarray(offset, offset + taken), done);
      done += taken;
    }
  }

  private fillSlab(row: number, rowBytes: number): void {
    const [first, end] = slabRows(this.tiles, row, this.rows, rowBytes);
    const length = (end - first) * rowBytes;
    // What an error leaves half done is not to be found later.
    this.slab = { first: 0, end: 0 };
    if (this.slabBuffer.length < length) this.slabBuffer = new Uint8Array(length);
    this.assemble(first, end, this.slabBuffer.subarray(0, length));
    this.slab = { first, end };
  }

  /** Puts the rows from `first` to before `end` together. */
  private assemble(first: number, end: number, bytes: Uint8Array): void {
    if (!this.isCovered) fillWith(bytes, this.coding.fill);
    const shape = [end - first, ...this.coding.shape.slice(1)];
    for (const tile of this.tiles.reaching(first, end)) {
      this.reader.checkCancelled();
      this.place(tile, first, shape, bytes);
    }
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
    const end = first + count;
    if (storage.strides !== undefined) {
      return storedOrder(storage, shape, this.open).subarray(first * width, end * width);
    }
    if (storage.coding?.kind === 'filtered') {
      return this.unfilter.decoded(storage.coding, storage.extents).subarray(first * width, end * width);
    }
    if (this.pieceBuffer.length < count * width) this.pieceBuffer = new Uint8Array(count * width);
    const content = this.pieceBuffer.subarray(0, count * width);
    this.open(storage, product(shape)).read(first, content);
    return content;
  }
}

/**
 * Rows that one slab has: as many as fit, unless a tile that can only be decoded as a whole has more. Such tiles
 * are in one slab with all of their rows, so that none is decoded twice.
 */
function slabRows(tiles: TilesByRow, row: number, rows: number, rowBytes: number): [first: number, end: number] {
  let tilesInRow = 0;
  for (const tile of tiles.reaching(row, row + 1)) if (isRandomAccess(tile.storage)) tilesInRow++;
  const bytes = Math.min(MAX_SLAB_BYTES, Math.max(SLAB_BYTES, tilesInRow * TILE_READ_BYTES));
  const budget = Math.max(1, Math.floor(bytes / Math.max(1, rowBytes)));
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

function fillWith(bytes: Uint8Array, fill: readonly number[] | undefined): void {
  if (fill?.some((byte) => byte !== 0) !== true) {
    bytes.fill(0);
    return;
  }
  bytes.set(fill);
  for (let filled = fill.length; filled < bytes.length; filled *= 2) bytes.copyWithin(filled, 0, filled);
}
