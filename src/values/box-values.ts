import { BYTES_PER_ELEMENT } from '../formats/dtype';
import type { TensorStorage } from '../formats/storage';
import { swapByteOrder, toFloat32, toFloat64 } from './convert';
import { readAll, readAllWide } from './read-all';
import type { ElementSource, OpenStorage } from './reading';
import { product } from '../formats/shape';

/**
 * Values read at a time. Tensors are read forwards, so few are read twice; and a large one may have many millions of
 * boxes, of which a thread that reads a part of the tensor needs few.
 */
const WINDOW = 16_384;

/** One number for each box of a scaled tensor: scales, zero points, offsets. */
export class BoxValues {
  private readonly count: number;
  private readonly source: ElementSource | undefined;
  /** Values of the boxes from `start` on. */
  private values: Float32Array | Float64Array = new Float32Array(0);
  private start = 0;

  /**
   * @param part the numbers, or the one of all boxes
   * @param boxes how many there are along each dimension
   * @param whole whether they are asked for in no order: all are kept then
   * @param wide whether in double precision
   */
  constructor(
    private readonly part: TensorStorage | number,
    private readonly boxes: readonly number[],
    whole: boolean,
    private readonly open: OpenStorage,
    private readonly wide: boolean,
  ) {
    this.count = product(boxes);
    if (typeof part === 'object' && part.strides === undefined && !whole) this.source = open(part, this.count);
  }

  at(box: number): number {
    const known = this.values[box - this.start];
    return known ?? this.span(box, 1)[0] ?? 0;
  }

  /** Values of `count` boxes from `box` on; valid until the next call. */
  span(box: number, count: number): Float32Array | Float64Array {
    if (box < this.start || box + count > this.start + this.values.length) this.load(box, count);
    return this.values.subarray(box - this.start, box - this.start + count);
  }

  private load(box: number, count: number): void {
    const { part } = this;
    const length = Math.max(count, Math.min(WINDOW, this.count - box));
    if (typeof part === 'number') {
      this.values = (this.wide ? new Float64Array(length) : new Float32Array(length)).fill(part);
      this.start = box;
    } else if (this.source === undefined) {
      this.values = (this.wide ? readAllWide : readAll)(part, this.boxes, this.open);
      this.start = 0;
    } else {
      const width = BYTES_PER_ELEMENT[part.dtype];
      const bytes = new Uint8Array(length * width);
      this.source.read(box, bytes);
      if (part.bigEndian === true) swapByteOrder(bytes, width);
      this.values = (this.wide ? toFloat64 : toFloat32)(bytes, part.dtype, part.quantization);
      this.start = box;
    }
  }
}
