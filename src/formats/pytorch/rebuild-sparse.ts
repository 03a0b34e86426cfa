import * as l10n from '@vscode/l10n';
import { PickleCall, type PickleValue } from '../containers/pickle-values';
import { elementCount, product } from '../shape';
import { integers } from './pytorch-objects';
import { isContiguous, type Rebuilt, type SparseParts, type TensorView } from './tensor-view';

/** Positions and values of one sparse tensor are kept in memory while it is read: this many take 1 GB at most. */
const MAX_LISTED = 2 ** 25;

/** Elements of one sparse tensor: those that are not stored take time, but no place in the file. */
const MAX_ELEMENTS = 2 ** 31;

/**
 * `_rebuild_sparse_tensor(layout, data)`: COO with (indices, values, size[, whether coalesced]), CSR and CSC, BSR and BSC
 * with (pointers, indices, values, size). Two dimensions, and values that are scalars (of BSR and BSC: blocks).
 */
export function rebuildSparse(
  args: readonly PickleValue[],
  rebuild: (call: PickleCall) => Rebuilt | undefined,
): Rebuilt {
  const layout = layoutOf(args[0]);
  const data = Array.isArray(args[1]) ? args[1] : [];
  const isList = layout === 'torch.sparse_coo';
  const [values, shape] = isList ? [data[1], integers(data[2])] : [data[2], integers(data[3])];
  const parts = [data[0], data[1], values].map((part) => (part instanceof PickleCall ? rebuild(part) : undefined));
  const views = parts.map((part) => (part?.kind === 'tensor' ? part.view : undefined));
  const count = shape === undefined ? undefined : elementCount(shape);
  const [first, second, listed] = views;
  if (shape === undefined || count === undefined || !isPlain(first) || !isPlain(second) || !isPlain(listed)) {
    return { kind: 'malformed', reason: l10n.t('is sparse, and its parts are malformed') };
  }
  if (count > MAX_ELEMENTS || listed.count > MAX_LISTED)
    return { kind: 'unreadable', reason: l10n.t('sparse, and too large') };
  const sparse = isList
    ? listedParts(shape, first, listed, data[3] === true)
    : compressedParts(layout, shape, first, second, listed);
  if (sparse === undefined) return { kind: 'unreadable', reason: l10n.t('sparse in more than two dimensions') };
  if (sparse === 'malformed') return { kind: 'malformed', reason: l10n.t('is sparse, and its parts are malformed') };
  const strides = shape.map((_, dimension) => product(shape.slice(dimension + 1)));
  return { kind: 'tensor', view: { ...listed, shape, strides, count, sparse, storedAs: sparseName(layout, listed) } };
}

function sparseName(layout: string, { dtype }: TensorView): string {
  return `${dtype}, ${layout.replace('torch.', '')}`;
}

/** `torch.serialization._get_layout("torch.sparse_coo")`. */
function layoutOf(value: PickleValue | undefined): string {
  const name = value instanceof PickleCall ? value.args[0] : undefined;
  return typeof name === 'string' ? name : '';
}

function isPlain(view: TensorView | undefined): view is TensorView {
  return (
    view !== undefined &&
    isContiguous(view) &&
    view.quantization === undefined &&
    view.channels === undefined &&
    view.sparse === undefined
  );
}

function isIntegers({ dtype }: TensorView): boolean {
  return dtype === 'int64' || dtype === 'int32';
}

function listedParts(
  shape: readonly number[],
  indices: TensorView,
  values: TensorView,
  coalesced: boolean,
): SparseParts | 'malformed' | undefined {
  const [dimensions, count] = indices.shape;
  if (indices.shape.length !== 2 || !isIntegers(indices) || values.shape[0] !== count) return 'malformed';
  if (values.shape.length > 1) return undefined;
  if (dimensions !== shape.length) return 'malformed';
  return { layout: 'coo', indices, values, coalesced };
}

function compressedParts(
  layout: string,
  shape: readonly number[],
  pointers: TensorView,
  indices: TensorView,
  values: TensorView,
): SparseParts | 'malformed' | undefined {
  const match = /^torch\.sparse_(csr|csc|bsr|bsc)$/.exec(layout);
  const [rows, columns] = shape;
  if (match === null || shape.length !== 2 || rows === undefined || columns === undefined) return undefined;
  if (pointers.shape.length !== 1) return undefined;
  const inBlocks = match[1]?.startsWith('b') === true;
  const axis = match[1]?.endsWith('r') === true ? 0 : 1;
  const [stored, height = 1, width = 1] = values.shape;
  const sound =
    isIntegers(pointers) &&
    isIntegers(indices) &&
    indices.shape.length === 1 &&
    indices.count === stored &&
    values.shape.length === (inBlocks ? 3 : 1) &&
    height > 0 &&
    width > 0 &&
    rows % height === 0 &&
    columns % width === 0 &&
    pointers.count === (axis === 0 ? rows / height : columns / width) + 1;
  return sound ? { layout: 'compressed', axis, block: [height, width], pointers, indices, values } : 'malformed';
}
