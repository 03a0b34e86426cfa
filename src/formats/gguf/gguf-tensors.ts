import * as l10n from '@vscode/l10n';
import type { TensorEntry } from '../checkpoint';
import { listed } from '../name-list';
import { tensorRole } from '../roles';
import { elementCount } from '../shape';
import type { RandomAccessSource } from '../source';
import type { TensorStorage } from '../storage';
import type { GgufCursor } from './gguf-cursor';
import type { GgufHeader, GgufTensor } from './gguf-header';
import { GGML_TYPES, Q2_0, Q2_0_G128, UNREAD_TYPES, type GgmlType } from './gguf-types';

/** A tensor that is left out, and the name of its type. */
export interface UnreadTensor {
  readonly name: string;
  readonly type: string;
}

interface Placed extends GgufTensor {
  readonly count: number;
  readonly ggml: GgmlType;
  readonly start: number;
  readonly byteLength: number;
}

/**
 * The tensors of a header as entries of a checkpoint, in the order of the file, and those that are of a type that is
 * not read. Checks that they are inside the file, begin where tensors may, and do not overlap.
 * @param file index in the checkpoint.
 * @throws {FormatError}
 */
export function ggufTensors(
  header: GgufHeader,
  source: RandomAccessSource,
  file: number,
  cursor: GgufCursor,
): { tensors: TensorEntry[]; unread: UnreadTensor[] } {
  const unread: UnreadTensor[] = [];
  const readable: { tensor: GgufTensor; ggml: GgmlType }[] = [];
  const q2 = groupsOf128(header, source) ? Q2_0_G128 : GGML_TYPES.get(Q2_0);
  for (const tensor of header.tensors) {
    const { name, type } = tensor;
    const ggml = type === Q2_0 ? q2 : GGML_TYPES.get(type);
    if (ggml === undefined) {
      unread.push({ name, type: UNREAD_TYPES.get(type) ?? l10n.t('number {0}', type) });
    } else if (header.bigEndian && ggml.dtype === undefined && ggml.big === undefined) {
      unread.push({ name, type: l10n.t('{0} in big-endian order', ggml.name) });
    } else {
      readable.push({ tensor, ggml });
    }
  }
  const placed = readable.map(({ tensor, ggml }) => place(tensor, ggml, header, source, cursor));
  checkOverlaps(placed, cursor);
  return { tensors: placed.map((tensor) => entry(tensor, header.bigEndian, file)), unread };
}

function place(
  tensor: GgufTensor,
  ggml: GgmlType,
  { dataStart, metadata }: GgufHeader,
  source: RandomAccessSource,
  cursor: GgufCursor,
): Placed {
  const { name, shape, entryOffset } = tensor;
  const count = elementCount(shape);
  const row = shape.at(-1) ?? 1;
  const { blockValues, blockBytes } = ggml;
  if (count !== undefined && row % blockValues !== 0) {
    throw cursor.fail(
      l10n.t('has rows of {0} values, which are no whole blocks of {1} ({2})', row, blockValues, ggml.name),
      entryOffset,
      name,
    );
  }
  const byteLength = count === undefined ? NaN : (count / blockValues) * blockBytes;
  if (count === undefined || !Number.isSafeInteger(byteLength)) {
    throw cursor.fail(l10n.t('has a shape, [{0}], that is too large', shape.join(', ')), entryOffset, name);
  }
  if (tensor.offset % metadata.alignment !== 0) {
    throw cursor.fail(
      l10n.t('begins at byte {0} of the data, which is not a multiple of {1}', tensor.offset, metadata.alignment),
      entryOffset,
      name,
    );
  }
  const start = dataStart + tensor.offset;
  if (start + byteLength > source.size) {
    throw cursor.truncated(
      l10n.t('should end at byte {0}, but the file has {1} bytes', start + byteLength, source.size),
      name,
    );
  }
  return { ...tensor, count, ggml, start, byteLength };
}

function checkOverlaps(tensors: readonly Placed[], cursor: GgufCursor): void {
  const sorted = tensors.filter(({ byteLength }) => byteLength > 0).sort((a, b) => a.start - b.start);
  sorted.forEach(({ name, start, entryOffset }, i) => {
    const before = sorted[i - 1];
    if (before === undefined || before.start + before.byteLength <= start) return;
    throw cursor.fail(
      l10n.t('overlaps {0} by {1} bytes', JSON.stringify(before.name), before.start + before.byteLength - start),
      entryOffset,
      name,
    );
  });
}

function entry({ name, shape, count, ggml, start, byteLength }: Placed, bigEndian: boolean, file: number): TensorEntry {
  const dtype = ggml.dtype ?? 'float32';
  const extents = byteLength === 0 ? [] : [{ file, offset: start, length: byteLength }];
  const storage: TensorStorage =
    ggml.dtype === undefined
      ? { dtype, extents, coding: { kind: 'blocks', scheme: schemeName(ggml, bigEndian) } }
      : { dtype, extents, ...(bigEndian && ggml.blockBytes > 1 ? { bigEndian } : {}) };
  const role = tensorRole(name, shape, dtype);
  return { name, dtype, shape, count, role, storage, ...(ggml.dtype === undefined ? { storedAs: ggml.name } : {}) };
}

function schemeName({ name, big }: GgmlType, bigEndian: boolean): string {
  return bigEndian && big === 'swapped' ? `${name}/big` : name;
}

/** Whether tensors of Q2_0 have no room for groups of 64, but for groups of 128: the number stands for both. */
function groupsOf128({ tensors, dataStart }: GgufHeader, source: RandomAccessSource): boolean {
  if (!tensors.some(({ type }) => type === Q2_0)) return false;
  const sorted = [...tensors].sort((a, b) => a.offset - b.offset);
  let tooSmall = false;
  for (const [i, { type, shape, offset }] of sorted.entries()) {
    if (type !== Q2_0) continue;
    const room = (sorted[i + 1]?.offset ?? source.size - dataStart) - offset;
    const count = elementCount(shape) ?? 0;
    if ((count / 128) * Q2_0_G128.blockBytes > room) return false;
    if ((count / 64) * 18 > room) tooSmall = true;
  }
  return tooSmall;
}

/** `Q4_0_4_4, Q8_1 and 2 more`: the types of tensors that are left out. */
export function typesOf(unread: readonly UnreadTensor[]): string {
  const types = [...new Set(unread.map(({ type }) => type))];
  return listed(types.slice(0, 3), types.length);
}
