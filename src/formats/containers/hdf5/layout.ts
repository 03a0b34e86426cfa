import * as l10n from '@vscode/l10n';
import type { Fields } from './fields';
import { Unsupported } from './unsupported';

/** How the chunks of a dataset are found. Addresses are undefined where nothing has been written. */
export type ChunkIndex =
  | { readonly kind: 'btree1' | 'btree2' | 'implicit' | 'fixed array' | 'extensible array' }
  | { readonly kind: 'single'; readonly filtered?: { readonly bytes: number; readonly mask: number } };

/** Where the elements of a dataset are. */
export type Layout =
  /** Among the messages of its header: at this place of the file. */
  | { readonly kind: 'compact'; readonly offset: number; readonly bytes: number }
  | { readonly kind: 'contiguous'; readonly address: number | undefined }
  | {
      readonly kind: 'chunked';
      readonly address: number | undefined;
      /** Elements of a chunk in each dimension. */
      readonly chunk: readonly number[];
      readonly elementBytes: number;
      readonly index: ChunkIndex;
      /** Chunks that reach beyond the shape are not filtered. */
      readonly edgesUnfiltered: boolean;
      /** Layouts of version 5 keep the sizes of filtered chunks in eight bytes. */
      readonly version: number;
    };

/** HDF5 allows 32 dimensions; the element counts as one more. */
const MAX_RANK = 33;

/** Data layout message (HDF5 file format, IV.A.2.i). @throws {FormatError} */
export function readLayout(fields: Fields): Layout {
  const version = fields.u8();
  switch (version) {
    case 1:
    case 2:
      return oldLayout(fields, version);
    case 3:
    case 4:
    case 5:
      return newLayout(fields, version);
    default:
      throw fields.fault(l10n.t('has a layout of the unknown version {0}', version));
  }
}

function oldLayout(fields: Fields, version: number): Layout {
  const rank = rankOf(fields);
  const kind = fields.u8();
  fields.skip(5);
  if (kind === 0) {
    for (let i = 0; i < rank; i++) fields.u32();
    return compact(fields, fields.u32());
  }
  const address = fields.address();
  if (kind === 1) return { kind: 'contiguous', address };
  if (kind !== 2) throw fields.fault(l10n.t('has a layout of the unknown kind {0}', kind));
  const sizes = Array.from({ length: rank }, () => fields.u32());
  return chunked(fields, sizes, address, { kind: 'btree1' }, false, version);
}

function newLayout(fields: Fields, version: number): Layout {
  const kind = fields.u8();
  switch (kind) {
    case 0:
      return compact(fields, fields.u16());
    case 1:
      return { kind: 'contiguous', address: fields.address() };
    case 2: {
      if (version > 3) return indexedLayout(fields, version);
      const rank = rankOf(fields);
      const address = fields.address();
      const sizes = Array.from({ length: rank }, () => fields.u32());
      return chunked(fields, sizes, address, { kind: 'btree1' }, false, version);
    }
    case 3:
      throw new Unsupported(fields, l10n.t('is put together from other datasets (a virtual dataset)'));
    default:
      throw fields.fault(l10n.t('has a layout of the unknown kind {0}', kind));
  }
}

function indexedLayout(fields: Fields, version: number): Layout {
  const flags = fields.u8();
  const rank = rankOf(fields);
  const width = fields.u8();
  if (width < 1 || width > 8) throw fields.fault(l10n.t('has a size or count that is impossible'));
  const sizes = Array.from({ length: rank }, () => fields.size(width));
  const index = readIndex(fields, (flags & 2) !== 0);
  return chunked(fields, sizes, fields.address(), index, (flags & 1) !== 0, version);
}

function readIndex(fields: Fields, isFilteredSingle: boolean): ChunkIndex {
  const type = fields.u8();
  switch (type) {
    case 1:
      return isFilteredSingle
        ? { kind: 'single', filtered: { bytes: fields.size(), mask: fields.u32() } }
        : { kind: 'single' };
    case 2:
      return { kind: 'implicit' };
    case 3:
      fields.skip(1);
      return { kind: 'fixed array' };
    case 4:
      fields.skip(5);
      return { kind: 'extensible array' };
    case 5:
      fields.skip(6);
      return { kind: 'btree2' };
    default:
      throw fields.fault(l10n.t('has chunks in an index of the unknown kind {0}', type));
  }
}

function compact(fields: Fields, bytes: number): Layout {
  const offset = fields.offset + fields.position;
  fields.skip(bytes);
  return { kind: 'compact', offset, bytes };
}

function chunked(
  fields: Fields,
  sizes: readonly number[],
  address: number | undefined,
  index: ChunkIndex,
  edgesUnfiltered: boolean,
  version: number,
): Layout {
  const chunk = sizes.slice(0, -1);
  const elementBytes = sizes.at(-1) ?? 0;
  if (chunk.includes(0) || elementBytes === 0) throw fields.fault(l10n.t('has chunks without elements'));
  return { kind: 'chunked', address, chunk, elementBytes, index, edgesUnfiltered, version };
}

function rankOf(fields: Fields): number {
  const rank = fields.u8();
  if (rank > MAX_RANK) throw fields.fault(l10n.t('has {0} dimensions; HDF5 allows {1}', rank, MAX_RANK - 1));
  return rank;
}
