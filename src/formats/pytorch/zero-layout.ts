import * as l10n from '@vscode/l10n';
import type { FormatError } from '../errors';
import type { ByteExtent } from '../storage';
import { storageOf } from './tensor-storage';
import type { TensorView } from './tensor-view';
import type { ZeroFile } from './zero-files';
import type { ZeroParameter } from './zero-states';

type Fail = (reason: string, tensor?: string) => FormatError;

/** A run of elements in one of the files. */
export interface FlatPart {
  readonly file: number;
  /** First byte. */
  readonly offset: number;
  /** Number of elements. */
  readonly count: number;
}

/** Where the elements of a flat tensor are. @throws {FormatError} if they are not simply there */
export function flatPart(
  name: string,
  view: TensorView,
  { storages, fail }: Pick<ZeroFile, 'storages' | 'fail'>,
): FlatPart {
  const { extents, deflate } = storageOf(name, view, storages, fail);
  if (deflate !== undefined) throw fail(l10n.t('is compressed in the archive, which is not read'), name);
  const [{ file, offset } = { file: 0, offset: 0 }] = extents;
  return { file, offset, count: view.count };
}

/**
 * Runs of bytes of all parameters: in stage 3 each has one a process. A network of a thousand tensors on a thousand
 * GPUs has a million; they travel to the worker threads, at some 100 bytes each.
 */
export const MAX_EXTENTS = 4_000_000;

/** Where the values of parameters are. */
export type Placement = ReadonlyMap<ZeroParameter, readonly ByteExtent[]>;

/** Runs of elements, taken from their beginning on. */
class FlatCursor {
  private index = 0;
  private taken = 0;

  constructor(
    private readonly parts: readonly FlatPart[],
    private readonly elementBytes: number,
  ) {}

  /** The bytes of the next elements, or of as many as there are; with `extents` they are added to it. */
  advance(count: number, extents?: ByteExtent[]): void {
    let left = count;
    for (let part = this.parts[this.index]; left > 0 && part !== undefined; part = this.parts[this.index]) {
      const here = Math.min(left, part.count - this.taken);
      const offset = part.offset + this.taken * this.elementBytes;
      if (here > 0) extents?.push({ file: part.file, offset, length: here * this.elementBytes });
      left -= here;
      this.taken += here;
      if (this.taken < part.count) return;
      this.index++;
      this.taken = 0;
    }
  }
}

/**
 * Stages 1 and 2: the shares of all processes one after the other are a group's parameters one after the other, each
 * with its padding behind it, and up to 2 × processes elements more at the end (`_zero2_merge_trainable_params` in
 * `deepspeed/utils/zero_to_fp32.py`).
 *
 * @param ranks of each process its share of each group
 * @param paddings elements after each parameter of each group; none if undefined
 * @throws {FormatError} if the sizes do not add up
 */
export function placeGroups(
  groups: readonly (readonly ZeroParameter[])[],
  ranks: readonly (readonly FlatPart[])[],
  paddings: readonly (readonly number[])[] | undefined,
  elementBytes: number,
  fail: Fail,
): Placement {
  const alignment = 2 * ranks.length;
  const aligned = (count: number): number => Math.ceil(count / alignment);
  const placed = new Map<ZeroParameter, readonly ByteExtent[]>();
  const budget = { extents: 0 };
  groups.forEach((parameters, group) => {
    const parts = ranks.flatMap((shares) => shares[group] ?? []);
    const behind = paddings === undefined ? parameters.map(() => 0) : (paddings[group] ?? []);
    if (behind.length !== parameters.length) throw fail(l10n.t('has malformed paddings of the parameters'));
    const available = total(parts);
    const needed = parameters.reduce((sum, { count }, index) => sum + count + (behind[index] ?? 0), 0);
    const last = behind.at(-1) ?? 0;
    if (aligned(needed) !== aligned(available) || needed - last > available) {
      throw mismatch(needed, available, fail);
    }
    const cursor = new FlatCursor(parts, elementBytes);
    parameters.forEach((parameter, index) => {
      const extents: ByteExtent[] = [];
      cursor.advance(parameter.count, extents);
      cursor.advance(behind[index] ?? 0);
      placed.set(parameter, counted(extents, budget, parameter, fail));
    });
  });
  return placed;
}

/**
 * Stage 3: every parameter is cut into equal shares, the last of which may be filled up; each process has its shares one
 * after the other (`_zero3_merge_trainable_params` in `deepspeed/utils/zero_to_fp32.py`).
 *
 * @param ranks of each process the flat tensors that hold its shares
 * @throws {FormatError} if the sizes do not add up
 */
export function placeShares(
  parameters: readonly ZeroParameter[],
  ranks: readonly (readonly FlatPart[])[],
  elementBytes: number,
  fail: Fail,
): Placement {
  const share = (count: number): number => Math.ceil(count / ranks.length);
  const needed = parameters.reduce((sum, { count }) => sum + share(count), 0);
  for (const parts of ranks) {
    if (total(parts) !== needed) throw mismatch(needed, total(parts), fail);
  }
  const cursors = ranks.map((parts) => new FlatCursor(parts, elementBytes));
  const placed = new Map<ZeroParameter, readonly ByteExtent[]>();
  const budget = { extents: 0 };
  for (const parameter of parameters) {
    const size = share(parameter.count);
    const extents: ByteExtent[] = [];
    cursors.forEach((cursor, rank) => {
      const used = Math.max(0, Math.min(size, parameter.count - rank * size));
      cursor.advance(used, extents);
      cursor.advance(size - used);
    });
    placed.set(parameter, counted(extents, budget, parameter, fail));
  }
  return placed;
}

function total(parts: readonly FlatPart[]): number {
  return parts.reduce((sum, { count }) => sum + count, 0);
}

function counted(
  extents: readonly ByteExtent[],
  budget: { extents: number },
  { name }: ZeroParameter,
  fail: Fail,
): readonly ByteExtent[] {
  budget.extents += extents.length;
  if (budget.extents > MAX_EXTENTS) throw fail(l10n.t('is cut into too many pieces: over {0}', MAX_EXTENTS), name);
  return extents;
}

function mismatch(needed: number, available: number, fail: Fail): FormatError {
  return fail(
    l10n.t('has shapes of {0} values in a group, but the files of the optimiser have {1}', needed, available),
  );
}
