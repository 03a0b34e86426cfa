import * as l10n from '@vscode/l10n';
import type { Checkpoint, CheckpointNote, FormatReader, OpenContext, TensorEntry, TensorRole } from '../checkpoint';
import { ProtobufInput, WireType } from '../containers/protobuf';
import { isFloatingPoint } from '../dtype';
import { FormatError } from '../errors';
import { tensorRole } from '../roles';
import type { RandomAccessSource } from '../source';
import { ExternalFiles } from './onnx-external';
import { OnnxModelReader } from './onnx-model-reader';
import { locateTensors, type LocatedTensor } from './onnx-names';
import { dequantized } from './onnx-quantized';
import type { Quantization, TensorRecord } from './onnx-record';
import { OnnxResolver } from './onnx-resolve';
import { TensorPlacer, type StoredTensor, type Unstored } from './onnx-storage';

const REMEDY = l10n.t('The model is damaged or incomplete: copy or download it again, or check it with onnx.checker.');

/** Roles that operators give, the strongest first: an embedding may also be multiplied with, to give the output. */
const ROLE_ORDER: readonly TensorRole[] = ['embedding', 'weight', 'norm', 'bias', 'buffer', 'other', 'constant'];

/** An ONNX model, with its external data. */
export const onnxReader: FormatReader = {
  id: 'onnx',
  extensions: ['onnx', 'ort', 'onnx_data', 'onnx.data'],
  matches: (head) => isOnnx(head) || isOrt(head),
  async open(context: OpenContext): Promise<Checkpoint> {
    const { source, signal } = context;
    await refuseOthers(source);
    const input = new ProtobufInput(source, REMEDY, signal);
    const model = await new OnnxModelReader(input).read();
    const external = await ExternalFiles.open(input, model, context);
    const { tensors: located, notes } = locateTensors(model);
    const records = new Map<LocatedTensor['value'], TensorRecord>();
    const unstored = new Map<Unstored, string[]>();
    const placer = new TensorPlacer(input, external);
    for (const { value, name, training } of located) {
      const stored = await place(placer, value, name);
      if (typeof stored === 'string') listOf(unstored, stored).push(name);
      else records.set(value, recordOf(stored, name, training));
    }
    const resolver = new OnnxResolver(model, records);
    const topology = resolver.resolve();
    const unresolved: string[] = [];
    const tensors = [...records.values()].map((record) => entryOf(record, unresolved));
    return {
      format: 'onnx',
      formatLabel: external.files.length > 1 ? l10n.t('ONNX with external data') : 'ONNX',
      files: external.files.map(({ path, size }) => ({ path, size })),
      tensors: withAliases(tensors),
      topology,
      notes: [...notes, ...unstoredNotes(unstored), ...unresolvedNote(unresolved), ...incompleteNote(resolver)],
    };
  },
};

/** A FlatBuffers file of ONNX Runtime. */
function isOrt(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(4, 8)).toString('latin1') === 'ORTM';
}

/**
 * A ModelProto has no signature: it starts with its version, a small number; then comes what only ONNX has next, as far
 * as the first bytes go: its producer's name or the graph. Core ML and TensorFlow files, which start alike, have a message
 * in place of the name.
 */
function isOnnx(head: Uint8Array): boolean {
  const text = Buffer.from(head.subarray(0, 200)).toString('latin1');
  if (text.charCodeAt(0) !== 0x08 || text.charCodeAt(1) > 0x40) return false;
  const next = text.charCodeAt(2);
  if (next === 0x3a || next === 0x42) return true;
  const length = text.charCodeAt(3);
  return next === 0x12 && length < 128 && /^[\w.+ :()/-]*$/.test(text.slice(4, 4 + length));
}

/** @throws {FormatError} for files that are named or look like models, but whose weights are elsewhere */
async function refuseOthers(source: RandomAccessSource): Promise<void> {
  const head = await source.read(0, Math.min(8, source.size));
  if (isOrt(head)) {
    throw new FormatError({
      file: source.path,
      offset: 4,
      reason: l10n.t('is a model in the internal format of ONNX Runtime (ORT)'),
      remedy: l10n.t('Open the .onnx file that it was made from.'),
    });
  }
  if (/\.onnx[._]data$/i.test(source.path) && head[0] !== 0x08) {
    throw new FormatError({
      file: source.path,
      reason: l10n.t('holds values of an ONNX model, but not their names and shapes'),
      remedy: l10n.t('Open the .onnx file beside it.'),
    });
  }
  // Any protobuf message starts with the tag of a small field; a text or a picture does not.
  const wireType = (head[0] ?? 0) & 7;
  if (wireType !== WireType.Varint && wireType !== WireType.Bytes) {
    throw new FormatError({ file: source.path, offset: 0, reason: l10n.t('is no ONNX model'), remedy: REMEDY });
  }
}

