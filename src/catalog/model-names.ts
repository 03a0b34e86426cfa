import { posix } from 'node:path';
import { CERTAIN_MARKER_GLOBS, GROUP_NAMES, isCertainMarker, MARKER_NAMES, markerKind } from './folder-markers';

/**
 * What a file's name tells: whether it is a model for sure, may be one, or is none. The one source for searches, for
 * dialogs, and for the `when` clauses of the manifest.
 */

/** Extensions that only models have. `.pth.tar` is what PyTorch's own ImageNet example writes; there is no tar in it. */
const CERTAIN_EXTENSIONS = [
  'safetensors',
  'gguf',
  'onnx',
  'tflite',
  'keras',
  'weights.h5',
  'pt',
  'pth',
  'pt2',
  'ckpt',
  'pdparams',
  'pdiparams',
  'mlmodel',
  'npz',
  'npy',
  'pt.tar',
  'pth.tar',
];

/** Names that only models have. */
const CERTAIN = new RegExp(
  `\\.(?:${CERTAIN_EXTENSIONS.join('|').replaceAll('.', '\\.')})$|\\.(?:safetensors|bin)\\.index(?:\\.[\\w-]+)?\\.json$|pytorch_model.*\\.bin$|flax_model.*\\.msgpack$|\\.ckpt(?:-\\d+)?\\.index$|^variables\\.index$|^saved_model\\.pb$`,
  'i',
);

/** Extensions that models share with everything else. */
const AMBIGUOUS_EXTENSIONS = [
  'bin',
  'pb',
  'pkl',
  'pickle',
  'h5',
  'hdf5',
  'task',
  'lite',
  'circle',
  'msgpack',
  'index',
  'mat',
];

const AMBIGUOUS = new RegExp(`\\.(?:json|${AMBIGUOUS_EXTENSIONS.join('|')})$|^checkpoint_\\d+$`, 'i');

/** What training libraries write beside the model of a checkpoint: states of optimiser, schedule and random numbers, facts of an export. */
const COMPANION =
  /^(?:keras_metadata|fingerprint)\.pb$|^(?:optim(?:izer)?(?:_\d+)?|scheduler|scaler|training_args|custom_checkpoint_\d+|rng_state(?:_\d+)?|random_states_\d+|.*optim_states)\.(?:pt|pth|bin|pkl)$/i;

/** Weights without their names and shapes, which a TensorFlow.js manifest beside them has. */
const MANIFEST_SHARD = /-shard\d+(?:of\d+)?(?:\.bin)?$/i;

/** Tensors of a distributed checkpoint of PyTorch, without their names, which `.metadata` beside them has. */
const DISTRIBUTED_SHARD = /\.distcp$/i;

/** One process's share of what ZeRO of DeepSpeed has cut up, of which the file of the module has the names. */
const ZERO_SHARE = /^(?:bf16_)?zero_pp_rank_\d+_mp_rank_\d+_optim_states\.pt$/;

/** A workspace has thousands of JSON files; a search looks into those whose names speak of a model. */
const SEARCHED_JSON = /(?:model|weights).*\.json$/i;

/**
 * `model`: by its name alone; `ambiguous`: only its content tells, so nothing may be claimed of it before it was
 * sniffed; `no`: not a model by itself.
 * @param name The file's name, without its folder.
 */
export function modelNameCertainty(name: string): 'model' | 'ambiguous' | 'no' {
  if (COMPANION.test(name) || isManifestShard(name)) return 'no';
  if (CERTAIN.test(name)) return 'model';
  return AMBIGUOUS.test(name) || MARKER_NAMES.includes(name) ? 'ambiguous' : 'no';
}

/** Whether a file is what training libraries write beside the model, by its name: only alone is it worth opening. */
export function isCompanionName(name: string): boolean {
  return COMPANION.test(name);
}

/** Whether a file holds weights that a TensorFlow.js manifest describes: `group1-shard1of2.bin`, `face_model-shard1`. */
export function isManifestShard(name: string): boolean {
  return MANIFEST_SHARD.test(name);
}

/** Whether a file surely is a part of a model, but none by itself. */
export function isModelPart(name: string): boolean {
  return isManifestShard(name) || DISTRIBUTED_SHARD.test(name) || ZERO_SHARE.test(name);
}

