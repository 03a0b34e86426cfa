import * as l10n from '@vscode/l10n';
import type { Checkpoint } from '../../formats/checkpoint';
import { FormatError } from '../../formats/errors';
import { readKerasArchitecture } from '../../formats/keras/keras-architecture';
import { readModelConfig, type KerasLayer } from '../../formats/keras/keras-config';
import { kerasTopology } from '../../formats/keras/keras-topology';
import { FileSource } from '../../formats/source';
import type { LayerModel } from './layer-sequence';

/**
 * The layers of a Keras file (`.keras`, or `.h5` of a whole model).
 * @throws {FormatError} if it holds weights only, or its configuration cannot be followed
 */
export async function kerasModel(
  checkpoint: Checkpoint,
  file: string,
  signal: AbortSignal | undefined,
): Promise<LayerModel> {
  const source = await FileSource.open(file);
  try {
    const architecture = await readKerasArchitecture(source, signal);
    if (architecture === undefined) {
      throw new FormatError({
        file,
        reason: l10n.t('holds weights, but not the layers that they belong to'),
        remedy: l10n.t('Save the whole model: model.save("model.keras").'),
      });
    }
    const model = readModelConfig(architecture.config);
    if (model === undefined || checkpoint.topology === undefined) throw unreadable(file);
    return { model, topology: checkpoint.topology, kerasMajor: majorOf(architecture.version), file };
  } finally {
    await source.close();
  }
}

/**
 * The layers of a TensorFlow.js layers model.
 * @param modelTopology What stands under that key in its `model.json`.
 * @throws {FormatError} if they cannot be followed
 */
export function tfjsLayersModel(
  checkpoint: Checkpoint,
  modelTopology: Readonly<Record<string, unknown>>,
  file: string,
): LayerModel {
  // Converted models have their configuration one level deeper than those that TensorFlow.js saves.
  const config = modelTopology.model_config ?? modelTopology;
  const model = readModelConfig(typeof config === 'string' ? config : JSON.stringify(config));
  if (model === undefined) throw unreadable(file);
  const paths = layerPaths(model);
  const variables = checkpoint.tensors.map(({ name }) => {
    const owner = ownerOf(name, paths);
    return { path: name, name, layer: owner === undefined ? [] : [owner], isOptimizer: owner === undefined };
  });
  const shapes = new Map(checkpoint.tensors.map((tensor) => [tensor.name, tensor]));
  const topology = kerasTopology(model, variables, shapes);
  if (topology === undefined) throw unreadable(file);
  const version = modelTopology.keras_version;
  return { model, topology, kerasMajor: majorOf(typeof version === 'string' ? version : undefined), file };
}

/** Where the layers of a model are. */
interface LayerPaths {
  /** Names of the models around a layer and its own, joined. */
  readonly all: Set<string>;
  /** The first layer of a name. */
  readonly byName: Map<string, string>;
}

/** Weights are named by fewer scopes: models within models. */
const MAX_SCOPES = 32;

function layerPaths(model: KerasLayer): LayerPaths {
  const paths: LayerPaths = { all: new Set(), byName: new Map() };
  const collect = (outer: KerasLayer, chain: readonly string[]): void => {
    for (const layer of outer.layers ?? []) {
      const inner = [...chain, layer.name];
      if (layer.layers !== undefined) {
        collect(layer, inner);
        continue;
      }
      const path = inner.join('/');
      paths.all.add(path);
      if (!paths.byName.has(layer.name)) paths.byName.set(layer.name, path);
    }
  };
  collect(model, []);
  return paths;
}

/** The path of the layer that a weight is named after: `model/conv1/kernel` belongs to the innermost part that is one. */
function ownerOf(weight: string, { all, byName }: LayerPaths): string | undefined {
  const scope = weight.slice(0, Math.max(0, weight.lastIndexOf('/')));
  const parts = scope.split('/').slice(-MAX_SCOPES);
  for (let end = parts.length; end > 0; end--) {
    const names = Array.from({ length: end }, (_, start) => parts.slice(start, end).join('/'));
    // Layers of several models may have the same name: the models are named before it then.
    const found = names.find((name) => all.has(name)) ?? names.find((name) => byName.has(name));
    if (found !== undefined) return all.has(found) ? found : byName.get(found);
  }
  return undefined;
}

/** Of what wrote the file; without a word, or with that of TensorFlow.js, the rules are those of Keras 2. */
function majorOf(version: string | undefined): number {
  const major = Number(/^(\d{1,3})\./.exec(version ?? '')?.[1] ?? 2);
  return Number.isSafeInteger(major) ? major : 2;
}

function unreadable(file: string): FormatError {
  return new FormatError({
    file,
    reason: l10n.t('has a configuration that does not say how its layers are connected'),
    remedy: l10n.t(
      'Save the model again with a Sequential or functional model; subclassed ones keep it in their code.',
    ),
  });
}
