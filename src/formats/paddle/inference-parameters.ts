import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type { Checkpoint, CheckpointNote, OpenContext, TensorEntry, TensorRole } from '../checkpoint';
import { onlyFile } from '../containers/pickle-checkpoint';
import { ProtobufInput } from '../containers/protobuf';
import { UniqueNames } from '../containers/unique-names';
import { BYTES_PER_ELEMENT, isFloatingPoint, type DType } from '../dtype';
import { FormatError } from '../errors';
import { MAX_DIMENSIONS, MAX_TENSORS } from '../limits';
import { listed } from '../name-list';
import { tensorRole } from '../roles';
import { elementCount } from '../shape';
import type { RandomAccessSource } from '../source';
import { programBeside, type ProgramParameters } from './parameter-names';

/**
 * The weights of an inference model: tensors in a row, without names (`SerializeToStream` in
 * `paddle/phi/core/framework/dense_tensor_serialize.cc`): version, levels of sequences, version, size of the
 * description, description, values. Names are in the program beside it.
 */

const REMEDY = l10n.t('The file is damaged or incomplete: copy or download it again.');

/** Two versions, the number of levels, the size of the description. */
const PREFIX_BYTES = 20;

/** Type, and up to `MAX_DIMENSIONS` sizes of 11 bytes. */
const MAX_DESCRIPTION_BYTES = 11 * (MAX_DIMENSIONS + 1);

/** Names shown in a message; more add nothing. */
const MAX_NAMES = 3;

/** `VarType.Type` of `framework.proto`. */
const DTYPES: ReadonlyMap<number, DType> = new Map<number, DType>([
  [0, 'bool'],
  [1, 'int16'],
  [2, 'int32'],
  [3, 'int64'],
  [4, 'float16'],
  [5, 'float32'],
  [6, 'float64'],
  [20, 'uint8'],
  [21, 'int8'],
  [22, 'bfloat16'],
  [23, 'complex64'],
  [24, 'complex128'],
  [32, 'float8_e4m3fn'],
  [33, 'float8_e5m2'],
]);

/** Running statistics of its normalisation layers, and their affine parameters, as Paddle names them. */
const STATISTICS = /norm\w{0,40}_\d+\.w_[12]$/;
const NORM = /norm\w{0,40}_\d+\.[wb]_0$/;
const BIAS = /\.b_\d+$/;

interface Stored {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly count: number;
  readonly offset: number;
  readonly length: number;
}

/** Whether a file begins with a tensor: versions 0, no levels, and a description that begins with the type. */
export function startsAsTensor(head: Uint8Array): boolean {
  if (head.length < PREFIX_BYTES + 2 || head.subarray(0, 16).some((byte) => byte !== 0)) return false;
  const size = new DataView(head.buffer, head.byteOffset).getUint32(16, true);
  return size >= 2 && size <= MAX_DESCRIPTION_BYTES && head[PREFIX_BYTES] === 0x08;
}

/** @throws {FormatError} */
export async function openInference(context: OpenContext): Promise<Checkpoint> {
  const { source, signal } = context;
  const stored: Stored[] = [];
  const input = new ProtobufInput(source, REMEDY, signal);
  for (let at = 0; at < source.size;) {
    if (stored.length >= MAX_TENSORS) throw fault(source, at, l10n.t('has more than {0} tensors', MAX_TENSORS));
    const tensor = await readTensor(input, at, signal);
    stored.push(tensor);
    at = tensor.offset + tensor.length;
  }
  const program = await programBeside(context, programNames(source));
  const fits = program !== undefined && describesAll(program, stored);
  const names = new UniqueNames();
  const tensors = stored.map(({ dtype, shape, count, offset, length }, index): TensorEntry => {
    const name = names.take((fits ? program.parameters[index]?.name : undefined) ?? String(index));
    const extents = length === 0 ? [] : [{ file: 0, offset, length }];
    return { name, dtype, shape, count, role: roleOf(name, shape, dtype), storage: { dtype, extents } };
  });
  const unnamed = fits ? undefined : namesNote(source, program);
  return {
    format: 'paddle',
    formatLabel: l10n.t('PaddlePaddle inference model'),
    files: onlyFile(source),
    tensors,
    notes: [...(unnamed === undefined ? [] : [unnamed]), ...names.notes()],
  };
}