function listOf<Key>(lists: Map<Key, string[]>, key: Key): string[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

async function place(
  placer: TensorPlacer,
  value: LocatedTensor['value'],
  name: string,
): Promise<StoredTensor | Unstored> {
  if ('kind' in value) return await placer.constant(value, name);
  return 'values' in value ? placer.sparse(value, name) : placer.tensor(value, name);
}

function recordOf(stored: StoredTensor, name: string, training: boolean): TensorRecord {
  const isCode =
    !isFloatingPoint(stored.dtype) || stored.dtype.startsWith('float8') || stored.storage.coding?.kind === 'packed';
  return { name, stored, training, isCode, roles: new Set(), isQuantizationParameter: false, quantizations: [] };
}

/** @param unresolved Gets the names of quantised tensors whose scales do not fit them. */
function entryOf(record: TensorRecord, unresolved: string[]): TensorEntry {
  const { name, quantizations } = record;
  const [quantization] = quantizations;
  const weights =
    quantization !== undefined && quantizations.every((other) => isSame(other, quantization))
      ? dequantized(record.stored, quantization)
      : undefined;
  if (quantization !== undefined && weights === undefined && record.stored.count > 0) unresolved.push(name);
  const stored = weights ?? record.stored;
  return { name, ...stored, role: roleOf(record, stored) };
}

function isSame(a: Quantization, b: Quantization): boolean {
  return (
    a.scale === b.scale &&
    a.zero === b.zero &&
    a.otherScale === b.otherScale &&
    a.axis === b.axis &&
    a.block === b.block
  );
}

function roleOf({ name, training, roles, isQuantizationParameter }: TensorRecord, stored: StoredTensor): TensorRole {
  const { shape, dtype, count } = stored;
  if (training) return 'optimizer';
  if (isQuantizationParameter) return 'quantization';
  const byUse = ROLE_ORDER.find((role) => roles.has(role));
  // What is a vector but for dimensions of size 1 is no matrix, whatever it is added to.
  const isVector = shape.length > 0 && shape.filter((size) => size !== 1).length <= 1;
  const byName = tensorRole(name, isVector && byUse === undefined ? [count] : shape, dtype);
  if (!isFloatingPoint(dtype) || byName === 'buffer') return byName;
  return byUse ?? (count === 1 && isVector ? 'constant' : byName);
}

/** Tensors that are at the same place in an external file are tied. */
function withAliases(tensors: readonly TensorEntry[]): TensorEntry[] {
  const places = new Map<string, TensorEntry>();
  return tensors.map((tensor) => {
    const [extent] = tensor.storage.extents;
    if (extent === undefined || extent.file === 0 || tensor.storage.coding !== undefined) return tensor;
    const key = `${extent.file} ${extent.offset} ${extent.length} ${tensor.dtype}`;
    const first = places.get(key);
    if (first === undefined) places.set(key, tensor);
    return first === undefined ? tensor : { ...tensor, aliasOf: first.name };
  });
}

function unstoredNotes(unstored: ReadonlyMap<Unstored, readonly string[]>): CheckpointNote[] {
  return [...unstored].map(([why, tensors]) => {
    switch (why) {
      case 'strings':
        return { code: 'string-tensors', message: l10n.t('Tensors of strings are not analyzed.'), tensors };
      case 'unknown-type':
        return {
          code: 'unknown-types',
          message: l10n.t('{0} tensors are of a type that is not known here; they are not analyzed.', tensors.length),
          tensors,
        };
      case 'without-data':
        return {
          code: 'tensors-without-data',
          message: l10n.t('{0} tensors have a shape, but no values in the file.', tensors.length),
          tensors,
        };
    }
  });
}

function incompleteNote({ isComplete }: OnnxResolver): CheckpointNote[] {
  if (isComplete) return [];
  return [{ code: 'topology-incomplete', message: l10n.t('The graph is too large to be followed to its end.') }];
}

function unresolvedNote(tensors: readonly string[]): CheckpointNote[] {
  if (tensors.length === 0) return [];
  const message = l10n.t(
    '{0} quantised tensors have scales or zero points that do not fit them; they are analyzed as stored.',
    tensors.length,
  );
  return [{ code: 'unresolved-scales', message, tensors }];
}
