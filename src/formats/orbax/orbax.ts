import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type { Checkpoint, CheckpointNote, FormatReader, OpenContext, TensorEntry } from '../checkpoint';
import { flaxRole, readFlaxTree } from '../containers/flax-tree';
import { UniqueNames } from '../containers/unique-names';
import { readZarrArrays, type ZarrStore } from '../containers/zarr-arrays';
import { zarrFolder } from '../containers/zarr-folder';
import { listFolder, type FolderFile } from '../folder';
import { MissingSiblingError } from '../sibling';
import type { RandomAccessSource } from '../source';
import { mapExtents } from '../storage';
import { isOcdbtManifest, readOcdbt } from './ocdbt';
import { readItemNames, readTreeMetadata, type OrbaxLeaf } from './orbax-metadata';

const TREE_METADATA = '_METADATA';
const ITEM_METADATA = '_CHECKPOINT_METADATA';
const MANIFEST = 'manifest.ocdbt';

/** What Orbax writes into the aggregate file for an array that has a folder of its own. */
const PLACEHOLDER = Buffer.from('PLACEHOLDER://');

/** Items of one checkpoint: parameters, optimiser, data iterator, … */
const MAX_ITEMS = 100;

/**
 * A checkpoint of Orbax: a folder with arrays in an OCDBT database or in a zarr folder each. `_METADATA`,
 * `_CHECKPOINT_METADATA`, `manifest.ocdbt` or (older) the msgpack file `checkpoint` in it opens it.
 */
export const orbaxReader: FormatReader = {
  id: 'orbax',
  extensions: [],
  matches(head: Uint8Array, { path: file }: RandomAccessSource): boolean {
    const name = path.basename(file);
    if (name === TREE_METADATA || name === ITEM_METADATA) return head[0] === 0x7b;
    return isOcdbtManifest(head) || ((head[0] ?? 0) > 0x80 && Buffer.from(head).includes(PLACEHOLDER));
  },
  async open(context: OpenContext): Promise<Checkpoint> {
    const { source, signal } = context;
    const checkpoint = new OrbaxCheckpoint(context);
    const name = path.basename(source.path);
    if (name === ITEM_METADATA) {
      const items = (await readItemNames(source, signal)) ?? [''];
      await checkpoint.readItems(items.slice(0, MAX_ITEMS).map((item) => (item === '' ? '' : `${item}/`)));
    } else if (name === TREE_METADATA || isOcdbtManifest(await source.read(0, Math.min(4, source.size), signal))) {
      await checkpoint.readItem('', '', name === TREE_METADATA ? undefined : name);
    } else await checkpoint.readAggregate();
    return checkpoint.result();
  },
};

/** A store whose files begin at a place in the checkpoint's. */
interface PlacedStore extends ZarrStore {
  readonly base: number;
}

/** Gathers the arrays of a checkpoint's items. */
class OrbaxCheckpoint {
  private readonly files: { path: string; size: number }[] = [];
  private readonly tensors: TensorEntry[] = [];
  private readonly notes: CheckpointNote[] = [];
  private readonly names = new UniqueNames();
  private readonly kinds = new Set<string>();
  private listing: Promise<FolderFile[]> | undefined;

  constructor(private readonly context: OpenContext) {}

  result(): Checkpoint {
    return {
      format: 'orbax',
      formatLabel: l10n.t('Orbax checkpoint ({0})', [...this.kinds].join(', ')),
      files: this.files,
      tensors: this.tensors,
      notes: [...this.notes, ...this.names.notes()],
    };
  }

  /** Reads those items that hold arrays; the names of their arrays begin with the item's where there are several. */
  async readItems(folders: readonly string[]): Promise<void> {
    const found: string[] = [];
    for (const folder of folders) {
      if ((await this.find(folder + TREE_METADATA)) ?? (await this.find(folder + MANIFEST))) found.push(folder);
    }
    for (const folder of found) await this.readItem(folder, found.length > 1 ? folder : '');
  }

