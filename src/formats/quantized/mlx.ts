import * as l10n from '@vscode/l10n';
import type { TensorEntry } from '../checkpoint';
import type { PackedCoding } from '../storage';
import { E2M1_VALUES } from './float4';
import {
  floatStorage,
  plainStorage,
  required,
  scaled,
  seenAs,
  stemOf,
  unfit,
  UnfitError,
  unpacked,
  weightEntry,
  type DecodedWeight,
  type QuantizationMethod,
} from './parts';
import type { QuantizationConfig } from './quantization-config';

/**
 * Apple's MLX: `weight` holds codes as a stream of bits in words of 32, `scales` and `biases` have one number for each
 * group. Shapes do not tell groups of 64 codes of 4 bits from groups of 32 of 8 bits; config.json does.
 */
export const mlxMethod: QuantizationMethod = {
  claims: ({ name, dtype }, tensors) =>
    dtype === 'uint32' && name.endsWith('.weight') && tensors.has(`${stemOf(name, 'weight')}scales`),
  decode(codes, { tensors, config }) {
    const stem = stemOf(codes.name, 'weight');
    const scales = required(tensors, `${stem}scales`);
    const biases = tensors.get(`${stem}biases`);
    const { bits, groupSize, mode } = settingsOf(stem.slice(0, -1), config);
    if (bits === undefined || groupSize === undefined) {
      throw new UnfitError(l10n.t('config.json, which says how wide its codes are, is not beside the model'));
    }
    const words = codes.shape.at(-1) ?? 0;
    const groups = scales.shape.at(-1) ?? 0;
    const columns = groups * groupSize;
    const shape = [...codes.shape.slice(0, -1), columns];
    const fits = scales.shape.slice(0, -1).every((size, dimension) => size === shape[dimension]);
    if (!isBits(bits) || !(groupSize > 0) || words * 32 !== columns * bits) throw unfit(codes);
    if (!fits || scales.shape.length !== shape.length) throw unfit(scales);
    const block = [...shape.slice(0, -1).map(() => 1), groupSize];
    const weight = (storage: TensorEntry['storage'], kind: string): TensorEntry =>
      weightEntry(codes.name, shape, storage, `${kind} (MLX, groups of ${groupSize})`, codes, tensors);
    if (mode !== 'affine') return microscaled(codes, scales, bits, shape, block, mode, weight);
    if (biases?.count !== scales.count) throw unfit(biases ?? codes);
    const storage = scaled({
      codes: unpacked(codes, { bits, wordBytes: 4, columns: 1 }, 'uint8'),
      shape,
      block,
      scales: floatStorage(scales, scales.count),
      offsets: floatStorage(biases, scales.count),
    });
    return { weight: weight(storage, `int${bits}`), consumed: [codes, scales, biases], constants: [] };
  },
};

/** The modes that have scales of one byte and nothing added. */
function microscaled(
  codes: TensorEntry,
  scales: TensorEntry,
  bits: number,
  shape: readonly number[],
  block: readonly number[],
  mode: string,
  weight: (storage: TensorEntry['storage'], kind: string) => TensorEntry,
): DecodedWeight {
  const known =
    (mode === 'mxfp4' && bits === 4) || (mode === 'nvfp4' && bits === 4) || (mode === 'mxfp8' && bits === 8);
  if (!known) throw new UnfitError(l10n.t('its layout, {0}, is not decoded', JSON.stringify(mode.slice(0, 100))));
  if (scales.dtype !== 'uint8') throw unfit(scales);
  const storage = scaled({
    codes:
      bits === 4
        ? unpacked(codes, { bits, wordBytes: 4, columns: 1, table: E2M1_VALUES }, 'float32')
        : seenAs(plainStorage(codes), 'float8_e4m3fn'),
    shape,
    block,
    scales: seenAs(plainStorage(scales), mode === 'nvfp4' ? 'float8_e4m3fn' : 'float8_e8m0fnu'),
  });
  return { weight: weight(storage, bits === 4 ? 'float4' : 'float8_e4m3fn'), consumed: [codes, scales], constants: [] };
}

function settingsOf(layer: string, config: QuantizationConfig): { bits?: number; groupSize?: number; mode: string } {
  const own = config.layers.get(layer);
  const bits = own?.bits ?? config.bits;
  const groupSize = own?.groupSize ?? config.groupSize;
  return {
    ...(bits === undefined ? {} : { bits }),
    ...(groupSize === undefined ? {} : { groupSize }),
    mode: own?.mode ?? (own === undefined ? config.mode : undefined) ?? 'affine',
  };
}

function isBits(bits: number): bits is PackedCoding['bits'] {
  return [2, 3, 4, 5, 6, 8].includes(bits);
}
