import * as l10n from '@vscode/l10n';
import type { CheckpointNote, TensorEntry, TensorRole } from '../checkpoint';
import { isFloatingPoint } from '../dtype';
import { tensorRole } from '../roles';
import { elementCount } from '../shape';
import type { TensorStorage, Tile } from '../storage';
import type { MilValues, StoredValue } from './blob-storage';
import type { MilOperation } from './mil-program';
import { MIL_TYPES } from './mil-types';

/** Values of all tables of a model, which travel with the description of the tensors: palettes have up to 256 each. */
export const MAX_TABLE_VALUES = 1_000_000;

/** What operations take constants for, by operation and parameter. */
const ROLES: ReadonlyMap<string, TensorRole> = new Map<string, TensorRole>([
  ['batch_norm.gamma', 'norm'],
  ['batch_norm.beta', 'norm'],
  ['batch_norm.mean', 'buffer'],
  ['batch_norm.variance', 'buffer'],
  ['instance_norm.gamma', 'norm'],
  ['instance_norm.beta', 'norm'],
  ['layer_norm.gamma', 'norm'],
  ['layer_norm.beta', 'norm'],
  ['conv.weight', 'weight'],
  ['conv.bias', 'bias'],
  ['conv_transpose.weight', 'weight'],
  ['conv_transpose.bias', 'bias'],
  ['linear.weight', 'weight'],
  ['linear.bias', 'bias'],
  ['gather.x', 'embedding'],
  ['lstm.bias', 'bias'],
  ['gru.bias', 'bias'],
  ['rnn.bias', 'bias'],
]);

/** A weight and how it is stored, in the words of the format. */
interface Weight {
  readonly storage: TensorStorage;
  readonly storedAs?: string;
}

/** The weights of an ML Program: constants, and constant expressions that make weights of codes. */
export class MilWeights {
  readonly tensors: TensorEntry[] = [];
  private readonly unread: string[] = [];
  private readonly renamed: string[] = [];
  private readonly names = new Set<string>();
  private readonly byPlace = new Map<string, string>();
  private tableValues = 0;

  constructor(private readonly values: MilValues) {}

  /** @param prefix of the names of all weights. @throws {FormatError} */
  async add(operations: readonly MilOperation[], prefix: string): Promise<void> {
    const roles = rolesOf(operations);
    for (const operation of operations) {
      if (!isWeight(operation)) continue;
      const { outputType, output } = operation;
      const wanted = `${prefix}${operation.function === 'main' ? output : `${operation.function}/${output}`}`;
      const weight = await this.weight(operation, wanted);
      const { shape } = outputType;
      const count = elementCount(shape);
      if (weight === undefined || count === undefined) {
        this.unread.push(wanted);
        continue;
      }
      let name = wanted;
      for (let number = 2; this.names.has(name); number++) name = `${wanted}#${number}`;
      if (name !== wanted) this.renamed.push(name);
      this.names.add(name);
      const { dtype } = weight.storage;
      const known =
        shape.length > 0 && isFloatingPoint(dtype) ? roles.get(roleKey(operation.function, output)) : undefined;
      const role =
        known === undefined || (known === 'weight' && shape.length < 2) ? tensorRole(name, shape, dtype) : known;
      const [extent] = weight.storage.coding === undefined ? weight.storage.extents : [];
      // Functions of one model share their weights.
      const place = extent === undefined ? '' : `${extent.file}:${extent.offset}:${dtype}:${shape.join()}`;
      const aliasOf = place === '' ? undefined : this.byPlace.get(place);
      if (place !== '' && aliasOf === undefined) this.byPlace.set(place, name);
      this.tensors.push({ name, shape, count, role, dtype, ...weight, ...(aliasOf === undefined ? {} : { aliasOf }) });
    }
  }

  notes(): CheckpointNote[] {
    const notes: CheckpointNote[] = [];
    if (this.unread.length > 0) {
      notes.push({
        code: 'packed-weights',
        message: l10n.t('{0} weights are compressed in a way that is not read.', this.unread.length),
        tensors: this.unread,
      });
    }
    if (this.renamed.length > 0) {
      notes.push({
        code: 'renamed-tensors',
        message: l10n.t('{0} tensors have the name of another one; a number was added.', this.renamed.length),
        tensors: this.renamed,
      });
    }
    return notes;
  }

  private async weight(operation: MilOperation, name: string): Promise<Weight | undefined> {
    const { constants, type, outputType } = operation;
    const find = async (parameter: string): Promise<StoredValue | undefined> => {
      const value = constants.get(parameter);
      return value === undefined ? undefined : await this.values.find(value, name);
    };
    switch (type) {
      case 'const':
      case 'constexpr_cast': {
        const value = await find(type === 'const' ? 'val' : 'source_val');
        if (value?.shape.join() !== outputType.shape.join()) return undefined;
        return { storage: value.storage, ...(value.type.bits < 8 ? { storedAs: value.type.name } : {}) };
      }
      case 'constexpr_affine_dequantize': {
        const axis = constants.get('axis')?.int ?? -1;
        const codes = await find('quantized_data');
        const scale = await find('scale');
        const zero = await find('zero_point');
        if (codes === undefined || scale === undefined) return undefined;
        if (scale.count !== 1 && scale.count !== codes.shape[axis]) return undefined;
        if ((zero?.count ?? scale.count) !== scale.count) return undefined;
        const block = codes.shape.map((size, dimension) => (scale.count > 1 && dimension === axis ? 1 : size));
        return scaled(operation, codes, block, scale, zero);
      }
      case 'constexpr_blockwise_shift_scale': {
        const codes = await find('data');
        const scale = await find('scale');
        const offset = await find('offset');
        if (codes === undefined || scale === undefined) return undefined;
        if (scale.shape.length !== codes.shape.length) return undefined;
        if (constants.has('offset') && offset?.shape.join() !== scale.shape.join()) return undefined;
        const block = codes.shape.map((size, dimension) => size / (scale.shape[dimension] ?? 0));
        if (!block.every((size) => Number.isInteger(size) && size > 0)) return undefined;
        return scaled(operation, codes, block, scale, offset);
      }
      case 'constexpr_lut_to_dense':
        return await this.palette(operation, await find('lut'), await find('indices'));
      default:
        return undefined;
    }
  }

