import * as l10n from '@vscode/l10n';
import type { Checkpoint, FormatReader, OpenContext } from '../checkpoint';
import { readJsonFile } from '../containers/json-cursor';
import { ProtobufInput, type ProtobufRange } from '../containers/protobuf';
import { FormatError } from '../errors';
import type { RandomAccessSource } from '../source';
import { MilValues } from './blob-storage';
import { MilReader } from './mil-program';
import { MilWeights } from './mil-weights';
import { NetworkReader } from './network-reader';

const REMEDY = l10n.t('Copy or download the whole .mlpackage folder again.');

/** A package lists two or three items. */
const MAX_MANIFEST_BYTES = 1_000_000;

/** Fields of `Model.proto` from this one on say what kind of model it is, and hold it. */
const FIRST_KIND = 200;

const ML_PROGRAM = 502;

/** A neural network that regresses, that classifies, and a plain one. */
const NETWORKS: ReadonlySet<number> = new Set([303, 403, 500]);

const PIPELINE = 202;
const PIPELINES: ReadonlySet<number> = new Set([200, 201, PIPELINE]);

/** Models of a pipeline, those within others included: published ones have under ten. */
const MAX_MODELS = 1000;

/** A Core ML model: the `Manifest.json` of an `.mlpackage` folder, or a `model.mlmodel`. */
export const coremlReader: FormatReader = {
  id: 'coreml',
  extensions: ['mlmodel'],
  matches(head: Uint8Array): boolean {
    return isManifest(head) || isModel(head);
  },
  async open(context: OpenContext): Promise<Checkpoint> {
    const { source, signal } = context;
    if (!isManifest(await source.read(0, Math.min(source.size, 4096), signal))) {
      return await openModel(context, source, '');
    }
    const path = await modelPath(context);
    const folder = `Data/${path.slice(0, path.lastIndexOf('/') + 1)}`;
    return await openModel(context, await context.openSibling(`Data/${path}`), folder);
  },
};

