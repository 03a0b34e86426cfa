import * as l10n from '@vscode/l10n';
import type { SecondMoment, TensorEntry } from '../checkpoint';
import { FormatError } from '../errors';
import type { RandomAccessSource } from '../source';
import { namedMoments } from './adam-moments';
import { blockStorage, CodeTables } from './block-codes';
import { openTorchFile } from './pytorch';
import { nameTensors } from './pytorch-sections';
import { placeTensors } from './pytorch-views';
import { walkContext } from './pytorch-walk';
import type { TensorStorages } from './tensor-storage';

/** Adam's second moments, with the tensors that hold them and their numbers of steps. */
export interface OptimizerState {
  readonly tensors: readonly TensorEntry[];
  readonly secondMoments: readonly SecondMoment[];
}

/**
 * Reads of a file with the state of an optimiser, as `torch.save(optimizer.state_dict())` writes it, where Adam's second
 * moments are. The rest (first moments, schedules) is left out.
 * @param file index of the file in the checkpoint that it is to be a part of
 * @returns no moments if there are none
 * @throws {FormatError}
 */
export async function readOptimizerFile(
  source: RandomAccessSource,
  file: number,
  signal?: AbortSignal,
): Promise<OptimizerState> {
  const fail = (reason: string, tensor?: string): FormatError =>
    new FormatError({
      file: source.path,
      reason,
      tensor: tensor === '' ? undefined : tensor,
      remedy: l10n.t('The file is damaged or not written by PyTorch: check where it comes from, or save it again.'),
    });
  const opened = await openTorchFile(source, signal);
  const context = walkContext(opened.pickle.opcodes, fail);
  const named = nameTensors(opened.pickle.value, context).tensors;
  const secondMoments = namedMoments(context.moments, named);
  const wanted = new Set(secondMoments.flatMap(({ tensor, step }) => [tensor, step]));
  const tensors = named.filter(({ name }) => wanted.has(name));
  const storages: TensorStorages = {
    bigEndian: opened.storages.bigEndian,
    get: (key) => {
      const bytes = opened.storages.get(key);
      return bytes === undefined ? undefined : { ...bytes, file };
    },
  };
  const { entries } = placeTensors(tensors, storages, fail);
  const tables = new CodeTables(source, storages, fail, signal);
  const decoded: TensorEntry[] = [];
  for (const [index, { view }] of tensors.entries()) {
    const entry = entries[index];
    if (entry === undefined) continue;
    const blocks = context.moments.get(view)?.blocks;
    const storage = blocks === undefined ? undefined : await blockStorage(entry, view, blocks, tables);
    decoded.push({ ...entry, role: 'optimizer', ...(storage === undefined ? {} : { dtype: 'float32', ...storage }) });
  }
  return { tensors: decoded, secondMoments };
}
