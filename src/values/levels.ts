import * as l10n from '@vscode/l10n';
import { BYTES_PER_ELEMENT } from '../formats/dtype';
import type { LevelsCoding, StorageLevel, TensorStorage } from '../formats/storage';
import { toFloat64 } from './convert';
import { DecodingError, type ElementSource, type OpenStorage } from './reading';
import { listedSource, sortValues } from './sparse';

/** Puts the leaves of a tree to their places among zeros. The tree is kept while the tensor is read. */
export function levelsSource(coding: LevelsCoding, width: number, open: OpenStorage): ElementSource {
  return listedSource(width, () => {
    let positions = new Float64Array(1);
    for (const level of coding.levels) positions = descend(level, positions, open);
    // The lengths of all lists agree, or the reader would have refused them: so do the numbers of nodes and leaves.
    if (positions.length !== coding.count) throw new TypeError('A sparse tensor has other leaves than values');
    const values = new Uint8Array(coding.count * width);
    open(coding.values, coding.count).read(0, values);
    return sortValues(positions, values, width);
  });
}

/** Places of the nodes of a level, from those of the level above. */
function descend(
  { size, stride, compressed }: StorageLevel,
  above: Float64Array<ArrayBuffer>,
  open: OpenStorage,
): Float64Array<ArrayBuffer> {
  if (compressed === undefined) {
    const positions = new Float64Array(above.length * size);
    let to = 0;
    for (const start of above) {
      for (let index = 0; index < size; index++) positions[to++] = start + index * stride;
    }
    return positions;
  }
  const segments = readList(compressed.segments, compressed.segmentCount, open);
  const indices = readList(compressed.indices, compressed.indexCount, open);
  if (segments[0] !== 0 || segments[above.length] !== indices.length) throw unsound();
  const positions = new Float64Array(indices.length);
  for (let node = 0; node < above.length; node++) {
    const start = above[node] ?? 0;
    const end = segments[node + 1] ?? 0;
    if (end < (segments[node] ?? 0) || end > indices.length) throw unsound();
    for (let i = segments[node] ?? 0; i < end; i++) {
      const index = indices[i] ?? 0;
      if (index < 0 || index >= size) throw new DecodingError(l10n.t('lists a value at a place outside its shape'));
      positions[i] = start + index * stride;
    }
  }
  return positions;
}

function readList(storage: TensorStorage, count: number, open: OpenStorage): Float64Array {
  const bytes = new Uint8Array(count * BYTES_PER_ELEMENT[storage.dtype]);
  open(storage, count).read(0, bytes);
  return toFloat64(bytes, storage.dtype);
}

function unsound(): DecodingError {
  return new DecodingError(l10n.t('has segments of a sparse tensor that do not follow one another'));
}
