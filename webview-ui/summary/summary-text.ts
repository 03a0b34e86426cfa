import * as l10n from '@vscode/l10n';
import type { AnalysisSummary, ModelDescription } from '../../src/protocol/description';
import { figure } from '../comparison/emphasis';
import { limitPercent } from '../../src/report/number-text';

/** Types that are named; further ones are only counted. */
const NAMED_TYPES = 3;
/** Types of fewer values (counters, flags) are not worth a word. */
const MIN_TYPE_SHARE = 0.005;

/** The answer in one short sentence; figures are marked (emphasis.ts). */
export interface ShortAnswer {
  readonly sentence: string;
  /** `caution`: the figures are no reason to prune. */
  readonly tone: 'plain' | 'caution';
}

/** What an analysis has found, in a sentence. */
export function shortAnswer({ limit, limitWithoutTuning, initialisation }: AnalysisSummary): ShortAnswer {
  if (limit === null)
    return { sentence: l10n.t('The weights do not tell how far this can be pruned.'), tone: 'caution' };
  if (initialisation === 'at-initialisation') {
    return {
      sentence: l10n.t('At initialisation: untrained weights do not tell how far they can be pruned.'),
      tone: 'caution',
    };
  }
  const most = figure(limitPercent(limit));
  const sentence =
    limitWithoutTuning === null
      ? l10n.t('About {0} can go if fine-tuned.', most)
      : l10n.t('About {0} can go if fine-tuned, {1} if not.', most, figure(limitPercent(limitWithoutTuning)));
  return { sentence, tone: 'plain' };
}

/** `float16 98 %, float32 2 %`; the type alone where there is but one that matters. */
export function dtypeMix({ dtypes, count }: ModelDescription): string {
  const large = dtypes.filter(({ count: part }, index) => index === 0 || part >= MIN_TYPE_SHARE * count);
  const [only] = large;
  if (only === undefined) return '';
  if (large.length === 1) return only.dtype;
  const named = large.slice(0, NAMED_TYPES).map(({ dtype, count: part }) => `${dtype} ${limitPercent(part / count)}`);
  return large.length > NAMED_TYPES ? l10n.t('{0} and other types', named.join(', ')) : named.join(', ');
}

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['week', 7 * 86_400],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

/** How long ago, in the page's language: `5 minutes ago`. Under a minute, and for clocks that disagree, `now`. */
export function ageText(at: number, now: number, language: string): string {
  const seconds = Math.max(0, (now - at) / 1000);
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? ['second', Infinity];
  return new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(-Math.floor(seconds / size) || 0, unit);
}
