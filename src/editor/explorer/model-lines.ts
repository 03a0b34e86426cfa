import { l10n } from 'vscode';
import type { ModelDescription, UnreadableDescription } from '../../protocol/description';
import { ageText } from '../models/age-text';
import { formatBytes, formatPercent } from '../../report/format';
import { shortCount } from '../../report/number-text';

/** Types named in one line; a model of more is summed up. */
const MAX_TYPES = 3;
const MIN_SHARE = 0.005;

/** What the header tells: format, parameters, types, size. */
export function factsLine({ file, prunableCount, count, dtypes }: ModelDescription): string {
  const parameters =
    prunableCount > 0
      ? l10n.t('{0} parameters', shortCount(prunableCount))
      : l10n.t('{0} values, none to prune', shortCount(count));
  return [file.formatLabel, parameters, typesText(dtypes), formatBytes(file.bytes)]
    .filter((part) => part !== '')
    .join(' · ');
}

/** "float32" or "bfloat16 90 %, float32 10 %"; types of next to no values (counters, flags) are not worth a word. */
export function typesText(dtypes: ModelDescription['dtypes']): string {
  const total = dtypes.reduce((sum, { count }) => sum + count, 0);
  const [first, ...others] = dtypes.filter(({ count }, index) => index === 0 || count >= MIN_SHARE * total);
  if (first === undefined) return '';
  if (others.length === 0) return first.dtype;
  const named = [first, ...others]
    .slice(0, MAX_TYPES)
    .map(({ dtype, count }) => `${dtype} ${formatPercent(count / total, 0)}`);
  return others.length >= MAX_TYPES ? l10n.t('{0} and others', named.join(', ')) : named.join(', ');
}

/** What an analysis has found, and when; or that there was none. */
export function analysisLine({ analysis, prunableCount }: ModelDescription, now: number): string {
  if (prunableCount === 0) return l10n.t('Nothing to prune: no floating-point weights');
  if (analysis === null) return l10n.t('Not analyzed yet');
  const age = ageText(analysis.analyzedAt, now);
  if (analysis.initialisation === 'at-initialisation') {
    return l10n.t('Looks untrained: no limit can be predicted · {0}', age);
  }
  if (analysis.limit === null) return l10n.t('No limit can be told · {0}', age);
  const limit = formatPercent(analysis.limit, 0);
  if (analysis.kurtosis === null) return l10n.t('Predicted limit {0} · {1}', limit, age);
  return l10n.t('Predicted limit {0} · kurtosis {1} · {2}', limit, analysis.kurtosis.toFixed(1), age);
}

/** Why a model file cannot be read. */
export function unreadableLine({ reason, offset }: UnreadableDescription): string {
  return offset === undefined
    ? l10n.t('Not readable: {0}', reason)
    : l10n.t('Not readable: {0} (byte {1})', reason, offset);
}
