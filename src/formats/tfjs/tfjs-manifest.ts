import * as l10n from '@vscode/l10n';
import type { TensorStorage } from '../storage';
import { BYTES_PER_ELEMENT, type DType } from '../dtype';
import type { FormatError } from '../errors';
import type { JsonCursor } from '../containers/json-cursor';
import { readTopology, type StoredTopology } from './tfjs-topology';
import { MAX_DIMENSIONS, MAX_FILES, MAX_NAME_LENGTH, MAX_TENSORS } from '../limits';
import { elementCount } from '../shape';

/** One weight as the manifest describes it; its bytes follow those of the weight before it. */
export interface ManifestWeight {
  readonly name: string;
  /** Type of the values; undefined for strings. */
  readonly dtype: DType | undefined;
  readonly shape: readonly number[];
  readonly count: number;
  /** Type of the stored elements; undefined for strings, whose size is only known from their bytes. */
  readonly storedDtype: DType | undefined;
  readonly quantization: TensorStorage['quantization'] | undefined;
}

/** Weights that lie in the same run of bytes, which may be cut over several files at any place. */
export interface WeightGroup {
  readonly paths: readonly string[];
  readonly weights: readonly ManifestWeight[];
}

/** What is read of a TensorFlow.js JSON file. */
export interface TfjsManifest {
  /** `weights-manifest` is a file that holds the manifest and nothing else. */
  readonly kind: 'graph-model' | 'layers-model' | 'weights-manifest';
  readonly groups: readonly WeightGroup[];
  readonly topology: StoredTopology | undefined;
}

/** What messages call the parts of the file. */
const FILE = l10n.t('the file');
const MANIFEST = l10n.t('the weights manifest');
const GROUP = l10n.t('a group of weights');
const PATH = l10n.t('a path');
const WEIGHT = l10n.t('a weight');
const WEIGHT_NAME = l10n.t('the name of a weight');
const WEIGHT_DTYPE = l10n.t('the dtype of a weight');
const WEIGHT_SHAPE = l10n.t('the shape of a weight');
const DIMENSION = l10n.t('a dimension');
const QUANTIZATION_DTYPE = l10n.t('the dtype of a quantization');

const NOT_TFJS = l10n.t(
  'Open the model.json of a TensorFlow.js model, the .index.json of a sharded one, or the weights themselves.',
);

/** Types that TensorFlow.js and its converter write, by their name in the manifest. */
const DTYPES: ReadonlyMap<string, DType> = new Map<string, DType>([
  ['float32', 'float32'],
  ['float16', 'float16'],
  ['int32', 'int32'],
  ['uint16', 'uint16'],
  ['uint8', 'uint8'],
  ['bool', 'bool'],
  ['complex64', 'complex64'],
]);

/**
 * Reads a `model.json` of TensorFlow.js (layers or graph model, also those from before the `format` key) or a bare
 * weights manifest (a JSON array).
 * @throws {FormatError}
 */
export function readTfjsManifest(json: JsonCursor): TfjsManifest {
  let kind: TfjsManifest['kind'] = 'weights-manifest';
  let groups: WeightGroup[] | undefined;
  let topology: StoredTopology | undefined;
  if (json.peek() === 'array') {
    groups = readGroups(json);
  } else {
    // Files from before the key `format` are layers models; graph models had another layout then.
    kind = 'layers-model';
    json.readObject(FILE, (key, offset) => {
      if (key === 'weightsManifest') {
        if (groups !== undefined) throw json.error(l10n.t('has "weightsManifest" twice'), offset);
        groups = readGroups(json);
      } else if (key === 'format' && json.peek() === 'string') {
        if (json.readString('"format"') === 'graph-model') kind = 'graph-model';
      } else if (key === 'modelTopology') {
        topology = readTopology(json);
      } else {
        json.skip();
      }
    });
  }
  json.end();
  if (groups === undefined) {
    throw json.error(
      l10n.t('is JSON without a "weightsManifest": no TensorFlow.js model, or one without weights'),
      0,
      NOT_TFJS,
    );
  }
  return { kind, groups, topology };
}

function readGroups(json: JsonCursor): WeightGroup[] {
  const groups: WeightGroup[] = [];
  const names = new Set<string>();
  let files = 0;
  json.readArray(MANIFEST, () => {
    const offset = json.offset;
    let paths: string[] | undefined;
    let weights: ManifestWeight[] | undefined;
    json.readObject(GROUP, (key, at) => {
      if (key === 'paths' && paths === undefined) {
        paths = readPaths(json);
      } else if (key === 'weights' && weights === undefined) {
        weights = readWeights(json, names);
      } else if (key === 'paths' || key === 'weights') {
        throw json.error(l10n.t('has "{0}" twice in one group of weights', key), at);
      } else {
        json.skip();
      }
    });
    if (paths === undefined || weights === undefined) {
      throw json.error(l10n.t('has a group of weights without "paths" or "weights"'), offset);
    }
    files += paths.length;
    if (files > MAX_FILES) throw json.error(l10n.t('names more than {0} files', MAX_FILES), offset);
    groups.push({ paths, weights });
  });
  return groups;
}