async function readTensor(input: ProtobufInput, at: number, signal: AbortSignal | undefined): Promise<Stored> {
  const { source } = input;
  if (at + PREFIX_BYTES > source.size) throw fault(source, at, l10n.t('ends within a tensor'));
  const bytes = await source.read(at, PREFIX_BYTES, signal);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== 0 || view.getUint32(12, true) !== 0) {
    throw fault(source, at, l10n.t('has a tensor of an unknown version'));
  }
  if (view.getBigUint64(4, true) !== 0n) throw fault(source, at + 4, l10n.t('has sequences of various lengths'));
  const size = view.getInt32(16, true);
  if (size < 0 || size > MAX_DESCRIPTION_BYTES) {
    throw fault(source, at + 16, l10n.t('has a description of a tensor of {0} bytes', size));
  }
  const offset = at + PREFIX_BYTES + size;
  if (offset > source.size) throw fault(source, at, l10n.t('ends within a tensor'));
  const { type, shape } = await readDescription(input, at + PREFIX_BYTES, offset);
  const dtype = DTYPES.get(type);
  if (dtype === undefined) throw fault(source, at, l10n.t('has a tensor of the unknown type {0}', type));
  const count = elementCount(shape);
  const length = (count ?? NaN) * BYTES_PER_ELEMENT[dtype];
  if (count === undefined || !Number.isSafeInteger(length) || offset + length > source.size) {
    const left = source.size - offset;
    throw fault(source, offset, l10n.t('has a tensor of the shape [{0}], but only {1} bytes', shape.join(', '), left));
  }
  return { dtype, shape, count, offset, length };
}

/** A `TensorDesc`. */
async function readDescription(
  input: ProtobufInput,
  start: number,
  end: number,
): Promise<{ readonly type: number; readonly shape: readonly number[] }> {
  let type = -1;
  const shape: number[] = [];
  const fields = input.fields({ start, end, depth: 0 });
  while (fields.next() ?? (await fields.load())) {
    if (fields.number === 1) type = fields.int64;
    else if (fields.number === 2) await fields.appendInt64(shape, MAX_DIMENSIONS);
  }
  return { type, shape };
}

/** Files that the program may be in: of Paddle 3, of Paddle 2, and of Paddle 1. */
function programNames({ path: file }: RandomAccessSource): string[] {
  const name = path.basename(file);
  if (name === '__params__') return ['__model__'];
  const base = name.replace(/\.[^.]*$/, '');
  return [`${base}.json`, `${base}.pdmodel`];
}

function describesAll({ parameters }: ProgramParameters, stored: readonly Stored[]): boolean {
  return (
    parameters.length === stored.length &&
    parameters.every(({ shape }, index) => shape.join() === stored[index]?.shape.join())
  );
}

function namesNote(source: RandomAccessSource, program: ProgramParameters | undefined): CheckpointNote {
  return {
    code: 'numbered-tensors',
    message:
      program === undefined
        ? l10n.t(
            'Tensors are numbered: their names are in the program of the model, {0}, which is not beside the file.',
            listed(programNames(source).slice(0, MAX_NAMES), programNames(source).length),
          )
        : l10n.t(
            'Tensors are numbered: the program beside the file, {0}, describes others. Save the model again, both files together.',
            program.file,
          ),
  };
}

function roleOf(name: string, shape: readonly number[], dtype: DType): TensorRole {
  if (isFloatingPoint(dtype) && shape.length === 1) {
    if (STATISTICS.test(name)) return 'buffer';
    if (NORM.test(name)) return 'norm';
    if (BIAS.test(name)) return 'bias';
  }
  return tensorRole(name, shape, dtype);
}

function fault(source: RandomAccessSource, offset: number, reason: string): FormatError {
  return new FormatError({ file: source.path, offset, reason, remedy: REMEDY });
}
