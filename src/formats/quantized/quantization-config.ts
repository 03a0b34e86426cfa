import * as l10n from '@vscode/l10n';
import { readJsonFile, type JsonCursor } from '../containers/json-cursor';
import type { OpenContext } from '../checkpoint';
import { FormatError } from '../errors';

/** The largest published ones, which list the settings of thousands of layers, have about one megabyte. */
const MAX_CONFIG_BYTES = 8_000_000;

/** What the files beside a model say about how its weights were quantised. All of it may be absent, or untrue. */
export interface QuantizationConfig {
  readonly bits?: number;
  /** Elements that share a scale; −1: all inputs of a channel. */
  readonly groupSize?: number;
  /** GPTQ: `gptq` or `gptq_v2`, among others. */
  readonly checkpointFormat?: string;
  /** MLX: `affine`, `mxfp4` … */
  readonly mode?: string;
  /** Sizes of the boxes of which each has a scale (8-bit floats). */
  readonly blockSize?: readonly number[];
  /** Whether layers differ in bits or groups. */
  readonly mixed: boolean;
  /** Settings of single layers (MLX), by the layer's name. */
  readonly layers: ReadonlyMap<string, { readonly bits?: number; readonly groupSize?: number; readonly mode?: string }>;
}

interface Settings {
  bits?: number;
  groupSize?: number;
  checkpointFormat?: string;
  mode?: string;
  blockSize?: number[];
  mixed: boolean;
  layers: Map<string, Settings>;
}

/** Where the settings stand: in the model's configuration, or (AutoGPTQ) in a file of their own. */
const FILES: readonly { readonly name: string; readonly whole: boolean }[] = [
  { name: 'config.json', whole: false },
  { name: 'quantize_config.json', whole: true },
];

const SECTIONS: ReadonlySet<string> = new Set(['quantization_config', 'compression_config', 'quantization']);

/** Sections of models of several parts, of which the language model is the quantised one. */
const LANGUAGE_MODELS: ReadonlySet<string> = new Set(['text_config', 'llm_config', 'language_config']);

/** Reads the settings beside a model. What is missing or malformed is as good as absent: names and shapes decide then. */
export async function readQuantizationConfig(context: OpenContext): Promise<QuantizationConfig> {
  for (const { name, whole } of FILES) {
    try {
      const json = await readJsonFile(await context.openSibling(name), MAX_CONFIG_BYTES, '', context.signal);
      const settings: Settings = { mixed: false, layers: new Map() };
      if (whole) readSettings(json, settings, 0);
      if (whole || readSections(json, settings)) return settings;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  }
  return { mixed: false, layers: new Map() };
}

/** @returns whether there are any settings. */
function readSections(json: JsonCursor, settings: Settings, isWithin = false): boolean {
  let found = false;
  json.readObject('', (key) => {
    const isObject = json.peek() === 'object';
    if (isObject && SECTIONS.has(key)) {
      found = true;
      readSettings(json, settings, 0);
    } else if (isObject && !isWithin && LANGUAGE_MODELS.has(key)) {
      found = readSections(json, settings, true) || found;
    } else json.skip();
  });
  return found;
}

function readSettings(json: JsonCursor, settings: Settings, depth: number): void {
  json.readObject('', (key) => {
    const kind = json.peek();
    if (kind === 'number') readNumber(json, key, settings);
    else if (kind === 'string') readText(json, key, settings);
    else if (kind === 'array' && key === 'weight_block_size') settings.blockSize = readSizes(json);
    else if (kind === 'object' && depth === 0) readSection(json, key, settings);
    else json.skip();
  });
}

function readNumber(json: JsonCursor, key: string, settings: Settings): void {
  const value = json.readNumber('');
  if (!Number.isSafeInteger(value)) return;
  if (key === 'bits' || key === 'w_bit' || key === 'num_bits') settings.bits = value;
  if (key === 'group_size' || key === 'q_group_size') settings.groupSize = value;
}

function readText(json: JsonCursor, key: string, settings: Settings): void {
  const value = json.readString('');
  if (key === 'checkpoint_format') settings.checkpointFormat = value;
  if (key === 'mode') settings.mode = value;
}

/** GPTQModel lists exceptions by pattern; AutoRound too; MLX gives each exception under the layer's name. */
function readSection(json: JsonCursor, key: string, settings: Settings): void {
  if (key === 'dynamic' || key === 'extra_config' || key === 'config_groups') {
    settings.mixed = true;
    json.skip();
    return;
  }
  const layer: Settings = { mixed: false, layers: new Map() };
  readSettings(json, layer, 1);
  if (layer.bits !== undefined || layer.groupSize !== undefined || layer.mode !== undefined) {
    settings.layers.set(key, layer);
  }
}

function readSizes(json: JsonCursor): number[] {
  const sizes: number[] = [];
  json.readArray('', () => {
    if (json.peek() === 'number') sizes.push(json.readNumber(l10n.t('a number in {0}', '"weight_block_size"')));
    else json.skip();
  });
  return sizes;
}
