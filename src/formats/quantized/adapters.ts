import * as l10n from '@vscode/l10n';
import type { CheckpointNote, TensorEntry } from '../checkpoint';

/** Names of low-rank factors as PEFT, diffusers, kohya's scripts and LyCORIS (LoHa, LoKr) write them. */
const FACTOR =
  /(^|[._])(lora_(embedding_)?[AB](\.[\w-]{1,64})?(\.weight)?|lora\.(down|up)\.weight|lora_(down|up)\.weight|hada_w[12]_[ab]|lokr_w[12](_[ab])?)$/;

/** Says of the factors of an adapter what they are: they look like weights, and their sizes mean something else. */
export function adapterNote(tensors: readonly TensorEntry[]): CheckpointNote[] {
  const names = tensors.filter(({ name }) => FACTOR.test(name)).map(({ name }) => name);
  if (names.length === 0) return [];
  const message = l10n.t(
    '{0} tensors are low-rank factors of an adapter (LoRA): the product of each pair is what is added to a weight of the base network. Limits of the factors are not limits of the base network; merge the adapter into it to analyze that.',
    names.length,
  );
  return [{ code: 'adapter-factors', message, tensors: names }];
}
