import * as l10n from '@vscode/l10n';
import { BYTES_PER_ELEMENT } from '../formats/dtype';
import type { SparseCoding } from '../formats/storage';
import { readWide } from './convert';
import { DecodingError, type ElementSource, type OpenStorage } from './reading';

/** Values and where they belong. */
export interface PlacedValues {
  /** In C order. */
  readonly positions: Float64Array;
  /** Bytes of as many elements. */
  readonly values: Uint8Array;
}

/** Puts listed values to their places among zeros. Positions and values are kept while the tensor is read. */
export function sparseSource(coding: SparseCoding, width: number, count: number, open: OpenStorage): ElementSource {
  return placedSource(width, () => {
    const positions = readPositions(coding, count, open);
    const values = new Uint8Array(coding.count * width);
    open(coding.values, coding.count).read(0, values);
    return { positions, values };
  });
}

/** Values among zeros; they are read the first time that elements are asked for. Of several at a place the last counts. */
export function placedSource(width: number, read: () => PlacedValues): ElementSource {
  let known: PlacedValues | undefined;
  return {
    read(first, target) {
      known ??= inOrder(read(), width);
      const { positions, values } = known;
      target.fill(0);
      const end = first + target.length / width;
      for (let i = lowerBound(positions, first); i < positions.length; i++) {
        const position = positions[i] ?? end;
        if (position >= end) break;
        const to = (position - first) * width;
        for (let byte = 0; byte < width; byte++) target[to + byte] = values[i * width + byte] ?? 0;
      }
    },
  };
}

function inOrder(placed: PlacedValues, width: number): PlacedValues {
  const { positions, values } = placed;
  if (positions.every((position, i) => i === 0 || position > (positions[i - 1] ?? 0))) return placed;
  const order = Float64Array.from(positions.keys());
  order.sort((a, b) => (positions[a] ?? 0) - (positions[b] ?? 0) || a - b);
  const sorted = new Uint8Array(values.length);
  order.forEach((from, to) => {
    for (let byte = 0; byte < width; byte++) sorted[to * width + byte] = values[from * width + byte] ?? 0;
  });
  return { positions: order.map((from) => positions[from] ?? 0), values: sorted };
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