/** The same as {@link modelNameCertainty}, by the name of the file's folder too, of which it may be the main file. */
export function modelPathCertainty(path: string): 'model' | 'ambiguous' | 'no' {
  if (isCertainMarker(path)) return 'model';
  const certainty = modelNameCertainty(posix.basename(path));
  return certainty === 'no' && markerKind(path) !== undefined ? 'ambiguous' : certainty;
}

/** Whether a search of the workspace has to do with such a file: what {@link CATALOG_GLOB} finds, less what is no model. */
export function isCatalogPath(path: string): boolean {
  const name = posix.basename(path);
  if (isModelPart(name) || markerKind(path) !== undefined) return true;
  const certainty = modelNameCertainty(name);
  return certainty === 'model' || (certainty === 'ambiguous' && (!/\.json$/i.test(name) || SEARCHED_JSON.test(name)));
}

const CERTAIN_GLOBS = [
  ...CERTAIN_EXTENSIONS.map((extension) => `*.${extension}`),
  '*.safetensors.index*.json',
  '*.bin.index*.json',
  '*flax_model*.msgpack',
  '*.ckpt*.index',
  'variables.index',
  'saved_model.pb',
];

/** What is offered where nothing can be sniffed first: models by name, and the names that TensorFlow.js, PyTorch and Orbax give their own. */
export const MODEL_GLOB = `**/{${[
  ...CERTAIN_GLOBS,
  '*pytorch_model*.bin',
  'model.json',
  '*weights_manifest.json',
  ...CERTAIN_MARKER_GLOBS,
  ...MARKER_NAMES,
].join()}}`;

/** The same, with every ambiguous file that may be a model and what is cut into shards. */
export const CATALOG_GLOB = `**/{${[
  ...CERTAIN_GLOBS,
  ...AMBIGUOUS_EXTENSIONS.map((extension) => `*.${extension}`),
  ...MARKER_NAMES,
  'checkpoint_[0-9]*',
  '*model*.json',
  '*weights*.json',
  '*-shard[0-9]*',
  ...CERTAIN_MARKER_GLOBS,
  ...GROUP_NAMES,
  '*.distcp',
].join()}}`;

/** Folders in which a search finds the test data of libraries, not the user's models. */
const EXCLUDED_FOLDERS = ['node_modules', '.git', '.venv', 'venv', '__pycache__', 'site-packages', '.tox'];

/** The arrays of a zarr store, each of thousands of files: what opens it lies at its top. */
const STORED_ARRAYS = '*.zarr/*';

export const EXCLUDED_GLOB = `**/{${[...EXCLUDED_FOLDERS, STORED_ARRAYS].join()}}/**`;

/** Whether a path leads through a folder that searches leave out. */
export function isExcluded(path: string): boolean {
  const names = path.split('/');
  const opensStore = markerKind(path) !== undefined;
  return names.some(
    (name, i) =>
      EXCLUDED_FOLDERS.includes(name) ||
      ((names[i - 1] ?? '').endsWith('.zarr') && !(opensStore && i === names.length - 1)),
  );
}

/** Extensions for dialogs that open a file; what it really is, the engine decides by its content. */
export const MODEL_EXTENSIONS = [
  ...CERTAIN_EXTENSIONS.filter((extension) => !extension.includes('.')),
  ...AMBIGUOUS_EXTENSIONS,
  'json',
  'tar',
];

/** Matches the names of files that are models by themselves, as {@link MODEL_GLOB} finds them. */
export const OFFERED_NAME = new RegExp(`${CERTAIN.source}|^model\\.json$|weights_manifest\\.json$`, 'i');

/** The condition of a menu entry for model files, as the manifest has it. */
export const MODEL_NAME_CLAUSE = `resourceFilename =~ ${String(OFFERED_NAME)}`;

/** Names of folders that only models have. */
const MODEL_FOLDER = /\.(?:mlpackage|zarr)$/i;

/** Whether a folder is a model by its name alone. */
export function isModelFolderName(name: string): boolean {
  return MODEL_FOLDER.test(name);
}

/** The context key of the menus for folders that are models: an object whose keys are their paths. */
export const MODEL_FOLDERS_KEY = 'prunability.modelFolders';

/** The condition of a menu entry for folders that are models, as the manifest has it: by name, and those that were found. */
export const MODEL_FOLDER_CLAUSE = `(resourceFilename =~ ${String(MODEL_FOLDER)} || resourcePath in ${MODEL_FOLDERS_KEY})`;
