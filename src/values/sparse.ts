import * as l10n from '@vscode/l10n';
import { BYTES_PER_ELEMENT } from '../formats/dtype';
import type { SparseCoding } from '../formats/storage';
import { readWide } from './convert';
import { DecodingError, type ElementSource, type OpenStorage } from './reading';

/** Puts listed values to their places among zeros. Positions and values are kept while the tensor is read. */
export function sparseSource(coding: SparseCoding, width: number, count: number, open: OpenStorage): ElementSource {
  let known: { positions: Float64Array; values: Uint8Array } | undefined;
  return {
    read(first, target) {
      known ??= readSorted(coding, width, count, open);
      const { positions, values } = known;
      target.fill(0);
      const end = first + target.length / width;
      for (let i = lowerBound(positions, first); i < positions.length; i++) {
        const position = positions[i] ?? end;
        if (position >= end) break;
        target.set(values.subarray(i * width, (i + 1) * width), (position - first) * width);
      }
    },
  };
}

function readSorted(
  coding: SparseCoding,
  width: number,
  count: number,
  open: OpenStorage,
): { positions: Float64Array; values: Uint8Array } {
  const positions = readPositions(coding, count, open);
  const values = new Uint8Array(coding.count * width);
  open(coding.values, coding.count).read(0, values);
  if (positions.every((position, i) => i === 0 || position > (positions[i - 1] ?? 0))) return { positions, values };
  const order = [...positions.keys()].sort((a, b) => (positions[a] ?? 0) - (positions[b] ?? 0));
  const sorted = new Uint8Array(values.length);
  order.forEach((from, to) => {
    sorted.set(values.subarray(from * width, (from + 1) * width), to * width);
  });
  return { positions: positions.sort(), values: sorted };
}

function readPositions(coding: SparseCoding, count: number, open: OpenStorage): Float64Array {
  const { indices, perDimension, shape } = coding;
  const columns = perDimension ? shape.length : 1;
  if (indices.dtype !== 'int64' && indices.dtype !== 'int32') throw new TypeError('Indices are int32 or int64');
  const bytes = new Uint8Array(coding.count * columns * BYTES_PER_ELEMENT[indices.dtype]);
  open(indices, coding.count * columns).read(0, bytes);
  const numbers = readWide(bytes, indices.dtype);
  if (!perDimension) {
    if (numbers.some((position) => position < 0 || position >= count)) throw outside();
    return numbers;
  }
  return Float64Array.from({ length: coding.count }, (_, row) => {
    let position = 0;
    for (const [dimension, size] of shape.entries()) {
      const index = numbers[row * columns + dimension] ?? 0;
      if (index < 0 || index >= size) throw outside();
      position = position * size + index;
    }
    return position;
  });
}

function outside(): DecodingError {
  return new DecodingError(l10n.t('lists a value at a place outside its shape'));
}

/** Index of the first of the ascending positions that is not before `first`. */
function lowerBound(positions: Float64Array, first: number): number {
  let low = 0;
  let high = positions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((positions[middle] ?? 0) < first) low = middle + 1;
    else high = middle;
  }
  return low;
}
