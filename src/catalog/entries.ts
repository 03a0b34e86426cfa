import { posix } from 'node:path';
import { markerKind } from './folder-markers';
import { ModelFolders } from './model-folders';
import { isManifestShard, modelPathCertainty } from './model-names';
import { naturalOrder } from './natural-order';

/** A file of the workspace. */
export interface CatalogFile {
  /** Path below the workspace folder, with forward slashes. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

/** A model: one file, the files that one was cut into, or a folder. */
export interface ModelEntry {
  /** What to open: the file itself, the index of the shards, or where that is missing the first shard; or the folder. */
  readonly path: string;
  /** Path below the workspace folder as it is shown: of a sharded model, as if it were one file. */
  readonly label: string;
  /** Whether {@link path} is a folder. */
  readonly isFolder: boolean;
  /** Bytes of all its files; of a folder, of those that were given. */
  readonly size: number;
  /** When the last of its files was changed, in milliseconds since 1970. */
  readonly modified: number;
  /** `prunedFraction` that an analysis has predicted; null if there was none, or nobody has told. */
  readonly limit: number | null;
  /** Undefined for a model of one file. */
  readonly shards: ShardSet | undefined;
}

/** The files that a model was cut into. */
export interface ShardSet {
  readonly found: number;
  /** How many there are, as their names say; null if none is here and only the index is. */
  readonly expected: number | null;
  /** Whether there is an index to open. */
  readonly indexed: boolean;
}

/** Whether shards or their index are missing. */
export function isIncomplete({ found, expected, indexed }: ShardSet): boolean {
  return found !== expected || !indexed;
}

/** `model-00001-of-00005.safetensors`: stem, number, total, extension. */
const NUMBERED_SHARD = /^(.+?)[-_.](\d{1,9})-of-(\d{1,9})(\.(?:safetensors|bin|pt|pth|ckpt))$/i;

/** `model.safetensors.index.json`, or of a variant `model.safetensors.index.fp16.json`: stem, extension, variant. */
const INDEX = /^(.+)(\.(?:safetensors|bin))\.index(\.[\w-]+)?\.json$/i;

/** `group1-shard1of2.bin`: group, number of shards. */
const GROUP_SHARD = /^(group\d+)-shard\d+of(\d{1,9})\.bin$/i;

/**
 * Makes one entry of the files of each model. Shards lie in one folder; without their index they are still one entry,
 * marked as incomplete, which opens its first shard. Weights of TensorFlow.js belong to the manifest beside them, and
 * without one are left out, as is what {@link modelPathCertainty} says is no model. What a model that is a folder is made
 * of belongs to that folder.
 * @param others Files that are no models by themselves, as far as they may be parts of one.
 */
export function modelEntries(files: readonly CatalogFile[], others: readonly CatalogFile[] = []): ModelEntry[] {
  // What only may make a folder a model owns nothing yet.
  const loose = others.filter(({ path }) => markerKind(path) === undefined);
  const models = new ModelFolders([...files, ...loose].map(({ path }) => path));
  const parts = new Map<string, CatalogFile[]>();
  const folders = new Map<string, CatalogFile[]>();
  for (const file of files) {
    const owner = models.ownerOf(file.path);
    if (owner === undefined) add(folders, posix.dirname(file.path), file);
    else add(parts, owner, file);
  }
  for (const file of loose) {
    const owner = models.ownerOf(file.path);
    if (owner !== undefined && parts.has(owner)) add(parts, owner, file);
  }
  return [
    ...[...parts].flatMap(([folder, own]) => folderEntry(folder, models.markers.get(folder), own)),
    ...[...folders.values()].flatMap(entriesOfFolder),
  ];
}

function add(groups: Map<string, CatalogFile[]>, key: string, file: CatalogFile): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [file]);
  else group.push(file);
}

/** A model that is a folder; that which is all that was searched has no name: its main file stands for it. */
function folderEntry(folder: string, marker: string | undefined, own: readonly CatalogFile[]): ModelEntry[] {
  const main = own.find(({ path }) => path === marker);
  if (main === undefined) return [];
  const others = own.filter((file) => file !== main);
  const whole = entry(main, main.path, others);
  return [folder === '' ? whole : { ...whole, path: folder, label: folder, isFolder: true }];
}

interface NumberedShards {
  /** Path of the model, were it one file. */
  readonly label: string;
  readonly expected: number;
  readonly shards: CatalogFile[];
}

