import { posix } from 'node:path';
import { mainFileRank, markerKind, type FolderKind } from './folder-markers';
import { modelNameCertainty } from './model-names';

/**
 * Whether a file is a part of a model that is a folder, by its path below that folder. Folders are known to hold other models
 * too: repositories keep a SavedModel at their top.
 */
const IS_PART: Readonly<Record<FolderKind, (below: string) => boolean>> = {
  package: () => true,
  distributed: (below) => /^(?:\.metadata|[^/]+\.distcp)$/i.test(below),
  deepspeed: (below) => /^(?:(?:bf16_)?zero_pp_rank_\d+_)?mp_rank_\d+_(?:model|optim)_states\.pt$/.test(below),
  'saved-model': (below) => /^(?:saved_model\.pb$|(?:variables|assets|assets\.extra)\/)/.test(below),
  orbax: isNoOtherModel,
  zarr: isNoOtherModel,
};

/** The models of a set of files that are folders, and which files they are made of. */
export class ModelFolders {
  /** Paths of the folders (empty for the uppermost), each with that of the file that opens it. */
  readonly markers: ReadonlyMap<string, string>;
  private readonly kinds = new Map<string, FolderKind>();

  /** @param paths of all files, models or not, with forward slashes */
  constructor(paths: Iterable<string>) {
    const best = new Map<string, { path: string; rank: number }>();
    for (const path of paths) {
      const rank = mainFileRank(path);
      if (rank === undefined) continue;
      const folder = folderOf(path);
      if (rank < (best.get(folder)?.rank ?? Infinity)) best.set(folder, { path, rank });
    }
    const markers = new Map<string, string>();
    // Folders before what is in them: a part of a model is none by itself.
    for (const [folder, { path }] of [...best].sort(([a], [b]) => a.length - b.length)) {
      const kind = markerKind(path);
      if (kind === undefined || this.ownerOf(path) !== undefined) continue;
      markers.set(folder, path);
      this.kinds.set(folder, kind);
    }
    this.markers = markers;
  }

  /** Whether a file opens one of them. */
  isMarker(path: string): boolean {
    return this.markers.get(folderOf(path)) === path;
  }

  /** The folder that is the model which a file is a part of; undefined if there is none. */
  ownerOf(path: string): string | undefined {
    if (this.kinds.size === 0) return undefined;
    for (let folder = folderOf(path); ; folder = folderOf(folder)) {
      const kind = this.kinds.get(folder);
      const below = folder === '' ? path : path.slice(folder.length + 1);
      if (kind !== undefined && IS_PART[kind](below)) return folder;
      if (folder === '') return undefined;
    }
  }
}

function isNoOtherModel(below: string): boolean {
  return modelNameCertainty(posix.basename(below)) !== 'model';
}

/** Of a path that begins with a slash, the uppermost folder is empty, too. */
function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
