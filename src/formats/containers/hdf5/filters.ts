import * as l10n from '@vscode/l10n';
import type { Filter } from '../../storage';
import type { Fields } from './fields';
import { Unsupported } from './unsupported';

/** A filter of a dataset, in the order in which chunks went through them when they were written. */
export interface PipelineFilter {
  readonly id: number;
  readonly name: string;
  readonly parameters: readonly number[];
}

/** HDF5 allows so many. */
const MAX_FILTERS = 32;

/** Filters below this number are HDF5's own and have no name in newer pipelines. */
const FIRST_REGISTERED = 256;

const NAMES: ReadonlyMap<number, string> = new Map([
  [4, 'szip'],
  [5, 'nbit'],
  [6, 'scaleoffset'],
  [32_001, 'blosc'],
  [32_004, 'lz4'],
  [32_008, 'bitshuffle'],
  [32_013, 'zfp'],
  [32_015, 'zstd'],
  [32_026, 'blosc2'],
]);

/** Filter pipeline message (HDF5 file format, IV.A.2.l). @throws {FormatError} */
export function readPipeline(fields: Fields): readonly PipelineFilter[] {
  const version = fields.u8();
  const count = fields.u8();
  if (version !== 1 && version !== 2) throw fields.fault(l10n.t('has filters of the unknown version {0}', version));
  if (count > MAX_FILTERS) throw fields.fault(l10n.t('has {0} filters; HDF5 allows {1}', count, MAX_FILTERS));
  if (version === 1) fields.skip(6);
  return Array.from({ length: count }, () => {
    const id = fields.u16();
    const nameBytes = version === 1 || id >= FIRST_REGISTERED ? fields.u16() : 0;
    fields.skip(2);
    const parameterCount = fields.u16();
    const stored = fields.text(version === 1 ? Math.ceil(nameBytes / 8) * 8 : nameBytes);
    const parameters = Array.from({ length: parameterCount }, () => fields.u32());
    if (version === 1 && parameterCount % 2 === 1) fields.skip(Math.min(4, fields.left));
    return { id, name: NAMES.get(id) ?? (stored === '' ? String(id) : stored), parameters };
  });
}

/**
 * What undoes a pipeline, in that order.
 * @param mask A bit for each filter that was left out for this chunk.
 * @param width Bytes of an element
 * @throws {Unsupported} if a filter is not read
 */
export function undoing(pipeline: readonly PipelineFilter[], mask: number, width: number, fields: Fields): Filter[] {
  const filters: Filter[] = [];
  pipeline.forEach(({ id, name, parameters }, index) => {
    if ((mask & (1 << index)) !== 0) return;
    switch (id) {
      case 1:
        filters.push({ name: 'zlib' });
        return;
      case 2: {
        const shuffled = parameters[0] ?? width;
        if (shuffled > 1) filters.push({ name: 'shuffle', width: shuffled });
        return;
      }
      case 3:
        filters.push({ name: 'fletcher32' });
        return;
      case 32_000:
        filters.push({ name: 'lzf' });
        return;
      default:
        throw new Unsupported(fields, l10n.t('is compressed by {0}, which is not read', name));
    }
  });
  return filters.reverse();
}
