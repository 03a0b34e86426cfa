import { posix } from 'node:path';
import { MAIN_FILES } from './main-files';

/** Kinds of models that are folders: Core ML's packages, distributed checkpoints of PyTorch and DeepSpeed, TensorFlow's SavedModel, Orbax, zarr. */
export type FolderKind = 'package' | 'distributed' | 'deepspeed' | 'saved-model' | 'orbax' | 'zarr';

/** A file that opens a model which is a folder. */
interface Marker {
  readonly kind: FolderKind;
  readonly names: readonly string[];
  /** What the folder must be called; any name where there is none. */
  readonly folder?: RegExp;
  /** Whether the names alone tell; else only the header does. */
  readonly certain: boolean;
}

const MARKERS: readonly Marker[] = [
  { kind: 'package', names: ['Manifest.json'], folder: /\.mlpackage$/i, certain: true },
  { kind: 'distributed', names: ['.metadata'], certain: false },
  {
    kind: 'deepspeed',
    names: ['mp_rank_00_model_states.pt', 'zero_pp_rank_0_mp_rank_00_model_states.pt'],
    certain: true,
  },
  { kind: 'saved-model', names: ['saved_model.pb'], certain: true },
  { kind: 'orbax', names: ['_METADATA', 'manifest.ocdbt', '_CHECKPOINT_METADATA'], certain: false },
  { kind: 'zarr', names: ['.zarray', '.zgroup', 'zarr.json'], folder: /\.zarr$/i, certain: true },
  // Groups: single arrays of another name are too many, and too seldom models.
  { kind: 'zarr', names: ['.zgroup', 'zarr.json'], certain: false },
];

/** Markers that only some folders are looked into for: their names mean nothing elsewhere, or there are thousands. */
export const CERTAIN_MARKER_GLOBS: readonly string[] = [
  '*.mlpackage/Manifest.json',
  '*.zarr/.zarray',
  '*.zarr/.zgroup',
  '*.zarr/zarr.json',
];

/** Names of markers that other programs do not use. */
export const MARKER_NAMES: readonly string[] = ['.metadata', '_METADATA', '_CHECKPOINT_METADATA', 'manifest.ocdbt'];

/** Names of markers of folders that hold data of all sorts. */
export const GROUP_NAMES: readonly string[] = ['.zgroup', 'zarr.json'];

/**
 * What kind of model a file opens if the folder that it is in is one; undefined if the file opens no folder.
 * @param path with at least the name of the folder
 */
export function markerKind(path: string): FolderKind | undefined {
  return markerOf(path)?.kind;
}

/** Whether a file by its name and its folder's opens a model that is that folder. */
export function isCertainMarker(path: string): boolean {
  return markerOf(path)?.certain === true;
}

/** Of the files of one folder, that with the least opens it; undefined for one that opens none. */
export function mainFileRank(path: string): number | undefined {
  const rank = MAIN_FILES.indexOf(posix.basename(path));
  if (rank >= 0) return rank;
  return markerOf(path) === undefined ? undefined : -1;
}

function markerOf(path: string): Marker | undefined {
  const name = posix.basename(path);
  const folder = posix.basename(posix.dirname(path));
  return MARKERS.find((marker) => marker.names.includes(name) && marker.folder?.test(folder) !== false);
}
