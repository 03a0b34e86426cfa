import type { ReportWarning } from '../../src/report/report';
import { nameText } from './name-text';

/** Warnings in a few words, for one tensor and for several; the message says it in full. */
const TITLES: Readonly<Record<string, readonly [one: string, several: string]>> = {
  'non-finite': ['has NaN or infinite values', 'tensors have NaN or infinite values'],
  'layer-emptied': ['would be emptied', 'layers would be emptied'],
  'layer-nearly-emptied': ['would be nearly emptied', 'layers would be nearly emptied'],
  'layer-at-initialisation': ['looks untrained', 'layers look untrained'],
  'already-pruned': ['is pruned already', 'layers are pruned already'],
  'all-zero-weights': ['is all zero', 'layers are all zero'],
  'constant-weights': ['is constant', 'layers are constant'],
};

const MODEL_TITLES: Readonly<Record<string, string>> = {
  'at-initialisation': 'Looks untrained',
  'nothing-prunable': 'Nothing to prune',
  'norm-dominates': 'Norms dominate “all parameters”',
  'k2-undefined': 'No safe prune: K2 is undefined',
};

/** A warning's headline; its message where there is none. */
export function warningTitle({ code, message, tensors = [] }: ReportWarning): string {
  const whole = MODEL_TITLES[code];
  if (whole !== undefined) return whole;
  const titles = TITLES[code];
  const [first] = tensors;
  if (titles === undefined || first === undefined) return message;
  return tensors.length === 1 ? `${nameText(first)} ${titles[0]}` : `${String(tensors.length)} ${titles[1]}`;
}
