import * as l10n from '@vscode/l10n';
import { BYTES_PER_ELEMENT, type DType } from '../formats/dtype';
import { FormatError } from '../formats/errors';
import { elementCount } from '../formats/shape';
import { bytesInMemory, decodeElements, type DataArray } from './data-array';
import { withDataFile } from './data-file';
import { checkSize } from './data-limits';
import type { LoadedData } from './loaded-data';
import { labelledSamples } from './targets';

/** Types of elements in files of nothing but values, little-endian. */
export const RAW_TYPES = ['uint8', 'int8', 'uint16', 'int16', 'int32', 'float32', 'float64'] as const;

export type RawType = (typeof RAW_TYPES)[number];

/** What a file of nothing but values holds; nothing in it says so. */
export interface RawLayout {
  /** Of one sample. */
  readonly shape: readonly number[];
  readonly type: RawType;
  /** Of the labels, one number a sample, unless `labelSize` says otherwise. */
  readonly labelType: RawType;
  /** Numbers a label: more than one for one-hot labels. */
  readonly labelSize: number;
}

/**
 * Reads samples and labels that are nothing but values, sample after sample, as browsers like to load them.
 * @throws {FormatError} if the size of a file does not fit its layout
 */
export async function readRawData(
  file: string,
  labels: string,
  layout: RawLayout,
  firstLabel: number | undefined,
  signal?: AbortSignal,
): Promise<LoadedData> {
  const inputs = await readValues(file, layout.shape, layout.type, signal);
  const targets = await readValues(labels, layout.labelSize === 1 ? [] : [layout.labelSize], layout.labelType, signal);
  const samples = labelledSamples(inputs, targets, firstLabel);
  return { kind: 'raw', layout: 'unknown', train: { samples, paths: [file, labels] }, notes: [] };
}

function readValues(
  file: string,
  shape: readonly number[],
  type: DType,
  signal: AbortSignal | undefined,
): Promise<DataArray> {
  return withDataFile(file, async (source) => {
    const sampleBytes = (elementCount(shape) ?? 0) * BYTES_PER_ELEMENT[type];
    const count = source.size / sampleBytes;
    if (!Number.isInteger(count)) {
      throw new FormatError({
        file,
        reason: l10n.t('has {0} bytes, which are no multiple of the {1} bytes of a sample', source.size, sampleBytes),
        remedy: l10n.t('Correct "raw" in .prunability.json: the shape and the type of the values.'),
      });
    }
    const elements = source.size / BYTES_PER_ELEMENT[type];
    checkSize(file, count, Math.max(source.size, bytesInMemory(type, elements)));
    const bytes = await source.read(0, source.size, signal);
    return { file, shape: [count, ...shape], values: decodeElements(bytes, type, false) };
  });
}
