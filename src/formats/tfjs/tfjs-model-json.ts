import * as l10n from '@vscode/l10n';
import { FormatError } from '../errors';
import { MAX_HEADER_BYTES } from '../limits';
import type { RandomAccessSource } from '../source';

/** What a `model.json` says of the network: parsed JSON, as it is in the file. */
export interface TfjsModelJson {
  /** A TensorFlow GraphDef, or the configuration of a Keras model. */
  readonly modelTopology: Readonly<Record<string, unknown>>;
  /** Names of inputs and outputs of a graph model. */
  readonly signature: unknown;
}

/**
 * Reads the topology of a TensorFlow.js model; the weights are the checkpoint's.
 * @throws {FormatError} if there is none
 */
export async function readTfjsModelJson(source: RandomAccessSource, signal?: AbortSignal): Promise<TfjsModelJson> {
  const remedy = l10n.t('Open the model.json that TensorFlow.js or its converter wrote.');
  if (source.size > MAX_HEADER_BYTES) {
    throw new FormatError({
      file: source.path,
      reason: l10n.t('is a JSON file of {0} bytes; at most {1} are read', source.size, MAX_HEADER_BYTES),
      remedy,
    });
  }
  const text = Buffer.from(await source.read(0, source.size, signal)).toString('utf8');
  const { modelTopology, signature, userDefinedMetadata } = parsed(text);
  if (!isObject(modelTopology)) {
    throw new FormatError({
      file: source.path,
      reason: l10n.t('lists weights, but does not say how the network computes with them'),
      remedy,
    });
  }
  const metadata = isObject(userDefinedMetadata) ? userDefinedMetadata : {};
  return { modelTopology, signature: signature ?? metadata.signature };
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
