import * as l10n from '@vscode/l10n';
import type { Fields } from './fields';

/** Dimensions of a dataset. `undefined` where there is no element at all (a null dataspace). */
export interface Dataspace {
  readonly shape: readonly number[];
  /** To which the dimensions may grow; Infinity if unlimited. */
  readonly most: readonly number[];
}

/** HDF5 allows so many dimensions. */
const MAX_RANK = 32;

/** Dataspace message (HDF5 file format, IV.A.2.b). @throws {FormatError} */
export function readDataspace(fields: Fields): Dataspace | undefined {
  const version = fields.u8();
  const rank = fields.u8();
  const flags = fields.u8();
  const type = fields.u8();
  if (version !== 1 && version !== 2) throw fields.fault(l10n.t('has a dataspace of the unknown version {0}', version));
  if (version === 1) fields.skip(4);
  if (version === 2 && type === 2) return undefined;
  if (rank > MAX_RANK) throw fields.fault(l10n.t('has {0} dimensions; HDF5 allows {1}', rank, MAX_RANK));
  const shape = Array.from({ length: rank }, () => fields.size());
  // All ones: unlimited.
  const most = (flags & 1) === 0 ? shape : shape.map(() => fields.uint(fields.sizes.length) ?? Infinity);
  return { shape, most };
}
