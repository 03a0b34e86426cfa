import * as l10n from '@vscode/l10n';
import { elementCount } from '../shape';
import type { Filter } from '../storage';
import { jaxType, type JaxType } from './jax-dtypes';
import { fillBytes } from './zarr-fill';
import { NUMPY_TYPES } from './numpy-types';

/** Why one array of a zarr store cannot be read; the others can. */
export class UnreadableZarrError extends Error {}

/** How the chunks of a shard are laid out. */
interface ShardLayout {
  readonly chunk: readonly number[];
  /** The index has one. */
  readonly checksum: boolean;
  readonly indexFirst: boolean;
}

/** What the metadata of a zarr array says. */
export interface ZarrArray {
  readonly shape: readonly number[];
  readonly count: number;
  readonly type: JaxType;
  readonly bigEndian: boolean;
  /** Shape of what one key holds. */
  readonly chunk: readonly number[];
  /** How keys begin after the array's name, and what stands between the numbers in them. */
  readonly keys: { readonly prefix: string; readonly separator: string };
  /** Set if a key holds several chunks, with an index of them. */
  readonly shard?: ShardLayout;
  /** What was done to a chunk (of a shard), in the order in which it is undone. */
  readonly filters: readonly Filter[];
  /** The dimension of the array that each dimension of the stored chunks is. */
  readonly order: readonly number[];
  /** Bytes of an element that no chunk has; zeros if absent. */
  readonly fill?: readonly number[];
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads `.zarray` of zarr version 2 (https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html).
 * @throws {UnreadableZarrError}
 */
export function parseZarrV2(bytes: Uint8Array): ZarrArray {
  const json = parseObject(bytes);
  if (field(json, 'zarr_format') !== 2) throw new UnreadableZarrError(l10n.t('is not of zarr version 2'));
  const shape = sizes(field(json, 'shape'));
  const { type, bigEndian } = typeV2(field(json, 'dtype'));
  const chunk = chunkShape(field(json, 'chunks'), shape);
  const filters = field(json, 'filters');
  const compressor = field(json, 'compressor');
  const applied = [
    ...(Array.isArray(filters) ? (filters as unknown[]) : []),
    ...(compressor === null || compressor === undefined ? [] : [compressor]),
  ];
  const order = shape.map((_, dimension) => dimension);
  if (field(json, 'order') === 'F') order.reverse();
  else if (field(json, 'order') !== 'C') throw malformed('order');
  const separator = field(json, 'dimension_separator') ?? '.';
  if (separator !== '.' && separator !== '/') throw malformed('dimension_separator');
  return finish({
    shape,
    type,
    bigEndian,
    chunk,
    keys: { prefix: '', separator },
    filters: applied.map((codec) => filterV2(asObject(codec, 'compressor'), type)).reverse(),
    order,
    fillValue: field(json, 'fill_value'),
  });
}

/**
 * Reads `zarr.json` of zarr version 3 (https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html).
 * @returns undefined for a group
 * @throws {UnreadableZarrError}
 */
export function parseZarrV3(bytes: Uint8Array): ZarrArray | undefined {
  const json = parseObject(bytes);
  if (field(json, 'zarr_format') !== 3) throw new UnreadableZarrError(l10n.t('is not of zarr version 3'));
  if (field(json, 'node_type') === 'group') return undefined;
  const shape = sizes(field(json, 'shape'));
  const typeName = field(json, 'data_type');
  const type = typeof typeName === 'string' ? jaxType(typeName) : undefined;
  if (type === undefined) throw unknownType(typeName);
  const grid = asObject(field(json, 'chunk_grid'), 'chunk_grid');
  if (field(grid, 'name') !== 'regular') throw new UnreadableZarrError(l10n.t('has chunks of various sizes'));
  const chunk = chunkShape(field(asObject(field(grid, 'configuration'), 'chunk_grid'), 'chunk_shape'), shape);
  const encoding = asObject(field(json, 'chunk_key_encoding'), 'chunk_key_encoding');
  const encodingName = field(encoding, 'name');
  if (encodingName !== 'default' && encodingName !== 'v2') throw malformed('chunk_key_encoding');
  const standard = encodingName === 'default' ? '/' : '.';
  const separator = field(optionalObject(field(encoding, 'configuration')), 'separator') ?? standard;
  if (separator !== '.' && separator !== '/') throw malformed('chunk_key_encoding');
  const transformers = field(json, 'storage_transformers');
  if (Array.isArray(transformers) && transformers.length > 0) throw malformed('storage_transformers');
  return finish({
    shape,
    type,
    chunk,
    keys: { prefix: encodingName === 'default' ? 'c' : '', separator },
    ...codecsV3(field(json, 'codecs'), chunk, type, true),
    fillValue: field(json, 'fill_value'),
  });
}

/** Which chunk a key is, as one number a dimension; undefined if it is none. `rest`: the key after the array's name. */
export function chunkIndex({ shape, chunk, keys }: ZarrArray, rest: string): number[] | undefined {
  let numbers = rest;
  if (keys.prefix !== '') {
    if (rest === keys.prefix) return shape.length === 0 ? [] : undefined;
    if (!rest.startsWith(keys.prefix + keys.separator)) return undefined;
    numbers = rest.slice(keys.prefix.length + 1);
  } else if (shape.length === 0) return rest === '0' ? [] : undefined;
  const parts = numbers.split(keys.separator);
  if (parts.length !== shape.length) return undefined;
  const index = parts.map((part) => (/^(0|[1-9]\d{0,14})$/.test(part) ? Number(part) : NaN));
  const inside = index.every((number, dimension) => number * (chunk[dimension] ?? 1) < (shape[dimension] ?? 0));
  return inside ? index : undefined;
}

interface Codecs {
  readonly bigEndian: boolean;
  readonly filters: readonly Filter[];
  readonly order: readonly number[];
  readonly shard?: ShardLayout;
}

/** A chain of codecs: dimensions reordered, made into bytes (or a shard), then compressed. */
function codecsV3(list: unknown, chunk: readonly number[], type: JaxType, shardAllowed: boolean): Codecs {
  if (!Array.isArray(list)) throw malformed('codecs');
  let order = chunk.map((_, dimension) => dimension);
  let bigEndian = false;
  let shard: ShardLayout | undefined;
  let inner: Codecs | undefined;
  const filters: Filter[] = [];
  let stage: 'array' | 'bytes' = 'array';
  for (const item of list as unknown[]) {
    const codec = asObject(item, 'codecs');
    const name = field(codec, 'name');
    const configuration = optionalObject(field(codec, 'configuration'));
    if (stage === 'array') {
      if (name === 'transpose') {
        const permutation = permutationOf(field(configuration, 'order'), chunk.length);
        order = permutation.map((dimension) => order[dimension] ?? 0);
        continue;
      }
      stage = 'bytes';
      if (name === 'bytes') {
        bigEndian = field(configuration, 'endian') === 'big' && type.width > 1;
        continue;
      }
      if (name !== 'sharding_indexed' || !shardAllowed || order.some((dimension, i) => dimension !== i)) {
        throw unknownCodec(name);
      }
      const innerChunk = chunkShape(field(configuration, 'chunk_shape'), chunk);
      if (innerChunk.some((size, dimension) => (chunk[dimension] ?? 0) % size !== 0)) throw malformed('chunk_shape');
      inner = codecsV3(field(configuration, 'codecs'), innerChunk, type, false);
      shard = {
        chunk: innerChunk,
        checksum: indexChecksum(field(configuration, 'index_codecs')),
        indexFirst: field(configuration, 'index_location') === 'start',
      };
      continue;
    }
    // A shard that is compressed as a whole would have to be decompressed to find its index.
    if (shard !== undefined) throw unknownCodec(name);
    filters.unshift(filterV3(name, configuration));
  }
  if (stage === 'array') throw malformed('codecs');
  return inner === undefined ? { bigEndian, filters, order } : { ...inner, ...(shard === undefined ? {} : { shard }) };
}

function indexChecksum(codecs: unknown): boolean {
  if (!Array.isArray(codecs)) throw malformed('index_codecs');
  const [bytes, checksum, ...more] = (codecs as unknown[]).map((codec) => asObject(codec, 'index_codecs'));
  if (bytes === undefined || field(bytes, 'name') !== 'bytes' || more.length > 0) throw malformed('index_codecs');
  if (field(optionalObject(field(bytes, 'configuration')), 'endian') === 'big') throw malformed('index_codecs');
  if (checksum !== undefined && field(checksum, 'name') !== 'crc32c') throw malformed('index_codecs');
  return checksum !== undefined;
}

function filterV3(name: unknown, configuration: Json): Filter {
  switch (name) {
    case 'zstd':
    case 'gzip':
    case 'crc32c':
      return { name };
    case 'blosc':
      return bloscFilter(field(configuration, 'cname'));
    case 'zlib':
    case 'numcodecs.zlib':
      return { name: 'zlib' };
    default:
      throw unknownCodec(name);
  }
}

/** What its chunks are compressed by is in them, too; said here, it is known when the model is opened. */
function bloscFilter(codec: unknown): Filter {
  if (codec === 'snappy') throw unknownCodec('blosc with snappy');
  return { name: 'blosc' };
}

function filterV2(codec: Json, { width }: JaxType): Filter {
  const id = field(codec, 'id');
  switch (id) {
    case 'zstd':
    case 'gzip':
    case 'zlib':
    case 'crc32c':
    case 'lz4':
      return { name: id };
    case 'blosc':
      return bloscFilter(field(codec, 'cname'));
    case 'shuffle': {
      const size = field(codec, 'elementsize') ?? width;
      if (typeof size !== 'number' || !Number.isInteger(size) || size < 1 || size > 16) throw malformed('filters');
      return { name: 'shuffle', width: size };
    }
    default:
      throw unknownCodec(id);
  }
}

/** As NumPy writes it (`<f4`), or the names that TensorStore gives to types that NumPy does not have. */
function typeV2(dtype: unknown): { type: JaxType; bigEndian: boolean } {
  if (typeof dtype !== 'string') throw unknownType(dtype);
  const kind = NUMPY_TYPES.get(dtype.slice(1));
  const type = kind !== undefined && /^[<>|]/.test(dtype) ? jaxType(kind) : jaxType(dtype);
  if (type === undefined) throw unknownType(dtype);
  return { type, bigEndian: dtype.startsWith('>') && type.width > 1 };
}

function finish({
  fillValue,
  ...array
}: Omit<ZarrArray, 'count' | 'fill'> & { readonly fillValue: unknown }): ZarrArray {
  const count = elementCount(array.shape);
  if (count === undefined || !Number.isSafeInteger(count * array.type.width)) throw malformed('shape');
  if (array.type.coding !== undefined && array.filters.length > 0) {
    throw new UnreadableZarrError(l10n.t('is of the type {0} and compressed', array.type.storedAs ?? ''));
  }
  const fill = fillBytes(fillValue, array.type.dtype, array.bigEndian);
  if (fill === undefined) throw malformed('fill_value');
  return { ...array, count, ...(fill.every((byte) => byte === 0) ? {} : { fill }) };
}

function sizes(value: unknown): number[] {
  if (!Array.isArray(value) || elementCount(value) === undefined) throw malformed('shape');
  return value as number[];
}

function chunkShape(value: unknown, shape: readonly number[]): number[] {
  if (!Array.isArray(value) || value.length !== shape.length) throw malformed('chunks');
  const count = elementCount(value);
  if (count === undefined || count === 0) throw malformed('chunks');
  return value as number[];
}

function permutationOf(value: unknown, length: number): number[] {
  if (!Array.isArray(value) || value.length !== length) throw malformed('order');
  const list = value as unknown[];
  const sorted = [...list].sort((a, b) => Number(a) - Number(b));
  if (sorted.some((dimension, i) => dimension !== i)) throw malformed('order');
  return list as number[];
}

function parseObject(bytes: Uint8Array): Json {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw new UnreadableZarrError(l10n.t('has metadata that is not JSON'));
  }
  return asObject(json, 'zarr_format');
}

function asObject(value: unknown, name: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(name);
  return value as Json;
}

/** Version 3 leaves out empty configurations. */
function optionalObject(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function field(json: Json, name: string): unknown {
  return Object.hasOwn(json, name) ? json[name] : undefined;
}

function malformed(name: string): UnreadableZarrError {
  return new UnreadableZarrError(l10n.t('has metadata with a "{0}" that is not understood', name));
}

function unknownType(type: unknown): UnreadableZarrError {
  return new UnreadableZarrError(l10n.t('has the element type {0}, which is not analyzed', shown(type)));
}

function unknownCodec(name: unknown): UnreadableZarrError {
  return new UnreadableZarrError(l10n.t('is compressed by {0}, which is not read', shown(name)));
}

function shown(value: unknown): string {
  return JSON.stringify(value ?? null).slice(0, 60);
}
