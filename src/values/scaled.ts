import { BYTES_PER_ELEMENT } from '../formats/dtype';
import type { ScaledCoding, TensorStorage } from '../formats/storage';
import { swapByteOrder, toFloat32, toFloat64 } from './convert';
import { orderedBytes } from './ordered-bytes';
import type { ElementSource, OpenStorage } from './reading';
import { gatherStrided } from './strides';
import { spanOf } from './view-parts';

const PIECE_ELEMENTS = 65_536;

/** Multiplies codes with the scales of their boxes. */
export function scaledSource(coding: ScaledCoding, open: OpenStorage): ElementSource {
  const { codes, shape, block, inverse } = coding;
  const count = product(shape);
  const codeSource = open(codes, count);
  const codeWidth = BYTES_PER_ELEMENT[codes.dtype];
  const boxes = shape.map((size, dimension) => Math.ceil(size / (block[dimension] ?? 1)));
  const scales =
    coding.doubleScales === true ? readAll64(coding.scales, boxes, open) : readAll(coding.scales, boxes, open);
  const zeros = typeof coding.zeros === 'object' ? readAll(coding.zeros, boxes, open) : undefined;
  const zero = typeof coding.zeros === 'number' ? coding.zeros : 0;
  const boxAlong = shape.map((size, dimension) => boxNumbers(coding, size, dimension, boxes, open));
  const last = shape.length - 1;
  const lastSize = shape[last] ?? 1;
  const lastBoxes = boxAlong[last] ?? new Float64Array(1);
  return {
    read(first, target) {
      const total = target.length / 4;
      const bytes = new Uint8Array(Math.min(PIECE_ELEMENTS, total) * codeWidth);
      for (let done = 0; done < total; done += PIECE_ELEMENTS) {
        const length = Math.min(PIECE_ELEMENTS, total - done);
        const piece = bytes.subarray(0, length * codeWidth);
        codeSource.read(first + done, piece);
        if (codes.bigEndian === true) swapByteOrder(piece, codeWidth);
        const values = toFloat32(piece, codes.dtype, codes.quantization);
        for (let i = 0; i < length;) {
          // A run along the last dimension at a time: all else of the box's number stays the same.
          const index = first + done + i;
          const column = index % lastSize;
          const run = Math.min(lastSize - column, length - i);
          let rest = Math.floor(index / lastSize);
          let row = 0;
          for (let dimension = last - 1; dimension >= 0; dimension--) {
            const size = shape[dimension] ?? 1;
            row += boxAlong[dimension]?.[rest % size] ?? 0;
            rest = Math.floor(rest / size);
          }
          for (let j = 0; j < run; j++) {
            const box = row + (lastBoxes[column + j] ?? 0);
            const shifted = Math.fround((values[i + j] ?? 0) - (zeros === undefined ? zero : (zeros[box] ?? 0)));
            const scale = scales[box] ?? 0;
            values[i + j] = inverse === true ? shifted / scale : shifted * scale;
          }
          i += run;
        }
        target.set(new Uint8Array(values.buffer, values.byteOffset, 4 * length), 4 * done);
      }
    },
  };
}

/** What each index along a dimension adds to the number of the box. */
function boxNumbers(
  { block, groups }: ScaledCoding,
  size: number,
  dimension: number,
  boxes: readonly number[],
  open: OpenStorage,
): Float64Array {
  const stride = product(boxes.slice(dimension + 1));
  const length = block[dimension] ?? 1;
  if (groups?.axis !== dimension) return Float64Array.from({ length: size }, (_, i) => Math.floor(i / length) * stride);
  const most = (boxes[dimension] ?? 1) - 1;
  const listed = readAll(groups.index, [size], open);
  return Float64Array.from(listed, (group) => Math.min(Math.max(group, 0), most) * stride);
}

/** All values of a small storage, in C order. */
export function readAll(storage: TensorStorage, shape: readonly number[], open: OpenStorage): Float32Array {
  const count = product(shape);
  const width = BYTES_PER_ELEMENT[storage.dtype];
  let bytes = new Uint8Array(count * width);
  if (storage.strides === undefined) open(storage, count).read(0, bytes);
  else {
    const view = { shape, strides: storage.strides };
    const span = new Uint8Array(count === 0 ? 0 : spanOf(view) * width);
    open(storage, span.length / width).read(0, span);
    bytes = new Uint8Array(count * width);
    gatherStrided(view, 0, count, width, span, 0, bytes);
  }
  if (storage.bigEndian === true) swapByteOrder(bytes, width);
  return toFloat32(bytes, storage.dtype, storage.quantization);
}

/** The same in double precision. */
function readAll64(storage: TensorStorage, shape: readonly number[], open: OpenStorage): Float64Array {
  return toFloat64(orderedBytes(storage, shape, open), storage.dtype, storage.quantization);
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total * size, 1);
}
