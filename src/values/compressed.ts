import * as l10n from '@vscode/l10n';
import type { TensorStorage, CompressedCoding } from '../formats/storage';
import { readWide } from './convert';
import { orderedBytes } from './ordered-bytes';
import { DecodingError, type ElementSource, type OpenStorage } from './reading';
import { listedSource, outsideShape, sortValues } from './sparse';

/** Puts values that are listed row by row, or column by column, to their places among zeros. */
export function compressedSource(coding: CompressedCoding, width: number, open: OpenStorage): ElementSource {
  return listedSource(width, () => {
    const positions = readPositions(coding, open);
    return sortValues(positions, orderedBytes(coding.values, [positions.length], open), width);
  });
}

/** Places of the values in C order, in the order in which they are stored: block after block, each in C order. */
function readPositions(
  { shape, axis, block, count, pointers, indices }: CompressedCoding,
  open: OpenStorage,
): Float64Array {
  const [rows, columns] = shape;
  const [height, width] = block;
  const lines = axis === 0 ? rows / height : columns / width;
  const across = axis === 0 ? columns / width : rows / height;
  const starts = readIntegers(pointers, lines + 1, open);
  const places = readIntegers(indices, count, open);
  if (starts[0] !== 0 || starts[lines] !== count) throw malformedPointers();
  const positions = new Float64Array(count * height * width);
  let next = 0;
  for (let line = 0; line < lines; line++) {
    const end = starts[line + 1] ?? 0;
    if (end < (starts[line] ?? 0) || end > count) throw malformedPointers();
    for (let stored = starts[line] ?? 0; stored < end; stored++) {
      const place = places[stored] ?? -1;
      if (place < 0 || place >= across) throw outsideShape();
      const row = (axis === 0 ? line : place) * height;
      const column = (axis === 0 ? place : line) * width;
      for (let y = row; y < row + height; y++) {
        for (let x = column; x < column + width; x++) positions[next++] = y * columns + x;
      }
    }
  }
  return positions;
}

function readIntegers(storage: TensorStorage, count: number, open: OpenStorage): Float64Array {
  if (storage.dtype !== 'int64' && storage.dtype !== 'int32') throw new TypeError('Indices are int32 or int64');
  return readWide(orderedBytes(storage, [count], open), storage.dtype);
}

function malformedPointers(): DecodingError {
  return new DecodingError(l10n.t('does not say which of its values are in which row'));
}
