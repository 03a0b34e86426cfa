import * as l10n from '@vscode/l10n';
import { FormatError } from '../errors';
import type { PickleValue } from '../containers/pickle-values';
import { dictOf } from './pytorch-objects';
import type { NamedTensor } from './pytorch-sections';
import { isOptimStates, zeroStage } from './zero-states';

const MERGE = l10n.t(
  'Merge the parts with the script that DeepSpeed puts into the folder of the checkpoint: python zero_to_fp32.py . merged/',
);

/** What to open instead of a file of DeepSpeed's with the state of its optimiser; undefined for other files. */
export function deepspeedHint(root: PickleValue): string | undefined {
  if (!isOptimStates(root)) return undefined;
  return zeroStage(root) === 3
    ? MERGE
    : l10n.t('Open mp_rank_00_model_states.pt beside it, or merge the parts: python zero_to_fp32.py . merged/');
}

/**
 * Refuses a file of DeepSpeed's ZeRO stage 3: it has the names of the weights, but they are cut up among the files of
 * the optimiser.
 * @throws {FormatError}
 */
export function checkPartitioned(file: string, root: PickleValue, tensors: readonly NamedTensor[]): void {
  const dict = dictOf(root);
  if (dict?.has('param_shapes') !== true || !dict.has('ds_version')) return;
  const names = dict.get('buffer_names');
  const buffers = new Set<PickleValue>(Array.isArray(names) ? names : []);
  const weights = tensors.filter(({ name, role }) => role !== 'buffer' && role !== 'optimizer' && !buffers.has(name));
  const parameters = weights.filter(({ view }) => view.count > 0);
  if (weights.length === 0 || parameters.length > 0) return;
  throw new FormatError({
    file,
    reason: l10n.t(
      'has no values of its weights: ZeRO stage 3 of DeepSpeed keeps them with the state of the optimiser',
    ),
    remedy: MERGE,
  });
}
