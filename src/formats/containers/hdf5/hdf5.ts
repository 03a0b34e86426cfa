import * as l10n from '@vscode/l10n';
import { FormatError } from '../../errors';
import { MAX_NAME_LENGTH, MAX_TENSORS } from '../../limits';
import type { RandomAccessSource } from '../../source';
import { extentsOf } from '../../storage';
import { attributeStrings, readAttributes } from './attributes';
import { MAX_CHUNKS } from './chunks';
import { readDataset, type Dataset, type DatasetContext } from './dataset';
import { DAMAGED } from './fields';
import { GlobalHeap } from './global-heap';
import { isGroup, readLinks } from './links';
import type { Metadata } from './metadata';
import { readObjectHeader, type Message } from './object-header';
import { readSuperblock, type FileRange } from './superblock';
import { Unsupported } from './unsupported';

export type { Dataset } from './dataset';
export { findSuperblock } from './superblock';

/** Attributes that are strings, by name. */
export type TextAttributes = ReadonlyMap<string, readonly string[]>;

/** What is in an HDF5 file. Paths have no slash at the start; that of the root group is empty. */
export interface Hdf5Content {
  readonly groups: ReadonlyMap<string, TextAttributes>;
  /** In the order of their paths' parts. */
  readonly datasets: readonly { readonly path: string; readonly dataset: Dataset }[];
  /** Datasets that are not read, each with the reason. */
  readonly refused: readonly { readonly path: string; readonly error: Unsupported }[];
  /** Further paths of datasets that were listed before. */
  readonly aliases: readonly { readonly path: string; readonly original: string }[];
  /** Links by name, to places of this file or of others: not followed. */
  readonly links: readonly string[];
}

export interface Hdf5Options {
  readonly signal?: AbortSignal | undefined;
  /** Where in the file the HDF5 file is, if that is not all of it. */
  readonly range?: FileRange;
  /** Index of the file among the checkpoint's files; 0 if absent. */
  readonly file?: number;
  /** Which attributes of groups are read. */
  wants(attribute: string): boolean;
}

/** Groups within groups: Keras nests one or two for each layer that contains others. */
const MAX_DEPTH = 100;

/** Groups and other objects besides the tensors. */
const MAX_OBJECTS = 4 * MAX_TENSORS;

/** Chunks of all datasets together, some 400 bytes of memory each. */
const MAX_ALL_CHUNKS = 2 * MAX_CHUNKS;

/**
 * Reads the structure of an HDF5 file: all groups and datasets, the values left where they are.
 * @throws {FormatError}
 */
export async function readHdf5(source: RandomAccessSource, options: Hdf5Options): Promise<Hdf5Content> {
  const range = options.range ?? { start: 0, end: source.size };
  const { metadata, root } = await readSuperblock(source, range, options.signal);
  const walk = new Walk(metadata, options);
  await walk.visit('', root, 0);
  return walk.finished();
}

class Walk {
  private readonly groups = new Map<string, TextAttributes>();
  private readonly datasets: { path: string; dataset: Dataset }[] = [];
  private readonly refused: { path: string; error: Unsupported }[] = [];
  private readonly aliases: { path: string; original: string }[] = [];
  private readonly links: string[] = [];
  /** Path of each object by its address; undefined for what is no dataset. */
  private readonly visited = new Map<number, string | undefined>();
  private readonly heap: GlobalHeap;
  private chunks = 0;

  constructor(
    private readonly metadata: Metadata,
    private readonly options: Hdf5Options,
  ) {
    this.heap = new GlobalHeap(metadata);
  }

  async visit(path: string, address: number, depth: number): Promise<void> {
    if (this.visited.has(address)) {
      const original = this.visited.get(address);
      if (original !== undefined) this.aliases.push({ path, original });
      return;
    }
    this.visited.set(address, undefined);
    const { visited, metadata } = this;
    if (visited.size > MAX_OBJECTS || depth > MAX_DEPTH || path.length > MAX_NAME_LENGTH) {
      throw metadata.fault(address, l10n.t('has too many groups, or too deep ones'));
    }
    const messages = await readObjectHeader(metadata, address);
    if (isGroup(messages)) await this.visitGroup(path, messages, depth);
    else await this.visitDataset(path, address, messages);
  }

