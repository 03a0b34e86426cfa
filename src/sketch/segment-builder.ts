import { BYTES_PER_ELEMENT } from '../formats/dtype';
import { BlockRows } from './block-rows';
import { readWide, swapByteOrder } from '../values/convert';
import type { Kernel } from './kernel';
import {
  COMPACT_CODES_OFFSET,
  COMPACT_COUNTS_OFFSET,
  COMPACT_LOW_SUMS_OFFSET,
  INPUT_BYTES,
  INPUT_OFFSET,
  TABLE_BYTES,
  TABLE_OFFSET,
} from './layout';
import type { SketchPlan } from './plan';
import { BLOCK_ELEMENTS, MAX_SEGMENT_ELEMENTS, type SegmentSketch } from './segment';

/** Up to here it is quicker to look the patterns up in the input than to search the whole table for them. */
const FEW_ELEMENTS = 1024;

/** Bytes of float64 and of 64-bit integers. */
const WIDEST_ELEMENT = 8;

/** Kernels whose table is not empty: a builder was dropped half-way, or is at work. */
const inUse = new WeakSet<Kernel>();

/** Where types that are converted wait, outside of the kernel's memory, which gets them as float32. Kept: models have many scalars of 64 bits. */
const stages = new WeakMap<Kernel, Uint8Array<ArrayBuffer>>();

export interface SegmentOptions {
  /** The bytes come in big-endian order. */
  readonly bigEndian?: boolean | undefined;
  /** Gets whole elements, little-endian, in order, as they are consumed (to hash them); must not keep the array. */
  readonly tap?: ((elements: Uint8Array) => void) | undefined;
}

/**
 * Sketches one segment of a tensor: up to {@link MAX_SEGMENT_ELEMENTS} consecutive elements, starting at a multiple of
 * {@link BLOCK_ELEMENTS}. Fill {@link space} with the next bytes of the elements as they are stored, in pieces of any
 * size, tell {@link advance} how many they are, and at last {@link finish}. One builder at a time to a kernel; one that
 * is not needed any more is simply dropped.
 */
export class SegmentBuilder {
  private readonly buffer: Uint8Array<ArrayBuffer>;
  private readonly width: number;
  private readonly table: Uint32Array;
  private readonly rows: BlockRows;
  private filled = 0;
  private count = 0;

  constructor(
    private readonly kernel: Kernel,
    private readonly plan: SketchPlan,
    private readonly options: SegmentOptions = {},
  ) {
    this.buffer =
      plan.kind === 'converted'
        ? stageOf(kernel).subarray(0, BLOCK_ELEMENTS * BYTES_PER_ELEMENT[plan.dtype])
        : new Uint8Array(kernel.memory, INPUT_OFFSET, INPUT_BYTES);
    this.width = elementWidth(plan);
    this.table = new Uint32Array(kernel.memory, TABLE_OFFSET, TABLE_BYTES / 4);
    this.rows = new BlockRows(kernel);
    if (inUse.has(kernel)) this.table.fill(0);
    inUse.add(kernel);
  }

  /** Where the next bytes go; never empty. A file may be read straight into it. */
  get space(): Uint8Array<ArrayBuffer> {
    return this.buffer.subarray(this.filled);
  }

  /** The first `byteLength` bytes of {@link space} have been filled. @throws {RangeError} if there is no room for them. */
  advance(byteLength: number): void {
    if (byteLength < 0 || this.filled + byteLength > this.buffer.length) {
      throw new RangeError(`${String(byteLength)} bytes do not fit`);
    }
    this.filled += byteLength;
    if (this.filled === this.buffer.length) this.consume();
  }

  /**
   * The sketch of all that has been given. The builder is of no use afterwards.
   * @throws {RangeError} if the bytes are no whole number of elements.
   */
  finish(): SegmentSketch {
    if (this.filled % this.width !== 0) throw new RangeError('The segment ends within an element');
    this.consume();
    const segment =
      this.plan.kind === 'codes' ? this.drainCodes(this.plan.bits) : { ...this.drainBins(), ...this.rows.summary() };
    inUse.delete(this.kernel);
    return segment;
  }