  /** @param manifest if the file that was opened is one, its name */
  async readItem(folder: string, prefix: string, manifest = MANIFEST): Promise<void> {
    const { signal } = this.context;
    const metadata = await this.find(folder + TREE_METADATA);
    const leaves = metadata === undefined ? new Map<string, OrbaxLeaf>() : await readTreeMetadata(metadata, signal);
    const store = await this.store(folder, manifest);
    await this.addArrays(store, leaves, prefix);
    const strings = [...leaves.values()].filter(({ valueType }) => valueType === 'string');
    if (strings.length > 0) {
      const message = l10n.t('Strings are not analyzed.');
      this.notes.push({ code: 'string-tensors', message, tensors: strings.map(({ name }) => prefix + name) });
    }
  }

  /** Older versions kept small arrays together in one msgpack file, which says what has a folder of its own. */
  async readAggregate(): Promise<void> {
    const { source, signal } = this.context;
    const tree = await readFlaxTree(source, 0, signal);
    this.files.push({ path: source.path, size: source.size });
    for (const tensor of tree.tensors) this.tensors.push({ ...tensor, name: this.names.take(tensor.name) });
    this.notes.push(...tree.notes);
    const leaves = new Map<string, OrbaxLeaf>();
    for (const [name, stored] of tree.placeholders) leaves.set(stored, { name, valueType: 'jax.Array' });
    await this.addArrays(await this.store('', MANIFEST), leaves, '');
  }

  /** The database, those of the processes that were not yet merged into one, or the folders. */
  private async store(folder: string, manifest: string): Promise<PlacedStore> {
    if ((await this.find(folder + manifest)) !== undefined) return await this.database(folder, [manifest]);
    this.listing ??= listFolder(this.context.source.path, this.context.signal);
    const files = await this.listing;
    const parts = files
      .map(({ name }) => (name.startsWith(folder) ? name.slice(folder.length) : ''))
      .filter((name) => /^ocdbt\.process_\d+\/manifest\.ocdbt$/.test(name));
    if (parts.length > 0) return await this.database(folder, parts);
    this.kinds.add('zarr');
    return this.withFiles(
      zarrFolder(this.context.source.path, files, folder, this.context.signal),
      files.map(({ path: file, size }) => ({ path: file, size })),
    );
  }

  private async database(folder: string, manifests: readonly string[]): Promise<PlacedStore> {
    this.kinds.add('OCDBT');
    const sources: RandomAccessSource[] = [];
    const names = manifests.map((name) => folder + name);
    const store = await readOcdbt(this.context, names, sources);
    return this.withFiles(store, sources);
  }

  /** Appends the files that a store counts from 0. */
  private withFiles(store: ZarrStore, files: readonly { path: string; size: number }[]): PlacedStore {
    const base = this.files.length;
    this.files.push(...files.map(({ path: file, size }) => ({ path: file, size })));
    return { ...store, base };
  }

  private async addArrays(store: PlacedStore, leaves: ReadonlyMap<string, OrbaxLeaf>, prefix: string): Promise<void> {
    const { arrays, notes } = await readZarrArrays(store, this.context.signal);
    const nameOf = (key: string): string => prefix + (leaves.get(key)?.name ?? key);
    for (const [key, array] of arrays) {
      const name = this.names.take(nameOf(key));
      const storage = mapExtents(array.storage, (extent) => ({ ...extent, file: extent.file + store.base }));
      this.tensors.push({ ...array, name, role: flaxRole(name, array.shape, array.dtype), storage });
    }
    const skipped = new Set(notes.flatMap(({ tensors }) => tensors ?? []));
    for (const note of notes) this.notes.push({ ...note, tensors: (note.tensors ?? []).map(nameOf) });
    const missing = [...leaves].filter(
      ([key, { valueType }]) => isArrayType(valueType) && !arrays.has(key) && !skipped.has(key),
    );
    if (missing.length > 0) {
      this.notes.push({
        code: 'missing-arrays',
        message: l10n.t('Arrays that the metadata names are not in the checkpoint.'),
        tensors: missing.map(([key]) => nameOf(key)),
      });
    }
  }

  private async find(name: string): Promise<RandomAccessSource | undefined> {
    try {
      return await this.context.openSibling(name);
    } catch (error) {
      if (error instanceof MissingSiblingError) return undefined;
      throw error;
    }
  }
}

function isArrayType(valueType: string): boolean {
  return valueType === 'jax.Array' || valueType === 'np.ndarray' || valueType === 'scalar';
}
