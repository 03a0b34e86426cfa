import * as l10n from '@vscode/l10n';
import type { Checkpoint, FormatReader, OpenContext } from '../checkpoint';
import { readJsonFile } from '../containers/json-cursor';
import { ProtobufInput, type ProtobufRange } from '../containers/protobuf';
import { FormatError } from '../errors';
import type { RandomAccessSource } from '../source';
import { MilValues } from './blob-storage';
import { MilReader } from './mil-program';
import { MilWeights } from './mil-weights';

const REMEDY = l10n.t('Copy or download the whole .mlpackage folder again.');

/** A package lists two or three items. */
const MAX_MANIFEST_BYTES = 1_000_000;

/** Field of `Model.proto` that holds an ML Program. */
const ML_PROGRAM = 502;

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

/** A version, and a description whose first field is a feature, or an empty one. */
function isModel(head: Uint8Array): boolean {
  const [version, number = 0, description, length = 0] = head;
  if (version !== 0x08 || number === 0 || number > 32 || description !== 0x12) return false;
  const start = length >= 0x80 ? ((head[4] ?? 0) >= 0x80 ? 6 : 5) : 4;
  // Features 1 and 10, which are messages that start with a name.
  return length > 4 && (head[start] === 0x0a || head[start] === 0x52) && head[start + 2] === 0x0a;
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
  let program: ProtobufRange | undefined;
  let kind = 0;
  const fields = input.fields(input.whole);
  while (fields.next() ?? (await fields.load())) {
    if (fields.number === ML_PROGRAM) program = fields.range;
    if (fields.number >= 200) kind = fields.number;
  }
  if (program === undefined) throw unreadableKind(model.path, kind);
  const reader = new MilReader(input);
  await reader.program(program);
  const values = new MilValues(model, (name) => context.openSibling(`${folder}${name}`), signal);
  const weights = new MilWeights(values);
  await weights.add(reader.operations);
  return {
    format: 'coreml',
    formatLabel: l10n.t('Core ML program'),
    files: values.sources.map(({ path, size }) => ({ path, size })),
    tensors: weights.tensors,
    notes: weights.notes(),
  };
}

function unreadableKind(file: string, kind: number): FormatError {
  const isNetwork = kind === 303 || kind === 403 || kind === 500;
  return new FormatError({
    file,
    reason: isNetwork
      ? l10n.t('is a Core ML neural network of the old kind, which is not read')
      : l10n.t('is a Core ML model without an ML Program (kind {0})', kind),
    remedy: l10n.t('Convert the original model again with coremltools to an ML Program (.mlpackage).'),
  });
}
