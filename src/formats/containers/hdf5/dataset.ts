import * as l10n from '@vscode/l10n';
import { FormatError } from '../../errors';
import { elementCount } from '../../shape';
import { MAX_FILTERED_BYTES, type Filter, type TiledCoding, type TensorStorage, type Tile } from '../../storage';
import { readChunks, type Chunk } from './chunks';
import { readDataspace, type Dataspace } from './dataspace';
import { readDatatype, type Datatype } from './datatype';
import { DAMAGED, type Fields } from './fields';
import { readPipeline, undoing, type PipelineFilter } from './filters';
import { readLayout, type Layout } from './layout';
import type { Metadata } from './metadata';
import { MESSAGE, resolveMessage, type Message } from './object-header';
import { Unsupported } from './unsupported';

/** An array of numbers. */
export interface Dataset {
  readonly shape: readonly number[];
  readonly count: number;
  readonly storage: TensorStorage;
  /** The filters it went through when it was written, by name. */
  readonly filters: readonly string[];
}

/** Elements that were never written are all the fill value, and cost the file nothing: it may claim any number of them. */
const MAX_UNWRITTEN_BYTES = 1024 * 1024 * 1024;

/** To how many bytes one may expand. Deflate: 258 bytes from two bits; LZF: 264 bytes from three. */
const EXPANSION: Readonly<Partial<Record<Filter['name'], number>>> = { zlib: 1032, lzf: 88 };

/** Bytes that checksums and the like may add to a chunk. */
const SLACK_BYTES = 64;

type NumberType = Extract<Datatype, { kind: 'number' }>;

/** What of a file a dataset's reader needs. */
export interface DatasetContext {
  readonly metadata: Metadata;
  /** Index of the file among the checkpoint's. */
  readonly file: number;
  /** Type of the numbers that an opaque type stands for, if the caller knows. */
  opaqueType(datatype: Extract<Datatype, { kind: 'opaque' }>): Promise<NumberType | undefined>;
  /** Counts the chunks of all datasets. @throws {FormatError} */
  countChunks(chunks: number): void;
}

/**
 * The dataset with these messages; undefined if the object is none.
 * @throws {Unsupported} if it holds no numbers, or is stored in a way that is not read; {FormatError} if it is damaged
 */
export async function readDataset(context: DatasetContext, messages: readonly Message[]): Promise<Dataset | undefined> {
  const { metadata } = context;
  const find = async (type: number): Promise<Fields | undefined> => {
    const message = messages.find((candidate) => candidate.type === type);
    return message === undefined ? undefined : await resolveMessage(metadata, message);
  };
  const [space, type, place] = [
    await find(MESSAGE.dataspace),
    await find(MESSAGE.datatype),
    await find(MESSAGE.layout),
  ];
  if (space === undefined || type === undefined || place === undefined) return undefined;
  const dataspace = readDataspace(space);
  const datatype = await numberType(context, readDatatype(type), type);
  if (dataspace === undefined) throw new Unsupported(space, l10n.t('has no elements (a null dataspace)'));
  const count = elementCount(dataspace.shape);
  if (count === undefined || !Number.isSafeInteger(count * datatype.size)) {
    throw space.fault(l10n.t('has an impossible shape'), 0);
  }
  const external = messages.find((message) => message.type === MESSAGE.external);
  if (external !== undefined) throw new Unsupported(external.fields, l10n.t('keeps its values in other files'));
  const layout = readLayout(place);
  const filterFields = await find(MESSAGE.filters);
  const pipeline = filterFields === undefined ? [] : readPipeline(filterFields);
  const fill = fillBytes(await find(MESSAGE.fill), await find(MESSAGE.oldFill), datatype.size);
  const array = { context, dataspace, datatype, count, pipeline, fill, fields: place };
  return {
    shape: dataspace.shape,
    count,
    storage: await storageOf(array, layout),
    filters: pipeline.map((f) => f.name),
  };
}

async function numberType(context: DatasetContext, datatype: Datatype, fields: Fields): Promise<NumberType> {
  if (datatype.kind === 'number') return datatype;
  if (datatype.kind === 'opaque') {
    const known = await context.opaqueType(datatype);
    if (known !== undefined) return known;
    throw new Unsupported(fields, l10n.t('holds bytes of a type of its own'));
  }
  const what = datatype.kind === 'other' ? datatype.name : l10n.t('text');
  throw new Unsupported(fields, l10n.t('holds {0}', what));
}

interface StoredArray {
  readonly context: DatasetContext;
  readonly dataspace: Dataspace;
  readonly datatype: NumberType;
  readonly count: number;
  readonly pipeline: readonly PipelineFilter[];
  readonly fill: readonly number[] | undefined;
  /** The layout message, for errors. */
  readonly fields: Fields;
}

async function storageOf(array: StoredArray, layout: Layout): Promise<TensorStorage> {
  const { context, datatype, count, fields } = array;
  const bytes = count * datatype.size;
  const base = {
    dtype: datatype.dtype,
    ...(datatype.bigEndian && datatype.size > 1 ? { bigEndian: true as const } : {}),
  };
  if (count === 0) return { ...base, extents: [] };
  switch (layout.kind) {
    case 'compact':
      if (layout.bytes < bytes) throw tooShort(fields, layout.bytes, bytes);
      return { ...base, extents: [{ file: context.file, offset: layout.offset, length: bytes }] };
    case 'contiguous':
      if (layout.address === undefined) return { ...base, extents: [], coding: unwritten(array) };
      return { ...base, extents: [extent(array, layout.address, bytes)] };
    case 'chunked':
      return { ...base, ...(await chunkedStorage(array, layout, base)) };
  }
}

