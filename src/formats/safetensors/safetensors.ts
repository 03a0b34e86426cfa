import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type { Checkpoint, CheckpointNote, FormatReader, OpenContext, TensorEntry } from '../checkpoint';
import { isQuantizationConstant, tensorRole } from '../roles';
import { headerLength, LENGTH_BYTES, readSafetensorsHeader } from './safetensors-header';
import type { RandomAccessSource } from '../source';

/** Name of one file of a model that is cut into several, as Hugging Face's libraries write it. */
const SHARD_NAME = /^(.+)-(\d{5,})-of-(\d{5,})\.safetensors$/;

/** One safetensors file. A shard that is opened by itself is read by itself, with a note. */
export const safetensorsReader: FormatReader = {
  id: 'safetensors',
  extensions: ['safetensors'],
  matches(head: Uint8Array, source: RandomAccessSource): boolean {
    if (head.length < LENGTH_BYTES + 2 || head[LENGTH_BYTES] !== 0x7b) return false;
    return headerLength(head) <= source.size - LENGTH_BYTES;
  },
  async open({ source, signal }: OpenContext): Promise<Checkpoint> {
    const { tensors, notes } = await readSafetensorsFile(source, 0, signal);
    return {
      format: 'safetensors',
      formatLabel: 'safetensors',
      files: [{ path: source.path, size: source.size }],
      tensors,
      notes: [...notes, ...shardNote(source.path)],
    };
  },
};

/**
 * Reads one safetensors file as the file with index `file` of a checkpoint; the tensors are in the order of their bytes.
 * @throws {FormatError}
 */
export async function readSafetensorsFile(
  source: RandomAccessSource,
  file: number,
  signal?: AbortSignal,
): Promise<{ tensors: TensorEntry[]; notes: CheckpointNote[] }> {
  const tensors: TensorEntry[] = [];
  for (const { name, dtype, packed, shape, count, offset, byteLength } of await readSafetensorsHeader(source, signal)) {
    const extents = byteLength === 0 ? [] : [{ file, offset, length: byteLength }];
    const tensor = { name, dtype, shape, count, role: tensorRole(name, shape, dtype) };
    if (packed === undefined) tensors.push({ ...tensor, storage: { dtype, extents } });
    else {
      const { bits, table, type } = packed;
      const coding = { kind: 'packed', bits, wordBytes: 1, columns: 1, table } as const;
      tensors.push({ ...tensor, storage: { dtype, extents, coding }, storedAs: type });
    }
  }
  return { tensors, notes: scalesNote(tensors) };
}

/** 8-bit floats as models are published come with scales, block by block, in tensors of their own. */
function scalesNote(tensors: readonly TensorEntry[]): CheckpointNote[] {
  if (!tensors.some(({ dtype, role }) => role === 'weight' && dtype.startsWith('float8_'))) return [];
  const scales = tensors.filter(({ name, dtype }) => isQuantizationConstant(name, dtype)).map(({ name }) => name);
  if (scales.length === 0) return [];
  const message = l10n.t(
    'The scales of the 8-bit weights are tensors of their own; the weights are analyzed as stored, without them.',
  );
  return [{ code: 'separate-scales', message, tensors: scales }];
}

function shardNote(file: string): CheckpointNote[] {
  const match = SHARD_NAME.exec(path.basename(file));
  if (match === null) return [];
  const [, model = '', number = '', total = ''] = match;
  if (Number(total) <= 1) return [];
  return [
    {
      code: 'one-shard-of-many',
      message: l10n.t(
        'This is part {0} of {1} of a model. Open {2}.safetensors.index.json to analyze the whole.',
        Number(number),
        Number(total),
        model,
      ),
    },
  ];
}
