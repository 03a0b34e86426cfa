import * as l10n from '@vscode/l10n';
import { openModel } from '../engine/open-model';
import { FormatError } from '../formats/errors';
import { FileSource } from '../formats/source';
import { readTfjsModelJson } from '../formats/tfjs/tfjs-model-json';
import type { Checkpoint } from '../formats/checkpoint';
import { graphNetwork } from './graph/graph-network';
import { kerasModel, tfjsLayersModel } from './layers/keras-model';
import { layersNetwork } from './layers/layers-network';
import type { Network } from './network';
import { onnxNetwork } from './onnx/onnx-network';

/**
 * The network in a model file (or the model in a folder), if the file says how it computes: ONNX, Keras and TensorFlow.js
 * models. A backend of TensorFlow.js has to be set before.
 * @throws {FormatError} if it cannot be run, {@link CancelledError} once the signal is raised
 */
export async function loadNetwork(path: string, signal: AbortSignal | undefined): Promise<Network> {
  const opened = await openModel(path, signal);
  try {
    return await networkOf(opened.checkpoint, opened.file, signal);
  } finally {
    await opened.close();
  }
}

async function networkOf(checkpoint: Checkpoint, file: string, signal: AbortSignal | undefined): Promise<Network> {
  switch (checkpoint.format) {
    case 'keras':
      return await layersNetwork(checkpoint, await kerasModel(checkpoint, file, signal), signal);
    case 'onnx':
      return await onnxNetwork(checkpoint, file, signal);
    case 'tfjs': {
      const source = await FileSource.open(file);
      try {
        const json = await readTfjsModelJson(source, signal);
        const { modelTopology } = json;
        return Array.isArray(modelTopology.node)
          ? await graphNetwork(checkpoint, json, file, signal)
          : await layersNetwork(checkpoint, tfjsLayersModel(checkpoint, modelTopology, file), signal);
      } finally {
        await source.close();
      }
    }
    default:
      throw new FormatError({
        file,
        reason: l10n.t('holds weights ({0}), but not how the network computes with them', checkpoint.formatLabel),
        remedy: l10n.t(
          'Export the model to ONNX (in PyTorch: torch.onnx.export): ONNX, Keras and TensorFlow.js models can be run.',
        ),
      });
  }
}