function isManifest(head: Uint8Array): boolean {
  const text = Buffer.from(head).toString('latin1');
  return /^\s*\{/.test(text) && text.includes('"itemInfoEntries"') && text.includes('"fileFormatVersion"');
}

/**
 * A version, and a description whose first field is a feature: 1 or 10, a message of its name, perhaps a text, and its
 * type. TensorFlow's SavedModel starts alike; where that has a text, there are operators in a message.
 */
function isModel(head: Uint8Array): boolean {
  const [version, number = 0, description] = head;
  if (version !== 0x08 || number === 0 || number > 32 || description !== 0x12) return false;
  const feature = afterVarint(head, 3);
  if (head[feature] !== 0x0a && head[feature] !== 0x52) return false;
  const name = afterVarint(head, feature + 1);
  const length = head[name + 1] ?? 0;
  // Longer names than this take two bytes for their length, and are nobody's.
  if (head[name] !== 0x0a || length === 0 || length >= 0x80) return false;
  const next = name + 2 + length;
  return head[next] === 0x1a || (head[next] === 0x12 && head[afterVarint(head, next + 1)] !== 0x0a);
}

function afterVarint(bytes: Uint8Array, start: number): number {
  let at = start;
  while ((bytes[at] ?? 0) >= 0x80) at++;
  return at + 1;
}

/** Path of the model in the folder `Data` of a package. */
async function modelPath({ source, signal }: OpenContext): Promise<string> {
  const json = await readJsonFile(source, MAX_MANIFEST_BYTES, REMEDY, signal);
  const paths = new Map<string, string>();
  let root = '';
  json.readObject(l10n.t('the file'), (key) => {
    if (key === 'rootModelIdentifier') root = json.readString('"rootModelIdentifier"');
    else if (key === 'itemInfoEntries') {
      json.readObject('"itemInfoEntries"', (id) => {
        json.readObject(l10n.t('an item'), (field) => {
          if (field === 'path') paths.set(id, json.readString('"path"'));
          else json.skip();
        });
      });
    } else json.skip();
  });
  json.end();
  const path = paths.get(root);
  if (path === undefined) throw json.error(l10n.t('names no model'), 0);
  return path;
}

async function openModel(context: OpenContext, model: RandomAccessSource, folder: string): Promise<Checkpoint> {
  const { signal } = context;
  const input = new ProtobufInput(model, REMEDY, signal);
  const values = new MilValues(model, (name) => context.openSibling(`${folder}${name}`), signal);
  const programs = new MilWeights(values);
  const networks = new NetworkReader(input);
  const { parts, kind } = await modelParts(input, input.whole, '');
  if (parts.length === 0) throw unreadableKind(model.path, kind);
  for (const { range, prefix, isProgram } of parts) {
    if (isProgram) {
      const reader = new MilReader(input);
      await reader.program(range);
      await programs.add(reader.operations, prefix);
    } else await networks.add(range, prefix);
  }
  const hasPrograms = parts.some(({ isProgram }) => isProgram);
  return {
    format: 'coreml',
    formatLabel: hasPrograms ? l10n.t('Core ML program') : l10n.t('Core ML neural network'),
    files: values.sources.map(({ path, size }) => ({ path, size })),
    tensors: [...programs.tensors, ...networks.tensors],
    notes: [...programs.notes(), ...networks.notes()],
  };
}

/** A network or a program in a model. */
interface ModelPart {
  readonly range: ProtobufRange;
  readonly isProgram: boolean;
  /** Of the names of its weights. */
  readonly prefix: string;
}

/**
 * The networks and programs of a `Model`, those of the models in a pipeline included; `kind`: the field of what it is.
 * @throws {FormatError}
 */
async function modelParts(
  input: ProtobufInput,
  model: ProtobufRange,
  prefix: string,
): Promise<{ readonly parts: ModelPart[]; readonly kind: number }> {
  let kind = 0;
  let content: ProtobufRange | undefined;
  const fields = input.fields(model);
  while (fields.next() ?? (await fields.load())) {
    if (fields.number < FIRST_KIND) continue;
    kind = fields.number;
    content = fields.range;
  }
  if (content === undefined) return { parts: [], kind };
  if (kind === ML_PROGRAM || NETWORKS.has(kind)) {
    return { parts: [{ range: content, isProgram: kind === ML_PROGRAM, prefix }], kind };
  }
  const parts: ModelPart[] = [];
  for (const [index, inner] of (await modelsOf(input, kind, content)).entries()) {
    for (const part of (await modelParts(input, inner, `${prefix}${index}/`)).parts) parts.push(part);
    if (parts.length > MAX_MODELS) throw input.error(inner.start, tooManyModels());
  }
  return { parts, kind };
}

/** The models of a pipeline. */
async function modelsOf(input: ProtobufInput, kind: number, content: ProtobufRange): Promise<ProtobufRange[]> {
  if (!PIPELINES.has(kind)) return [];
  const models: ProtobufRange[] = [];
  const fields = input.fields(content);
  while (fields.next() ?? (await fields.load())) {
    if (fields.number !== 1) continue;
    models.push(fields.range);
    if (models.length > MAX_MODELS) throw input.error(fields.offset, tooManyModels());
  }
  if (kind === PIPELINE) return models;
  // Pipelines that classify or regress hold a plain one.
  const [pipeline] = models;
  return pipeline === undefined ? [] : await modelsOf(input, PIPELINE, pipeline);
}

function tooManyModels(): string {
  return l10n.t('has more than {0} models in a pipeline', MAX_MODELS);
}

function unreadableKind(file: string, kind: number): FormatError {
  return new FormatError({
    file,
    reason: l10n.t('is a Core ML model without a neural network or an ML Program (kind {0})', kind),
    remedy: l10n.t('Only neural networks have weights to prune: choose the model file of one.'),
  });
}
