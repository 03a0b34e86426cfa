import * as l10n from '@vscode/l10n';
import { BYTES_PER_ELEMENT, isFloatingPoint, type DType } from '../dtype';
import type { FormatError } from '../errors';
import { MixtureError, type ZeroFile } from './zero-files';
import { flatPart, type FlatPart } from './zero-layout';
import { readShareMoments, type ShareMoment } from './zero-share-moments';
import { plainView, readModelStates, readOptimStates, type OptimStates, type ZeroParameter } from './zero-states';

/** How elements are stored. */
export interface ElementType {
  readonly dtype: DType;
  readonly bigEndian: boolean;
}

/** A process's share of the float32 weights. */
export interface Share extends ElementType, Pick<OptimStates, 'stage' | 'paddings'> {
  readonly ranks: number;
  /** A run of elements for each group of the optimiser. */
  readonly parts: readonly FlatPart[];
  /** Adam's second moments of the same elements, one for each of the parts; undefined if there are not all of them. */
  readonly moments: readonly ShareMoment[] | undefined;
}

/**
 * A process's share of the weights, from its file of the optimiser.
 * @throws {MixtureError} if groups are cut up among different numbers of processes
 * @throws {FormatError}
 */
export function readShare(file: ZeroFile): Share {
  const { root, storages, source, fail } = file;
  const { stage, ranks, paddings, flat } = readOptimStates(root, fail);
  if (ranks === undefined) throw new MixtureError(source.path);
  const [first] = flat;
  if (first === undefined || !isFloatingPoint(first.dtype)) throw fail(l10n.t('has no float32 weights'));
  if (flat.some(({ dtype }) => dtype !== first.dtype)) throw fail(l10n.t('has weights of several types'));
  const parts = flat.map((view, index) => flatPart(String(index), view, { storages, fail }));
  checkBytes(parts, first.dtype, source.size, fail);
  const moments = readShareMoments(file, stage, flat);
  return { stage, ranks, paddings, parts, moments, dtype: first.dtype, bigEndian: storages.bigEndian };
}

/** @throws {FormatError} if a process's share is of another checkpoint than that of the first */
export function checkShare(share: Share, first: Share, fail: ZeroFile['fail']): void {
  const { stage, ranks, dtype, bigEndian, parts } = share;
  if (stage !== first.stage || ranks !== first.ranks) {
    throw fail(
      l10n.t(
        'is of stage {0} of ZeRO with {1} processes, but the file of the first process of stage {2} with {3}',
        stage,
        ranks,
        first.stage,
        first.ranks,
      ),
    );
  }
  const isAlike = dtype === first.dtype && bigEndian === first.bigEndian && parts.length === first.parts.length;
  if (!isAlike) throw fail(l10n.t('has weights of other types or groups than the file of the first process'));
}

/** A process's share of the parameters that are not trained (stage 3). */
export interface FrozenShare {
  readonly bigEndian: boolean;
  readonly fragments: readonly { readonly dtype: DType; readonly part: FlatPart }[];
}

/**
 * A process's share of the parameters that are not trained, in their order, from its file of the module.
 * @throws {FormatError}
 */
export function readFrozenShare(
  { root, storages, source, fail }: ZeroFile,
  frozen: readonly ZeroParameter[],
  ranks: number,
): FrozenShare {
  const { fragments: dict } = readModelStates(root, fail);
  const fragments = frozen.map(({ name, count }) => {
    const view = plainView(dict.get(name));
    if (view === undefined) throw fail(l10n.t('has no values here'), name);
    if (view.count !== Math.ceil(count / ranks)) {
      throw fail(l10n.t('has {0} values of the {1} of a share', view.count, Math.ceil(count / ranks)), name);
    }
    return { dtype: view.dtype, part: flatPart(name, view, { storages, fail }) };
  });
  const bytes = fragments.reduce((sum, { dtype, part }) => sum + part.count * BYTES_PER_ELEMENT[dtype], 0);
  if (bytes > source.size) throw overlap(bytes, source.size, fail);
  return { bigEndian: storages.bigEndian, fragments };
}

/** Flat tensors that share memory could make much of little: those that DeepSpeed writes have their own. */
function checkBytes(parts: readonly FlatPart[], dtype: DType, size: number, fail: ZeroFile['fail']): void {
  const bytes = parts.reduce((sum, { count }) => sum + count, 0) * BYTES_PER_ELEMENT[dtype];
  if (bytes > size) throw overlap(bytes, size, fail);
}

function overlap(wanted: number, size: number, fail: ZeroFile['fail']): FormatError {
  return fail(l10n.t('its tensors overlap so much that reading them takes {0} bytes, but they have {1}', wanted, size));
}