  private consume(): void {
    if (this.filled === 0) return;
    const elements = this.filled / this.width;
    this.count += elements;
    if (this.count > MAX_SEGMENT_ELEMENTS) throw new RangeError('The segment has too many elements');
    const bytes = this.buffer.subarray(0, this.filled);
    if (this.options.bigEndian === true) swapByteOrder(bytes, this.width);
    this.options.tap?.(bytes);
    switch (this.plan.kind) {
      case 'float32':
        this.consumeFloat32(elements);
        break;
      case 'codes':
        if (this.plan.bits === 8) this.kernel.countCodes8(INPUT_OFFSET, elements);
        else this.kernel.countCodes16(INPUT_OFFSET, elements);
        break;
      case 'converted':
        // Buffer and block are of one size.
        this.rows.addConverted(readWide(bytes, this.plan.dtype));
    }
    this.filled = 0;
  }

  private consumeFloat32(elements: number): void {
    for (let done = 0; done < elements; done += BLOCK_ELEMENTS) {
      this.rows.addFloat32(INPUT_OFFSET + 4 * done, Math.min(BLOCK_ELEMENTS, elements - done));
    }
  }

  private drainBins(): Pick<SegmentSketch & { kind: 'binned' }, 'kind' | 'count' | 'codes' | 'counts' | 'lowSums'> {
    const { table, count } = this;
    if (count > FEW_ELEMENTS) {
      const found = this.kernel.compactBins();
      return { kind: 'binned', count, ...this.compacted(found), lowSums: this.column(COMPACT_LOW_SUMS_OFFSET, found) };
    }
    const codes = distinct(
      new Uint16Array(this.kernel.memory, INPUT_OFFSET, 2 * count).filter((_, i) => (i & 1) === 1),
    );
    const counts = new Float64Array(codes.length);
    const lowSums = new Float64Array(codes.length);
    codes.forEach((code, i) => {
      const low = table[2 * code] ?? 0;
      const high = table[2 * code + 1] ?? 0;
      counts[i] = high >>> 8;
      lowSums[i] = (high & 0xff) * 2 ** 32 + low;
      table[2 * code] = 0;
      table[2 * code + 1] = 0;
    });
    return { kind: 'binned', count, codes, counts, lowSums };
  }

  private drainCodes(bits: 8 | 16): SegmentSketch {
    const { table, count } = this;
    if (bits === 16 && count > FEW_ELEMENTS) {
      return { kind: 'codes', count, ...this.compacted(this.kernel.compactCodes16()) };
    }
    if (bits === 8) {
      // Four sets of counters into one.
      for (let i = 256; i < 1024; i++) {
        table[i & 0xff] = (table[i & 0xff] ?? 0) + (table[i] ?? 0);
        table[i] = 0;
      }
    }
    const codes =
      bits === 16
        ? distinct(new Uint16Array(this.kernel.memory, INPUT_OFFSET, count).slice())
        : Uint16Array.from({ length: 256 }, (_, code) => code).filter((code) => table[code] !== 0);
    const counts = new Float64Array(codes.length);
    codes.forEach((code, i) => {
      counts[i] = table[code] ?? 0;
      table[code] = 0;
    });
    return { kind: 'codes', count, codes, counts };
  }

  /** The columns that the kernel has just written, of `length` entries, as arrays of their own. */
  private compacted(length: number): { codes: Uint16Array<ArrayBuffer>; counts: Float64Array<ArrayBuffer> } {
    return {
      codes: new Uint16Array(this.kernel.memory, COMPACT_CODES_OFFSET, length).slice(),
      counts: this.column(COMPACT_COUNTS_OFFSET, length),
    };
  }

  private column(offset: number, length: number): Float64Array<ArrayBuffer> {
    return new Float64Array(this.kernel.memory, offset, length).slice();
  }
}

function stageOf(kernel: Kernel): Uint8Array<ArrayBuffer> {
  let stage = stages.get(kernel);
  if (stage === undefined) {
    stage = new Uint8Array(BLOCK_ELEMENTS * WIDEST_ELEMENT);
    stages.set(kernel, stage);
  }
  return stage;
}

function elementWidth(plan: SketchPlan): number {
  switch (plan.kind) {
    case 'float32':
      return 4;
    case 'codes':
      return plan.bits / 8;
    case 'converted':
      return BYTES_PER_ELEMENT[plan.dtype];
  }
}

/** Sorts in place. */
function distinct(codes: Uint16Array<ArrayBuffer>): Uint16Array<ArrayBuffer> {
  return codes.sort().filter((code, i) => i === 0 || code !== codes[i - 1]);
}