function readPaths(json: JsonCursor): string[] {
  const paths: string[] = [];
  json.readArray('"paths"', () => {
    const path = json.readString(PATH);
    if (path.length > MAX_NAME_LENGTH) throw json.error(l10n.t('has a path of {0} characters', path.length));
    if (paths.length >= MAX_FILES) throw json.error(l10n.t('names more than {0} files', MAX_FILES));
    paths.push(path);
  });
  return paths;
}

function readWeights(json: JsonCursor, names: Set<string>): ManifestWeight[] {
  const weights: ManifestWeight[] = [];
  json.readArray('"weights"', () => {
    const offset = json.offset;
    const weight = readWeight(json);
    if (names.has(weight.name)) {
      throw json.error(l10n.t('lists the weight {0} twice', JSON.stringify(weight.name)), offset);
    }
    if (names.size >= MAX_TENSORS) throw json.error(l10n.t('lists more than {0} weights', MAX_TENSORS), offset);
    names.add(weight.name);
    weights.push(weight);
  });
  return weights;
}

function readWeight(json: JsonCursor): ManifestWeight {
  const offset = json.offset;
  let name: string | undefined;
  let typeName: string | undefined;
  let shape: number[] | undefined;
  let quantization: Quantization | undefined;
  json.readObject(WEIGHT, (key) => {
    if (key === 'name') {
      name = json.readString(WEIGHT_NAME);
      if (name.length > MAX_NAME_LENGTH) throw json.error(l10n.t('has a weight name of {0} characters', name.length));
    } else if (key === 'dtype') {
      typeName = json.readString(WEIGHT_DTYPE);
    } else if (key === 'shape') {
      shape = readShape(json);
    } else if (key === 'quantization') {
      quantization = readQuantization(json);
    } else {
      json.skip();
    }
  });
  if (name === undefined || typeName === undefined || shape === undefined) {
    throw json.error(l10n.t('has a weight without "name", "dtype" or "shape"'), offset);
  }
  const fail = (reason: string): FormatError => json.error(reason, offset);
  const count = elementCount(shape);
  if (count === undefined) {
    throw fail(l10n.t('has a weight {0} with the impossible shape [{1}]', JSON.stringify(name), shape.join(', ')));
  }
  if (typeName === 'string' && quantization === undefined) {
    return { name, dtype: undefined, shape, count, storedDtype: undefined, quantization: undefined };
  }
  const dtype = DTYPES.get(typeName);
  if (dtype === undefined) {
    throw fail(
      l10n.t(
        'has a weight {0} with the unknown dtype {1}',
        JSON.stringify(name),
        JSON.stringify(typeName.slice(0, 40)),
      ),
    );
  }
  const storedDtype = quantization === undefined ? dtype : storedType(name, dtype, quantization, fail);
  if (!Number.isSafeInteger(count * BYTES_PER_ELEMENT[storedDtype])) {
    throw fail(
      l10n.t('has a weight {0} with a shape, [{1}], that is too large', JSON.stringify(name), shape.join(', ')),
    );
  }
  const { scale, min } = quantization ?? {};
  const isAffine = storedDtype !== 'float16' && scale !== undefined && min !== undefined;
  const affine = isAffine ? { scale, min, ...(dtype === 'int32' ? { toInteger: true as const } : {}) } : undefined;
  return { name, dtype, shape, count, storedDtype, quantization: affine };
}

interface Quantization {
  readonly dtype: string;
  readonly scale: number | undefined;
  readonly min: number | undefined;
}

/** By the rules of TensorFlow.js (`decodeWeights` in tfjs-core): what may be stored as what. */
function storedType(
  name: string,
  dtype: DType,
  quantization: Quantization,
  fail: (reason: string) => FormatError,
): DType {
  const stored = quantization.dtype;
  if (stored === 'float16' && dtype === 'float32') return 'float16';
  if ((stored !== 'uint8' && stored !== 'uint16') || (dtype !== 'float32' && dtype !== 'int32')) {
    throw fail(
      l10n.t(
        'has a weight {0} of {1} that is quantised as {2}',
        JSON.stringify(name),
        dtype,
        JSON.stringify(stored.slice(0, 40)),
      ),
    );
  }
  if (!Number.isFinite(quantization.scale) || !Number.isFinite(quantization.min)) {
    throw fail(l10n.t('has a weight {0} that is quantised without a finite "scale" and "min"', JSON.stringify(name)));
  }
  return stored;
}

function readQuantization(json: JsonCursor): Quantization {
  const offset = json.offset;
  let dtype: string | undefined;
  let scale: number | undefined;
  let min: number | undefined;
  json.readObject('"quantization"', (key) => {
    if (key === 'dtype') dtype = json.readString(QUANTIZATION_DTYPE);
    else if (key === 'scale') scale = json.readNumber('"scale"');
    else if (key === 'min') min = json.readNumber('"min"');
    else json.skip();
  });
  if (dtype === undefined) throw json.error(l10n.t('has a quantization without "dtype"'), offset);
  return { dtype, scale, min };
}

function readShape(json: JsonCursor): number[] {
  const shape: number[] = [];
  json.readArray(WEIGHT_SHAPE, (index) => {
    if (index >= MAX_DIMENSIONS) throw json.error(l10n.t('has a shape of more than {0} dimensions', MAX_DIMENSIONS));
    shape.push(json.readSize(DIMENSION));
  });
  return shape;
}
