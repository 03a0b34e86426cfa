import * as l10n from '@vscode/l10n';
import type { SecondMoment, TensorEntry } from '../checkpoint';
import { FormatError } from '../errors';
import type { RandomAccessSource } from '../source';
import { namedMoments } from './adam-moments';
import { openTorchFile } from './pytorch';
import { nameTensors } from './pytorch-sections';
import { placeTensors } from './pytorch-views';
import { walkContext } from './pytorch-walk';

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
  const { pickle, storages } = await openTorchFile(source, signal);
  const context = walkContext(pickle.opcodes, fail);
  const { tensors } = nameTensors(pickle.value, context);
  const secondMoments = namedMoments(context.moments, tensors);
  const wanted = new Set(secondMoments.flatMap(({ tensor, step }) => [tensor, step]));
  const { entries } = placeTensors(
    tensors.filter(({ name }) => wanted.has(name)),
    {
      bigEndian: storages.bigEndian,
      get: (key) => {
        const bytes = storages.get(key);
        return bytes === undefined ? undefined : { ...bytes, file };
      },
    },
    fail,
  );
  return { tensors: entries.map((entry) => ({ ...entry, role: 'optimizer' })), secondMoments };
}
