import * as l10n from '@vscode/l10n';
import type { TensorEntry } from '../checkpoint';
import type { PackedCoding } from '../storage';
import {
  floatStorage,
  matrixOf,
  plainStorage,
  required,
  scaled,
  stemOf,
  unfit,
  UnfitError,
  unpacked,
  weightEntry,
  type DecodedWeight,
  type GroupContext,
  type QuantizationMethod,
} from './parts';
import type { QuantizationConfig } from './quantization-config';

/** In which slot of its word AWQ's GEMM layout puts each of eight elements: even ones first. */
const AWQ_ORDER: readonly number[] = [0, 4, 1, 5, 2, 6, 3, 7];

/**
 * Scales of one weight that are kept in memory as a whole, where rows list their groups: 256 MB. A matrix of
 * 8,192 × 28,672 in groups of 32 has 7 million.
 */
const MAX_LISTED_SCALES = 1 << 26;

/**
 * GPTQ (AutoGPTQ, GPTQModel) and AWQ (AutoAWQ) name their tensors alike: `qweight`, `qzeros`, `scales`, and GPTQ `g_idx`,
 * the group of each input. Both store the matrix as [in, out]; GPTQ packs along the inputs, AWQ along the outputs, so the
 * shapes tell which it is.
 */
export const gptqMethod: QuantizationMethod = {
  claims: ({ name }, tensors) =>
    name.endsWith('.qweight') &&
    tensors.has(`${stemOf(name, 'qweight')}scales`) &&
    !tensors.has(`${stemOf(name, 'qweight')}forward_hadamard_matrix`),
  decode(codes, context) {
    const stem = stemOf(codes.name, 'qweight');
    const [, columns] = matrixOf(codes, ['int32']);
    const scales = required(context.tensors, `${stem}scales`);
    const [, outputs] = matrixOf(scales, ['float16', 'bfloat16', 'float32']);
    return columns === outputs ? gptq(stem, codes, scales, context) : awq(stem, codes, scales, context);
  },
};

function gptq(stem: string, codes: TensorEntry, scales: TensorEntry, context: GroupContext): DecodedWeight {
  const { tensors, config } = context;
  const [rows, outputs] = matrixOf(codes, ['int32']);
  const groups = scales.shape[0] ?? 0;
  const qzeros = tensors.get(`${stem}qzeros`);
  const bits = gptqBits(qzeros, groups, outputs, config);
  const inputs = (rows * 32) / bits;
  if (!Number.isSafeInteger(inputs)) throw unfit(codes);
  const group = groupSize(inputs, groups, config, scales);
  const index = tensors.get(`${stem}g_idx`);
  if (index !== undefined && (index.dtype !== 'int32' || index.shape.length !== 1 || index.count !== inputs)) {
    throw unfit(index);
  }
  if (index !== undefined && scales.count > MAX_LISTED_SCALES) throw unfit(scales);
  const storage = scaled(
    {
      codes: unpacked(codes, { bits, wordBytes: 4, columns: outputs }, 'uint8'),
      shape: [inputs, outputs],
      block: [group, 1],
      scales: floatStorage(scales, groups * outputs),
      zeros:
        qzeros === undefined
          ? 2 ** (bits - 1)
          : unpacked(qzeros, { bits, wordBytes: 4, columns: 1, ...zeroTable(bits, config) }, 'uint8'),
      ...(index === undefined ? {} : { groups: { axis: 0, index: plainStorage(index) } }),
    },
    [1, outputs],
  );
  const label = `int${bits} (GPTQ, ${groupText(group, inputs)})`;
  return {
    weight: weightEntry(`${stem}weight`, [outputs, inputs], storage, label, codes, tensors),
    consumed: [codes, scales, ...(qzeros ? [qzeros] : []), ...(index ? [index] : [])],
    constants: [],
  };
}

/** The packed zero points tell the width of a code; where there are none, only the configuration does. */
function gptqBits(
  qzeros: TensorEntry | undefined,
  groups: number,
  outputs: number,
  { bits, mixed }: QuantizationConfig,
): PackedCoding['bits'] {
  let found = bits;
  if (qzeros !== undefined) {
    const [rows, columns] = matrixOf(qzeros, ['int32']);
    if (rows !== groups) throw unfit(qzeros);
    found = (columns * 32) / outputs;
  }
  if (found !== 2 && found !== 3 && found !== 4 && found !== 8) {
    throw new UnfitError(l10n.t('its codes have no known width'));
  }
  if (bits !== undefined && bits !== found && !mixed) throw contradiction(bits, found);
  return found;
}

/**
 * Zero points are stored less one, unless the file says that it is of version 2. As in AutoGPTQ, what one is added to
 * wraps round within its code.
 */
function zeroTable(bits: number, { checkpointFormat }: QuantizationConfig): { table?: readonly number[] } {
  if (checkpointFormat === 'gptq_v2') return {};
  if (checkpointFormat !== undefined && checkpointFormat !== 'gptq') {
    throw new UnfitError(l10n.t('its layout, {0}, is not decoded', JSON.stringify(checkpointFormat.slice(0, 100))));
  }
  return { table: Array.from({ length: 2 ** bits }, (_, code) => (code + 1) % 2 ** bits) };
}

function awq(stem: string, codes: TensorEntry, scales: TensorEntry, context: GroupContext): DecodedWeight {
  const { tensors, config } = context;
  const [inputs, columns] = matrixOf(codes, ['int32']);
  const [groups, outputs] = matrixOf(scales, ['float16', 'bfloat16', 'float32']);
  if (columns * 8 !== outputs) throw unfit(codes);
  if (config.bits !== undefined && config.bits !== 4 && !config.mixed) throw contradiction(config.bits, 4);
  const qzeros = tensors.get(`${stem}qzeros`);
  if (qzeros !== undefined) {
    const [rows, zeroColumns] = matrixOf(qzeros, ['int32']);
    if (rows !== groups || zeroColumns !== columns) throw unfit(qzeros);
  }
  const group = groupSize(inputs, groups, config, scales);
  const coding = { bits: 4, wordBytes: 4, columns: 1, order: AWQ_ORDER } as const;
  const storage = scaled(
    {
      codes: unpacked(codes, coding, 'uint8'),
      shape: [inputs, outputs],
      block: [group, 1],
      scales: floatStorage(scales, groups * outputs),
      zeros: qzeros === undefined ? 8 : unpacked(qzeros, coding, 'uint8'),
    },
    [1, outputs],
  );
  const label = `int4 (AWQ, ${groupText(group, inputs)})`;
  return {
    weight: weightEntry(`${stem}weight`, [outputs, inputs], storage, label, codes, tensors),
    consumed: [codes, scales, ...(qzeros ? [qzeros] : [])],
    constants: [],
  };
}

/** How many inputs share a scale. @throws {UnfitError} if that is not the same number for all but the last */
function groupSize(inputs: number, groups: number, config: QuantizationConfig, scales: TensorEntry): number {
  const configured = config.mixed ? undefined : config.groupSize;
  const size = configured === -1 ? inputs : (configured ?? Math.ceil(inputs / groups));
  if (!(size > 0) || Math.ceil(inputs / size) !== groups) throw unfit(scales);
  return Math.min(size, inputs);
}

function groupText(group: number, inputs: number): string {
  return group === inputs ? 'per channel' : `groups of ${group}`;
}

function contradiction(said: number, found: number): UnfitError {
  return new UnfitError(l10n.t('config.json says {0} bits, the shapes say {1}', said, found));
}
