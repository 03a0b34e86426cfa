import * as l10n from '@vscode/l10n';
import type { DType } from '../formats/dtype';
import type { SparseCoding } from '../formats/storage';
import { readWide } from './convert';
import { orderedBytes } from './ordered-bytes';
import { DecodingError, type ElementSource, type OpenStorage } from './reading';

/** Values that are listed, by the place of each in C order, ascending. */
export interface ListedValues {
  readonly positions: Float64Array;
  readonly values: Uint8Array;
}

/** Puts listed values to their places among zeros. Positions and values are kept while the tensor is read. */
export function sparseSource(coding: SparseCoding, width: number, count: number, open: OpenStorage): ElementSource {
  return listedSource(width, () => {
    const positions = readPositions(coding, count, open);
    const values = orderedBytes(coding.values, [coding.count], open);
    const listed = sortValues(positions, values, width);
    return coding.sum === true ? addRepeated(listed, coding.values.dtype) : listed;
  });
}

/** Zeros with the listed values among them, which are read when they are asked for first. */
export function listedSource(width: number, read: () => ListedValues): ElementSource {
  let known: ListedValues | undefined;
  return {
    read(first, target) {
      known ??= read();
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

/** Sorted by position; values at the same place stay in their order. */
export function sortValues(positions: Float64Array, values: Uint8Array, width: number): ListedValues {
  if (positions.every((position, i) => i === 0 || position > (positions[i - 1] ?? 0))) return { positions, values };
  const order = Uint32Array.from(positions.keys()).sort((a, b) => (positions[a] ?? 0) - (positions[b] ?? 0) || a - b);
  const sorted = new Uint8Array(values.length);
  order.forEach((from, to) => {
    for (let byte = 0; byte < width; byte++) sorted[to * width + byte] = values[from * width + byte] ?? 0;
  });
  return { positions: Float64Array.from(order, (from) => positions[from] ?? 0), values: sorted };
}

/** Adds up the values at each place, in their type, in their order. */
function addRepeated({ positions, values }: ListedValues, dtype: DType): ListedValues {
  if (!positions.some((position, i) => i > 0 && position === positions[i - 1])) return { positions, values };
  if (dtype !== 'float32' && dtype !== 'float64') {
    throw new DecodingError(l10n.t('lists several values of the type {0} at one place', dtype));
  }
  const numbers = dtype === 'float32' ? new Float32Array(values.buffer) : new Float64Array(values.buffer);
  let last = -1;
  for (let i = 0; i < positions.length; i++) {
    if (last >= 0 && positions[i] === positions[last]) numbers[last] = (numbers[last] ?? 0) + (numbers[i] ?? 0);
    else {
      last++;
      positions[last] = positions[i] ?? 0;
      numbers[last] = numbers[i] ?? 0;
    }
  }
  return { positions: positions.subarray(0, last + 1), values };
}

function readPositions(coding: SparseCoding, count: number, open: OpenStorage): Float64Array {
  const { indices, perDimension, shape } = coding;
  const columns = perDimension ? shape.length : 1;
  if (indices.dtype !== 'int64' && indices.dtype !== 'int32') throw new TypeError('Indices are int32 or int64');
  const numbers = readWide(
    orderedBytes(indices, perDimension ? [coding.count, columns] : [coding.count], open),
    indices.dtype,
  );
  if (!perDimension) {
    if (numbers.some((position) => position < 0 || position >= count)) throw outsideShape();
    return numbers;
  }
  return Float64Array.from({ length: coding.count }, (_, row) => {
    let position = 0;
    for (const [dimension, size] of shape.entries()) {
      const index = numbers[row * columns + dimension] ?? 0;
      if (index < 0 || index >= size) throw outsideShape();
      position = position * size + index;
    }
    return position;
  });
}

export function outsideShape(): DecodingError {
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
