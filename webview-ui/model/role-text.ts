import * as l10n from '@vscode/l10n';
import type { TensorFacts } from '../../src/report/report';

const ROLES: Readonly<Record<TensorFacts['role'], string>> = {
  weight: l10n.t('weight'),
  bias: l10n.t('bias'),
  norm: l10n.t('norm'),
  embedding: l10n.t('embedding'),
  buffer: l10n.t('buffer'),
  constant: l10n.t('constant'),
  quantization: l10n.t('quantization parameter'),
  optimizer: l10n.t('optimizer'),
  other: l10n.t('other'),
};

/** Whether the limits count and prune a tensor, and why: what its role is, and what has decided that. */
export function pruningReason({ role, roleFrom, prunable, dtype }: TensorFacts): string {
  const named = roleText(role);
  if (!prunable && !isReal(dtype)) return l10n.t('Never pruned, and counted in no limit: {0} are no weights.', dtype);
  const told = prunable
    ? l10n.t('Counted and pruned as {0}', named)
    : l10n.t('Never pruned, and counted in no limit, as {0}', named);
  switch (roleFrom) {
    case 'setting':
      return l10n.t('{0}, as the setting “Tensor Roles” says.', told);
    case 'format':
      return l10n.t('{0}, as the file says.', told);
    case 'name':
      return l10n.t('{0}, by its name.', told);
    case 'shape':
      return l10n.t('{0}, by its number of dimensions.', told);
    case 'type':
      return l10n.t('{0}, by its type.', told);
  }
}

/** Only real floating-point numbers are weights. */
function isReal(dtype: string): boolean {
  return dtype.startsWith('float') || dtype === 'bfloat16';
}

/** What a tensor is for, in a word. */
export function roleText(role: TensorFacts['role']): string {
  return ROLES[role];
}
