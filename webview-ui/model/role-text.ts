import * as l10n from '@vscode/l10n';
import type { TensorFacts } from '../../src/report/report';

const ROLES: Readonly<Record<TensorFacts['role'], string>> = {
  weight: l10n.t('weight'),
  bias: l10n.t('bias'),
  norm: l10n.t('norm'),
  embedding: l10n.t('embedding'),
  buffer: l10n.t('buffer'),
  constant: l10n.t('constant'),
  optimizer: l10n.t('optimizer'),
  other: l10n.t('other'),
};

/** What a tensor is for, in a word. */
export function roleText(role: TensorFacts['role']): string {
  return ROLES[role];
}