function entriesOfFolder(files: readonly CatalogFile[]): ModelEntry[] {
  const single: CatalogFile[] = [];
  const manifestShards: CatalogFile[] = [];
  const indices = new Map<string, CatalogFile>();
  const sets = new Map<string, NumberedShards>();
  for (const file of files) {
    const name = posix.basename(file.path);
    const index = INDEX.exec(name);
    const shard = NUMBERED_SHARD.exec(name);
    if (index !== null) {
      const [, stem = '', extension = '', variant = ''] = index;
      indices.set(beside(file, stem + variant + extension), file);
    } else if (shard !== null) {
      const [, stem = '', , total = '', extension = ''] = shard;
      const label = beside(file, stem + extension);
      const key = `${label}\0${String(Number(total))}`;
      const set = sets.get(key);
      if (set === undefined) sets.set(key, { label, expected: Number(total), shards: [file] });
      else set.shards.push(file);
    } else if (isManifestShard(name)) {
      manifestShards.push(file);
    } else if (modelPathCertainty(file.path) !== 'no') {
      single.push(file);
    }
  }
  return [
    ...numberedSets([...sets.values()], indices),
    ...[...indices].map(([label, index]) => entry(index, label, [], { found: 0, expected: null, indexed: true })),
    ...singleFiles(single, manifestShards),
  ];
}

/** Entries of the numbered shards; takes the indices that have some. */
function numberedSets(sets: NumberedShards[], indices: Map<string, CatalogFile>): ModelEntry[] {
  // Left-overs of a model that was cut otherwise before have the same index; it is of the set that is whole.
  const missing = ({ expected, shards }: NumberedShards): number => expected - shards.length;
  sets.sort((a, b) => missing(a) - missing(b) || b.expected - a.expected);
  return sets.flatMap(({ label, expected, shards }) => {
    shards.sort((a, b) => naturalOrder(a.path, b.path));
    const index = indices.get(label);
    indices.delete(label);
    const [main, ...others] = index === undefined ? shards : [index, ...shards];
    if (main === undefined) return [];
    return [entry(main, label, others, { found: shards.length, expected, indexed: index !== undefined })];
  });
}

/** Models of one file, and manifests with their shards. */
function singleFiles(files: readonly CatalogFile[], shards: readonly CatalogFile[]): ModelEntry[] {
  if (shards.length === 0) return files.map((file) => entry(file, file.path));
  const manifests = files.filter(({ path }) => path.toLowerCase().endsWith('.json'));
  const groups = new Map<CatalogFile, CatalogFile[]>();
  for (const shard of shards) {
    const owner = manifestOf(posix.basename(shard.path), manifests);
    if (owner === undefined) continue;
    const own = groups.get(owner);
    if (own === undefined) groups.set(owner, [shard]);
    else own.push(shard);
  }
  return files.map((file) => {
    const own = groups.get(file);
    if (own === undefined) return entry(file, file.path);
    return entry(file, file.path, own, { found: own.length, expected: expectedShards(own), indexed: true });
  });
}

/** The manifest that a shard belongs to: that of its stem, else `model.json`, else the only one there is. */
function manifestOf(shard: string, manifests: readonly CatalogFile[]): CatalogFile | undefined {
  const named = (name: string): CatalogFile | undefined =>
    manifests.find(({ path }) => posix.basename(path).toLowerCase() === name);
  if (!GROUP_SHARD.test(shard)) {
    const stem = shard.replace(/-shard.*$/i, '').toLowerCase();
    return named(`${stem}-weights_manifest.json`) ?? named(`${stem}.json`);
  }
  return named('model.json') ?? (manifests.length === 1 ? manifests[0] : undefined);
}

/** The number of shards that their names tell, summed over the groups; shards that tell none are taken to be all. */
function expectedShards(shards: readonly CatalogFile[]): number {
  const totals = new Map<string, number>();
  for (const { path } of shards) {
    const [, group = path, total = '1'] = GROUP_SHARD.exec(posix.basename(path)) ?? [];
    totals.set(group, Number(total));
  }
  return [...totals.values()].reduce((sum, total) => sum + total, 0);
}

function entry(main: CatalogFile, label: string, others: readonly CatalogFile[] = [], shards?: ShardSet): ModelEntry {
  return {
    path: main.path,
    label,
    isFolder: false,
    size: others.reduce((sum, { size }) => sum + size, main.size),
    modified: others.reduce((latest, { modified }) => Math.max(latest, modified), main.modified),
    limit: null,
    shards,
  };
}

/** Path of a file of another name in the same folder. */
function beside({ path }: CatalogFile, name: string): string {
  return posix.join(posix.dirname(path), name);
}
