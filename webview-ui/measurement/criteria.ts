import * as l10n from '@vscode/l10n';
import type { PruningCriterion } from '../../src/report/measurement';

/** Names of the orders of pruning, as legends and tables have them. */
export const CRITERION_NAMES: Readonly<Record<PruningCriterion, string>> = {
  magnitude: l10n.t('smallest weights first'),
  'magnitude-layerwise': l10n.t('smallest of each layer'),
  random: l10n.t('at random'),
  // names of methods, the same in every language
  taylor: 'Taylor',
  snip: 'SNIP',
  grasp: 'GraSP',
  wanda: 'Wanda',
  fisher: 'Fisher',
};
