import * as l10n from '@vscode/l10n';
import type { CheckpointNote } from '../checkpoint';
import { FormatError } from '../errors';
import { listed } from '../name-list';
import type { RandomAccessSource } from '../source';
import type { NamedTensors } from './pytorch-sections';

/** Names shown in a message; more add nothing. */
const MAX_NAMES = 3;

export const SAVE_AGAIN = l10n.t(
  'In Python, load it and save its weights: torch.save(model.state_dict(), "weights.pt").',
);

/**
 * Refuses what holds no weights.
 * @throws {FormatError}
 */
export function checkWeights(
  source: RandomAccessSource,
  { tensors, unreadable }: Pick<NamedTensors, 'tensors' | 'unreadable'>,
  remedy?: string,
): void {
  if (tensors.some(({ role }) => role !== 'optimizer')) return;
  const [first] = unreadable;
  if (first !== undefined) {
    throw new FormatError({
      file: source.path,
      tensor: first.name,
      reason: l10n.t('is {0}, which is not read, and there are no other tensors', first.reason),
      remedy: l10n.t('Save the model with dense weights.'),
    });
  }
  const reason =
    tensors.length > 0 ? l10n.t('holds the state of an optimiser, but no weights') : l10n.t('holds no weights');
  throw new FormatError({ file: source.path, reason, remedy: remedy ?? SAVE_AGAIN });
}

/** Says which tensors are copies of others that are counted. */
export function copiesNote({ copies, tensors }: NamedTensors): CheckpointNote | undefined {
  if (copies.length === 0) return undefined;
  const names = tensors
    .filter(({ name }) => copies.some((copy) => name.startsWith(`${copy}.`)))
    .map(({ name }) => name);
  return {
    code: 'weight-copies',
    message: l10n.t(
      '{0} holds a second copy of the weights, which is listed but not counted.',
      copies.slice(0, MAX_NAMES).join(', '),
    ),
    tensors: names,
  };
}

/** Names the tensors that are left out. */
export function unreadableNote({ unreadable }: Pick<NamedTensors, 'unreadable'>): CheckpointNote | undefined {
  if (unreadable.length === 0) return undefined;
  const shown = unreadable.slice(0, MAX_NAMES).map(({ name, reason }) => `${name} (${reason})`);
  return {
    code: 'tensors-not-read',
    message: l10n.t('These tensors are not read, and not counted: {0}.', listed(shown, unreadable.length)),
    tensors: unreadable.map(({ name }) => name),
  };
}

/** Says which tensors are parts of larger ones. */
export function partsNote({ tensors }: NamedTensors): CheckpointNote | undefined {
  const parts = tensors.filter(({ view, role }) => view.partOf !== undefined && role !== 'optimizer');
  if (parts.length === 0) return undefined;
  const shown = parts.slice(0, MAX_NAMES).map(({ name, view }) => `${name} ([${view.partOf?.join(', ') ?? ''}])`);
  return {
    code: 'tensors-in-part',
    message: l10n.t(
      'These tensors are distributed over processes, and this file has the part of one: {0}. For the whole model, save what get_model_state_dict gives with StateDictOptions(full_state_dict=True), or open a distributed checkpoint.',
      listed(shown, parts.length),
    ),
    tensors: parts.map(({ name }) => name),
  };
}
