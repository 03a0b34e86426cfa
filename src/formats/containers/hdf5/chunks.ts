import * as l10n from '@vscode/l10n';
import { btree1Entries } from './btree1';
import { btree2Records } from './btree2';
import type { Dataspace } from './dataspace';
import { extensibleArrayElements } from './extensible-array';
import { fixedArrayElements } from './fixed-array';
import type { Fields } from './fields';
import type { Layout } from './layout';
import type { Metadata } from './metadata';
import { Unsupported } from './unsupported';
import { product } from '../../shape';

/** A chunk that has been written. */
export interface Chunk {
  /** Index of its first element in each dimension. */
  readonly start: readonly number[];
  readonly address: number;
  /** Bytes in the file. */
  readonly bytes: number;
  /** A bit for each filter that was left out. */
  readonly mask: number;
}

/** Chunks of one dataset. Libraries cut weights into chunks of 8 KiB and more: that many are some GB. */
export const MAX_CHUNKS = 200_000;

type Chunked = Extract<Layout, { kind: 'chunked' }>;

/**
 * The chunks of a dataset that are in the file.
 * @param chunkBytes Of a chunk without filters
 * @param filtered Whether the dataset has filters
 * @throws {FormatError} also if there are too many
 */
export async function readChunks(
  metadata: Metadata,
  layout: Chunked,
  { shape, most }: Dataspace,
  chunkBytes: number,
  filtered: boolean,
): Promise<readonly Chunk[]> {
  const { address, chunk, index } = layout;
  if (address === undefined) return [];
  const grid = shape.map((size, i) => Math.ceil(size / (chunk[i] ?? 1)));
  const total = product(grid);
  if (total === 0) return [];
  if (total > MAX_CHUNKS) {
    throw new Unsupported(
      { file: metadata.source.path, offset: metadata.base + address },
      l10n.t('is cut into {0} chunks; at most {1} are read', total, MAX_CHUNKS),
    );
  }
  const inside = (start: readonly number[]): boolean => start.every((first, i) => first < (shape[i] ?? 0));
  const plain = (start: readonly number[], at: number): Chunk => ({ start, address: at, bytes: chunkBytes, mask: 0 });
  switch (index.kind) {
    case 'single':
      return [{ start: shape.map(() => 0), address, bytes: chunkBytes, mask: 0, ...index.filtered }];
    case 'implicit': {
      const strides = gridStrides(most, chunk);
      return placesOf(grid).map((place) => plain(startOf(place, chunk), address + dot(place, strides) * chunkBytes));
    }
    case 'btree1':
      return (await treeChunks(metadata, layout, address)).filter(({ start }) => inside(start));
    case 'btree2':
      return (await tree2Chunks(metadata, layout, address, chunkBytes)).filter(({ start }) => inside(start));
    case 'fixed array':
    case 'extensible array': {
      const extensible = index.kind === 'extensible array';
      const position = extensible ? extensiblePosition(most, chunk) : positionIn(gridStrides(most, chunk));
      const places = placesOf(grid);
      const elementAt = extensible
        ? await extensibleArrayElements(metadata, address, places.map(position))
        : await fixedArrayElements(metadata, address, places.map(position));
      const chunks: Chunk[] = [];
      for (const [i, place] of places.entries()) {
        const element = elementAt[i];
        const found = element === undefined ? undefined : arrayChunk(element, filtered, chunkBytes);
        if (found !== undefined) chunks.push({ start: startOf(place, chunk), ...found });
      }
      return chunks;
    }
  }
}

function arrayChunk(element: Fields, filtered: boolean, chunkBytes: number): Omit<Chunk, 'start'> | undefined {
  const address = element.address();
  if (address === undefined) return undefined;
  if (!filtered) return { address, bytes: chunkBytes, mask: 0 };
  const bytes = element.size(Math.max(0, element.left - 4));
  return { address, bytes, mask: element.u32() };
}

/** Keys of version 1 hold size, filter mask and offsets in elements; the last is that within the element, zero. */
async function treeChunks(metadata: Metadata, { chunk }: Chunked, address: number): Promise<Chunk[]> {
  const keyBytes = 8 + 8 * (chunk.length + 1);
  const entries = await btree1Entries(metadata, address, 1, keyBytes, MAX_CHUNKS);
  return entries.map(({ key, child }) => {
    const bytes = key.u32();
    const mask = key.u32();
    const start = chunk.map((size) => {
      const first = key.size(8);
      if (first % size !== 0) throw key.fault(l10n.t('has a chunk that is not in the grid of the others'));
      return first;
    });
    return { start, address: child, bytes, mask };
  });
}

/** Records of version 2: type 10 for chunks without filters, 11 for those with. */
async function tree2Chunks(
  metadata: Metadata,
  { chunk }: Chunked,
  address: number,
  chunkBytes: number,
): Promise<Chunk[]> {
  const { type, records } = await btree2Records(metadata, address, [10, 11], MAX_CHUNKS);
  return records.map((record) => {
    const at = record.place();
    const sizeBytes = record.left - 4 - 8 * chunk.length;
    const isFiltered = type === 11;
    if (isFiltered && (sizeBytes < 1 || sizeBytes > 8))
      throw record.fault(l10n.t('has a size or count that is impossible'));
    const bytes = isFiltered ? record.size(sizeBytes) : chunkBytes;
    const mask = isFiltered ? record.u32() : 0;
    const start = chunk.map((size) => {
      const first = record.size(8) * size;
      if (!Number.isSafeInteger(first)) throw record.fault(l10n.t('has a size or count that is impossible'));
      return first;
    });
    return { start, address: at, bytes, mask };
  });
}

/** All places of a grid, in C order. */
function placesOf(grid: readonly number[]): number[][] {
  let places: number[][] = [[]];
  for (const count of grid) {
    places = places.flatMap((place) => Array.from({ length: count }, (_, i) => [...place, i]));
  }
  return places;
}

function startOf(place: readonly number[], chunk: readonly number[]): number[] {
  return place.map((index, i) => index * (chunk[i] ?? 1));
}

/** How far neighbours in each dimension are apart in the order of the chunks, which counts those the dataset may grow to. */
function gridStrides(most: readonly number[], chunk: readonly number[]): number[] {
  const strides = most.map(() => 1);
  for (let i = most.length - 2; i >= 0; i--) {
    strides[i] = (strides[i + 1] ?? 1) * Math.ceil((most[i + 1] ?? 1) / (chunk[i + 1] ?? 1));
  }
  return strides;
}

function dot(place: readonly number[], strides: readonly number[]): number {
  return place.reduce((sum, index, i) => sum + index * (strides[i] ?? 0), 0);
}

function positionIn(strides: readonly number[]): (place: readonly number[]) => number {
  return (place) => dot(place, strides);
}

/** In an extensible array the dimension without a limit comes first. */
function extensiblePosition(most: readonly number[], chunk: readonly number[]): (place: readonly number[]) => number {
  const unlimited = Math.max(0, most.indexOf(Infinity));
  const first = <T>(values: readonly T[]): T[] => [
    ...values.slice(unlimited, unlimited + 1),
    ...values.slice(0, unlimited),
    ...values.slice(unlimited + 1),
  ];
  const strides = gridStrides(first(most), first(chunk));
  return (place) => dot(first(place), strides);
}
