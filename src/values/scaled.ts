import { BYTES_PER_ELEMENT } from '../formats/dtype';
import type { ScaledCoding, TensorStorage } from '../formats/storage';
import { BoxValues } from './box-values';
import { swapByteOrder, toFloat32, toFloat64 } from './convert';
import { readAll } from './read-all';
import type { ElementSource, OpenStorage } from './reading';
import { roundTo } from './rounding';
import { product } from '../formats/shape';

const PIECE_ELEMENTS = 65_536;

type Values = Float32Array | Float64Array;

/** Multiplies codes with the scales of their boxes. */
export function scaledSource(coding: ScaledCoding, open: OpenStorage): ElementSource {
  const { codes, inverse, roundedTo, wide } = coding;
  const readCodes = codeReader(codes, wide === true, open(codes, product(coding.shape)));
  const { shape, block, axis } = merged(coding);
  const boxes = shape.map((size, dimension) => Math.ceil(size / (block[dimension] ?? 1)));
  const boxStrides = boxes.map((_, dimension) => product(boxes.slice(dimension + 1)));
  const last = shape.length - 1;
  const lastSize = shape[last] ?? 1;
  const lastBlock = block[last] ?? 1;
  // As the coding has them: their numbers may be a view.
  const allBoxes = coding.shape.map((size, dimension) => Math.ceil(size / (coding.block[dimension] ?? 1)));
  // Boxes that are listed may be anywhere.
  const whole = coding.groups !== undefined;
  const scales = new BoxValues(coding.scales, allBoxes, whole, open, wide === true);
  const zeros =
    coding.zeros === undefined || coding.zeros === 0
      ? undefined
      : new BoxValues(coding.zeros, allBoxes, whole, open, wide === true);
  const offsets =
    coding.offsets === undefined ? undefined : new BoxValues(coding.offsets, allBoxes, whole, open, wide === true);
  const listed = lazily(() =>
    coding.groups === undefined || axis === undefined
      ? undefined
      : boxList(coding.groups.index, shape[axis] ?? 1, boxes[axis] ?? 1, open),
  );

  /** Number of the first box of the row with the number `row`: all dimensions but the last. */
  const rowBox = (row: number): number => {
    let rest = row;
    let box = 0;
    for (let dimension = last - 1; dimension >= 0; dimension--) {
      const size = shape[dimension] ?? 1;
      const index = rest % size;
      const along = axis === dimension ? (listed()?.[index] ?? 0) : Math.floor(index / (block[dimension] ?? 1));
      box += along * (boxStrides[dimension] ?? 1);
      rest = Math.floor(rest / size);
    }
    return box;
  };

  /** Elements from `at` up to `end` of `values`, which are all of one box. */
  const scaleBox = (values: Values, at: number, end: number, box: number): void => {
    const scale = scales.at(box);
    const zero = zeros === undefined ? 0 : zeros.at(box);
    if (wide === true) {
      const offset = offsets === undefined ? 0 : offsets.at(box);
      for (let i = at; i < end; i++)
        values[i] = (inverse === true ? (values[i]! - zero) / scale : (values[i]! - zero) * scale) + offset;
      return;
    }
    // What is written to the array is rounded by that.
    if (inverse === true) for (let i = at; i < end; i++) values[i] = Math.fround(values[i]! - zero) / scale;
    else if (zero === 0) for (let i = at; i < end; i++) values[i] = values[i]! * scale;
    else for (let i = at; i < end; i++) values[i] = Math.fround(values[i]! - zero) * scale;
    if (offsets !== undefined) {
      const offset = offsets.at(box);
      for (let i = at; i < end; i++) values[i] = values[i]! + offset;
    }
  };

  /** Elements from `at` up to `end` of `values`: one box each, one after the other from `box` on. */
  const scaleEach = (values: Values, at: number, end: number, box: number): void => {
    const count = end - at;
    const part = values.subarray(at, end);
    const scale = scales.span(box, count);
    const zero = zeros?.span(box, count);
    if (wide === true) {
      for (let i = at; i < end; i++) scaleBox(values, i, i + 1, box + i - at);
      return;
    }
    if (inverse === true) {
      for (let i = 0; i < count; i++) part[i] = Math.fround(part[i]! - (zero?.[i] ?? 0)) / scale[i]!;
    } else if (zero === undefined) {
      for (let i = 0; i < count; i++) part[i] = part[i]! * scale[i]!;
    } else {
      for (let i = 0; i < count; i++) part[i] = Math.fround(part[i]! - zero[i]!) * scale[i]!;
    }
    if (offsets !== undefined) {
      const offset = offsets.span(box, count);
      for (let i = 0; i < count; i++) part[i] = part[i]! + offset[i]!;
    }
  };

  const scaleRun = (values: Values, at: number, end: number, box: number, column: number): void => {
    const places = axis === last ? listed() : undefined;
    if (places !== undefined) {
      for (let i = at; i < end; i++) scaleBox(values, i, i + 1, box + (places[column + i - at] ?? 0));
    } else if (lastBlock === 1) {
      scaleEach(values, at, end, box + column);
    } else {
      for (let i = at; i < end;) {
        const here = column + i - at;
        const number = Math.floor(here / lastBlock);
        const stop = Math.min(end, i + (number + 1) * lastBlock - here);
        scaleBox(values, i, stop, box + number);
        i = stop;
      }
    }
  };

  return {
    read(first, target) {
      const total = target.length / 4;
      for (let done = 0; done < total; done += PIECE_ELEMENTS) {
        const length = Math.min(PIECE_ELEMENTS, total - done);
        const values = readCodes(first + done, length);
        for (let i = 0; i < length;) {
          const row = Math.floor((first + done + i) / lastSize);
          const column = first + done + i - row * lastSize;
          const end = Math.min(length, i + lastSize - column);
          scaleRun(values, i, end, rowBox(row), column);
          i = end;
        }
        const floats = values instanceof Float32Array ? values : Float32Array.from(values);
        if (roundedTo !== undefined) roundTo(floats, roundedTo);
        target.set(new Uint8Array(floats.buffer, floats.byteOffset, 4 * length), 4 * done);
      }
    },
  };
}