type Chunked = Extract<Layout, { kind: 'chunked' }>;

async function chunkedStorage(
  array: StoredArray,
  layout: Chunked,
  base: Pick<TensorStorage, 'dtype' | 'bigEndian'>,
): Promise<Pick<TensorStorage, 'extents' | 'coding'>> {
  const { context, dataspace, datatype, count, pipeline, fields } = array;
  const { shape } = dataspace;
  const chunkCount = elementCount(layout.chunk);
  if (layout.chunk.length !== shape.length || layout.elementBytes !== datatype.size || chunkCount === undefined) {
    throw fields.fault(l10n.t('has chunks that do not fit its shape and type'), 0);
  }
  const chunkBytes = chunkCount * datatype.size;
  const filtered = pipeline.length > 0;
  if (filtered && chunkBytes > MAX_FILTERED_BYTES) {
    throw new Unsupported(
      fields,
      l10n.t('has chunks of {0} bytes; at most {1} are decompressed', chunkBytes, MAX_FILTERED_BYTES),
    );
  }
  const chunks = await readChunks(context.metadata, layout, dataspace, chunkBytes, filtered);
  context.countChunks(chunks.length);
  checkPlaces(chunks, fields);
  const tiles = chunks.map((chunk): Tile => {
    const partial = chunk.start.some((first, i) => first + (layout.chunk[i] ?? 1) > (shape[i] ?? 0));
    const plain = layout.edgesUnfiltered && partial;
    const filters = plain ? [] : undoing(pipeline, chunk.mask, datatype.size, fields);
    return {
      start: chunk.start,
      shape: layout.chunk,
      storage: { ...base, ...chunkStorage(array, chunk, filters, chunkBytes) },
    };
  });
  const [only] = tiles;
  if (only !== undefined && shape.every((size, i) => size === layout.chunk[i])) return only.storage;
  const written = tiles.length * chunkBytes;
  if (count * datatype.size - written > MAX_UNWRITTEN_BYTES) throw tooSparse(array, written);
  return {
    extents: [],
    coding: { kind: 'tiles', shape, tiles, ...(array.fill === undefined ? {} : { fill: array.fill }) },
  };
}

function chunkStorage(
  array: StoredArray,
  chunk: Chunk,
  filters: readonly Filter[],
  chunkBytes: number,
): Pick<TensorStorage, 'extents' | 'coding'> {
  const extents = [extent(array, chunk.address, chunk.bytes)];
  const expansion = filters.reduce((product, { name }) => product * (EXPANSION[name] ?? 1), 1);
  if (chunk.bytes === 0 || chunk.bytes * expansion + SLACK_BYTES < chunkBytes) {
    throw tooShort(array.fields, chunk.bytes, chunkBytes);
  }
  if (filters.length > 0) return { extents, coding: { kind: 'filtered', filters, decodedBytes: chunkBytes } };
  if (chunk.bytes < chunkBytes) throw tooShort(array.fields, chunk.bytes, chunkBytes);
  return { extents: [extent(array, chunk.address, chunkBytes)] };
}

/** Two chunks at the same place would be read, one of them for nothing: as often as the file likes. */
function checkPlaces(chunks: readonly Chunk[], fields: Fields): void {
  const places = new Set(chunks.map(({ start }) => start.join()));
  if (places.size !== chunks.length) throw fields.fault(l10n.t('has the same chunk twice'), 0);
}

function extent({ context, fields }: StoredArray, address: number, length: number): TensorStorage['extents'][number] {
  const { metadata, file } = context;
  const offset = metadata.base + address;
  if (address + length <= metadata.end) return { file, offset, length };
  throw new FormatError({
    file: metadata.source.path,
    offset: fields.offset,
    reason: l10n.t(
      'is cut off: its values are in bytes {0} to {1} of {2}',
      offset,
      offset + length,
      metadata.source.size,
    ),
    remedy: DAMAGED,
  });
}

function unwritten(array: StoredArray): TiledCoding {
  const { dataspace, datatype, count, fill } = array;
  if (count * datatype.size > MAX_UNWRITTEN_BYTES) throw tooSparse(array, 0);
  return { kind: 'tiles', shape: dataspace.shape, tiles: [], ...(fill === undefined ? {} : { fill }) };
}

function tooSparse({ fields, count, datatype }: StoredArray, written: number): Unsupported {
  return new Unsupported(
    fields,
    l10n.t('has {0} bytes, of which only {1} have ever been written', count * datatype.size, written),
  );
}

function tooShort(fields: Fields, stored: number, expected: number): FormatError {
  return fields.fault(l10n.t('has {0} stored bytes, which cannot hold the {1} of its values', stored, expected), 0);
}

/** Fill value messages, the new (HDF5 file format, IV.A.2.f) and the old one (IV.A.2.e). Undefined: zeros. */
function fillBytes(fill: Fields | undefined, old: Fields | undefined, width: number): readonly number[] | undefined {
  if (fill !== undefined) {
    const version = fill.u8();
    if (version > 3) throw fill.fault(l10n.t('has a fill value of the unknown version {0}', version));
    const defined = version === 3 ? (fill.u8() & 0x20) !== 0 : fill.skip(2).u8() !== 0 || version === 1;
    return defined ? fillValue(fill, width) : undefined;
  }
  return old === undefined ? undefined : fillValue(old, width);
}

function fillValue(fields: Fields, width: number): readonly number[] | undefined {
  if (fields.left < 4) return undefined;
  const size = fields.u32();
  // Negative: none.
  if (size !== width) return undefined;
  const bytes = [...fields.take(size)];
  return bytes.some((byte) => byte !== 0) ? bytes : undefined;
}