  finished(): Hdf5Content {
    const { groups, datasets, refused, aliases, links } = this;
    this.checkOverlaps();
    return { groups, datasets, refused, aliases, links };
  }

  private async visitGroup(path: string, messages: readonly Message[], depth: number): Promise<void> {
    this.groups.set(path, await this.textAttributes(messages));
    let last: string | undefined;
    for (const { name, address } of await readLinks(this.metadata, messages)) {
      const child = path === '' ? name : `${path}/${name}`;
      if (name === last) {
        throw new FormatError({
          file: this.metadata.source.path,
          reason: l10n.t('has the entry {0} twice', JSON.stringify(child)),
          remedy: DAMAGED,
        });
      }
      last = name;
      if (address === undefined) this.links.push(child);
      else await this.visit(child, address, depth + 1);
    }
  }

  private async visitDataset(path: string, address: number, messages: readonly Message[]): Promise<void> {
    try {
      const dataset = await readDataset(this.context(messages), messages);
      if (dataset === undefined) return;
      this.visited.set(address, path);
      this.datasets.push({ path, dataset });
      if (this.datasets.length > MAX_TENSORS) throw this.tooMany();
    } catch (error) {
      if (error instanceof Unsupported) this.refused.push({ path, error });
      else if (error instanceof FormatError && error.detail.tensor === undefined) {
        throw new FormatError({ ...error.detail, tensor: path });
      } else throw error;
    }
  }

  private context(messages: readonly Message[]): DatasetContext {
    return {
      metadata: this.metadata,
      file: this.options.file ?? 0,
      opaqueType: async ({ size }) => {
        // As Keras writes what NumPy itself has no type for.
        const attributes = await readAttributes(this.metadata, messages);
        const attribute = attributes.get('dtype');
        const [dtype] = (attribute === undefined ? undefined : await attributeStrings(attribute, this.heap)) ?? [];
        return dtype === 'bfloat16' && size === 2 ? { kind: 'number', size, dtype, bigEndian: false } : undefined;
      },
      countChunks: (count) => {
        this.chunks += count;
        if (this.chunks > MAX_ALL_CHUNKS) throw this.tooMany();
      },
    };
  }

  private async textAttributes(messages: readonly Message[]): Promise<TextAttributes> {
    const texts = new Map<string, readonly string[]>();
    for (const [name, attribute] of await readAttributes(this.metadata, messages)) {
      if (!this.options.wants(name)) continue;
      const strings = await attributeStrings(attribute, this.heap);
      if (strings !== undefined) texts.set(name, strings);
    }
    return texts;
  }

  /** Values that share bytes would let a small file hold endless ones, and no program writes them. */
  private checkOverlaps(): void {
    const extents = this.datasets.flatMap(({ path, dataset: { storage } }) =>
      [...extentsOf(storage)].map(({ offset, length }) => ({ path, offset, length })),
    );
    extents.sort((a, b) => a.offset - b.offset);
    for (const [i, { path, offset }] of extents.entries()) {
      const before = extents[i - 1];
      if (before === undefined || before.offset + before.length <= offset) continue;
      throw new FormatError({
        file: this.metadata.source.path,
        offset,
        tensor: path,
        reason: l10n.t('shares bytes with {0}', JSON.stringify(before.path)),
        remedy: DAMAGED,
      });
    }
  }

  private tooMany(): FormatError {
    return new FormatError({
      file: this.metadata.source.path,
      reason: l10n.t('holds more than {0} arrays, or {1} chunks', MAX_TENSORS, MAX_ALL_CHUNKS),
      remedy: l10n.t('Check where the file comes from.'),
    });
  }
}