/**
 * The same boxes with dimensions put together where the boxes allow it (a scale for each of many small kernels), which
 * makes runs long. Those on both sides of a listed dimension stay. `axis`: the listed dimension among them.
 */
function merged({ shape, block, groups }: ScaledCoding): {
  shape: number[];
  block: number[];
  axis: number | undefined;
} {
  const sizes: number[] = [];
  const blocks: number[] = [];
  let axis: number | undefined;
  for (const [dimension, size] of shape.entries()) {
    const length = Math.max(1, Math.min(block[dimension] ?? 1, size));
    const before = sizes.length - 1;
    const fixed = groups !== undefined && (groups.axis === dimension || groups.axis === dimension - 1);
    const outer = blocks[before];
    if (outer !== undefined && !fixed && (length === size || (length === 1 && outer === 1))) {
      sizes[before] = (sizes[before] ?? 1) * size;
      blocks[before] = outer * length;
    } else {
      sizes.push(size);
      blocks.push(length);
    }
    if (groups?.axis === dimension) axis = sizes.length - 1;
  }
  return { shape: sizes, block: blocks, axis };
}

function codeReader(
  codes: TensorStorage,
  wide: boolean,
  source: ElementSource,
): (first: number, count: number) => Values {
  const width = BYTES_PER_ELEMENT[codes.dtype];
  const plain = codes.dtype === 'float32' && codes.quantization === undefined;
  let bytes = new Uint8Array(0);
  return (first, count) => {
    if (bytes.length < count * width) bytes = new Uint8Array(count * width);
    const piece = bytes.subarray(0, count * width);
    source.read(first, piece);
    if (codes.bigEndian === true) swapByteOrder(piece, width);
    if (wide) return toFloat64(piece, codes.dtype, codes.quantization);
    return plain ? new Float32Array(bytes.buffer, 0, count) : toFloat32(piece, codes.dtype, codes.quantization);
  };
}

/** Boxes along a dimension that are listed, as far as they exist. */
function boxList(index: TensorStorage, size: number, boxes: number, open: OpenStorage): Float64Array {
  return Float64Array.from(readAll(index, [size], open), (box) => Math.min(Math.max(box, 0), boxes - 1));
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
