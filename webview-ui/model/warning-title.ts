import * as l10n from '@vscode/l10n';
import type { ReportWarning } from '../../src/report/report';
import { nameText } from '../../src/report/name-text';

interface TensorTitle {
  readonly one: (name: string) => string;
  readonly several: (count: number) => string;
}

/** Warnings in a few words, for one tensor and for several; the message says it in full. */
const TITLES: Readonly<Record<string, TensorTitle>> = {
  'non-finite': {
    one: (name) => l10n.t('{0} has NaN or infinite values', name),
    several: (count) => l10n.t('{0} tensors have NaN or infinite values', count),
  },
  'layer-emptied': {
    one: (name) => l10n.t('{0} would be emptied', name),
    several: (count) => l10n.t('{0} layers would be emptied', count),
  },
  'layer-nearly-emptied': {
    one: (name) => l10n.t('{0} would be nearly emptied', name),
    several: (count) => l10n.t('{0} layers would be nearly emptied', count),
  },
  'layer-at-initialisation': {
    one: (name) => l10n.t('{0} looks untrained', name),
    several: (count) => l10n.t('{0} layers look untrained', count),
  },
  'already-pruned': {
    one: (name) => l10n.t('{0} is pruned already', name),
    several: (count) => l10n.t('{0} layers are pruned already', count),
  },
  'all-zero-weights': {
    one: (name) => l10n.t('{0} is all zero', name),
    several: (count) => l10n.t('{0} layers are all zero', count),
  },
  'constant-weights': {
    one: (name) => l10n.t('{0} is constant', name),
    several: (count) => l10n.t('{0} layers are constant', count),
  },
};

const MODEL_TITLES: Readonly<Record<string, string>> = {
  'at-initialisation': l10n.t('Looks untrained'),
  'nothing-prunable': l10n.t('Nothing to prune'),
  'norm-dominates': l10n.t('Norms dominate “all parameters”'),
  'optimizer-state-not-used': l10n.t('Optimiser’s second moments not used'),
  'k2-undefined': l10n.t('No safe prune: K2 is undefined'),
};

/** A warning's headline; its message where there is none. */
export function warningTitle({ code, message, tensors = [] }: ReportWarning): string {
  const whole = MODEL_TITLES[code];
  if (whole !== undefined) return whole;
  const titles = TITLES[code];
  const [first] = tensors;
  if (titles === undefined || first === undefined) return message;
  return tensors.length === 1 ? titles.one(nameText(first)) : titles.several(tensors.length);
}