  /** Codes that stand for the values of a table, or of one table for each group of rows. */
  private async palette(
    { outputType: { shape } }: MilOperation,
    lut: StoredValue | undefined,
    indices: StoredValue | undefined,
  ): Promise<Weight | undefined> {
    const count = elementCount(shape);
    if (lut === undefined || indices === undefined || count === undefined || count === 0) return undefined;
    // Before iOS 18, the codes are bytes that hold several, and there is one table.
    const isOld = lut.shape.length === 1 && indices.type.name === 'uint8';
    const groups = isOld ? 1 : (lut.shape[0] ?? 0);
    const size = isOld ? lut.count : (lut.shape.at(-2) ?? 0);
    const bits = ([1, 2, 3, 4, 6, 8] as const).find((candidate) => 2 ** candidate === size);
    if (bits === undefined || (lut.type.name !== 'float16' && lut.type.name !== 'float32')) return undefined;
    const bytes = Math.ceil((count * bits) / 8);
    if (isOld) {
      if (indices.count !== bytes) return undefined;
    } else {
      const isPlain = lut.shape.slice(1, -2).every((dimension) => dimension === 1) && lut.shape.at(-1) === 1;
      const fits = lut.shape.length === shape.length + 2 && indices.shape.join() === shape.join();
      if (!isPlain || !fits || indices.type.bits !== bits) return undefined;
    }
    this.tableValues += lut.count;
    const groupBits = (count * bits) / groups;
    if (
      this.tableValues > MAX_TABLE_VALUES ||
      (groups > 1 && (groupBits % 8 !== 0 || (shape[0] ?? 0) % groups !== 0))
    ) {
      return undefined;
    }
    const table = [...asFloats(await this.values.numbers(lut), lut.type.name === 'float16')];
    const [extent] = indices.storage.extents;
    if (extent === undefined) return undefined;
    const part = (group: number): TensorStorage => ({
      dtype: 'float32',
      extents: [{ ...extent, offset: extent.offset + (group * groupBits) / 8, length: Math.ceil(groupBits / 8) }],
      coding: { kind: 'packed', bits, wordBytes: 1, columns: 1, table: table.slice(group * size, (group + 1) * size) },
    });
    const storedAs = l10n.t('palette of {0} values', size);
    if (groups === 1) return { storage: part(0), storedAs };
    const rows = (shape[0] ?? 0) / groups;
    const tiles = Array.from({ length: groups }, (_, group): Tile => {
      return {
        start: shape.map((__, i) => (i === 0 ? group * rows : 0)),
        shape: [rows, ...shape.slice(1)],
        storage: part(group),
      };
    });
    return { storage: { dtype: 'float32', extents: [], coding: { kind: 'tiles', shape, tiles } }, storedAs };
  }
}

/** Constants that are weights: numbers in files, and vectors of floats in the program. */
function isWeight({ type, constants, outputType }: MilOperation): boolean {
  if (type.startsWith('constexpr_')) return true;
  const value = type === 'const' ? constants.get('val') : undefined;
  if (value === undefined) return false;
  const dtype = MIL_TYPES.get(value.type)?.dtype;
  const isVector = outputType.shape.length > 0 && dtype !== undefined && isFloatingPoint(dtype);
  return value.blob !== undefined || (isVector && (value.floats ?? value.bytes) !== undefined);
}

function scaled(
  { outputType }: MilOperation,
  codes: StoredValue,
  block: readonly number[],
  scale: StoredValue,
  zeros: StoredValue | undefined,
): Weight | undefined {
  if (codes.shape.join() !== outputType.shape.join() || codes.count === 0) return undefined;
  const isHalf = MIL_TYPES.get(outputType.type)?.name === 'float16';
  return {
    storage: {
      dtype: 'float32',
      extents: [],
      coding: {
        kind: 'scaled',
        codes: codes.storage,
        shape: codes.shape,
        block,
        scales: scale.storage,
        ...(zeros === undefined ? {} : { zeros: zeros.storage }),
        ...(isHalf ? { roundedTo: 'float16' as const } : {}),
      },
    },
    storedAs: l10n.t('{0}, {1} scales', codes.type.name, scale.count),
  };
}

function* asFloats(bytes: Uint8Array, half: boolean): Generator<number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + (half ? 2 : 4) <= bytes.length; at += half ? 2 : 4) {
    yield half ? halfValue(view.getUint16(at, true)) : view.getFloat32(at, true);
  }
}

/** IEEE 754 binary16. */
function halfValue(code: number): number {
  const sign = code >= 0x8000 ? -1 : 1;
  const exponent = (code >> 10) & 31;
  const fraction = code & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

/** What operations make of constants, by function and name. */
function rolesOf(operations: readonly MilOperation[]): ReadonlyMap<string, TensorRole> {
  const roles = new Map<string, TensorRole>();
  for (const operation of operations) {
    for (const [parameter, name] of operation.inputs) {
      const role = ROLES.get(`${operation.type}.${parameter}`);
      const key = roleKey(operation.function, name);
      if (role !== undefined && !roles.has(key)) roles.set(key, role);
    }
  }
  return roles;
}

function roleKey(functionName: string, value: string): string {
  return `${functionName}\0${value}`;
}
