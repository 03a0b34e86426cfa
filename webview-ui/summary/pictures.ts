import * as l10n from '@vscode/l10n';
import { html, nothing, svg, type SVGTemplateResult, type TemplateResult } from 'lit';
import type { AnalysisSummary, SummaryHistogram } from '../../src/protocol/description';
import { limitPercent, significant } from '../../src/report/number-text';
import { histogramPath, rulerLabels } from './summary-pictures';

const RULER_HEIGHT = 32;
const TRACK_HEIGHT = 6;
const HISTOGRAM_HEIGHT = 56;
/** Room for the axis under the histogram. */
const AXIS_HEIGHT = 16;

/** One axis of pruned fraction with the two limits; nothing where there is no limit. */
export function miniRuler(
  { limit, limitWithoutTuning }: AnalysisSummary,
  width: number,
): TemplateResult | typeof nothing {
  if (limit === null) return nothing;
  const tuned = limit * width;
  const untuned = (limitWithoutTuning ?? 0) * width;
  const [untunedLabel, tunedLabel] = rulerLabels(Math.min(untuned, tuned), Math.max(untuned, tuned), width);
  const swapped = untuned > tuned;
  const label =
    limitWithoutTuning === null
      ? l10n.t('Pruned fraction from 0 to 100 %: limit {0}.', limitPercent(limit))
      : l10n.t(
          'Pruned fraction from 0 to 100 %: limit {0}, without fine-tuning {1}.',
          limitPercent(limit),
          limitPercent(limitWithoutTuning),
        );
  return html`<svg
      class="picture"
      role="img"
      aria-label=${label}
      viewBox="0 0 ${width} ${RULER_HEIGHT}"
      height=${RULER_HEIGHT}
    >
      <rect class="track" width=${width} height=${TRACK_HEIGHT} rx="1" />
      <rect class="reach tuned" width=${tuned.toFixed(1)} height=${TRACK_HEIGHT} rx="1" />
      ${
        limitWithoutTuning === null
          ? nothing
          : svg`<rect class="reach untuned" width=${untuned.toFixed(1)} height=${TRACK_HEIGHT} rx="1" />
              <path class="untuned mark" d="M${untuned.toFixed(1)} ${TRACK_HEIGHT + 1}l4 4-4 4-4-4z" />
              ${labelText(swapped ? tunedLabel : untunedLabel, limitPercent(limitWithoutTuning))}`
      }
      <path class="tuned mark" d="M${tuned.toFixed(1)} ${TRACK_HEIGHT + 1}l4.5 7h-9z" />
      ${labelText(swapped ? untunedLabel : tunedLabel, limitPercent(limit))}
    </svg>
    <div class="legend" aria-hidden="true">
      <span
        ><svg viewBox="0 0 8 8"><path class="tuned" d="M4 0l4 7H0z" /></svg>${l10n.t('fine-tuned')}</span
      >
      ${
        limitWithoutTuning === null
          ? nothing
          : html`<span
              ><svg viewBox="0 0 8 8"><path class="untuned" d="M4 0l4 4-4 4-4-4z" /></svg
              >${l10n.t('not fine-tuned')}</span
            >`
      }
    </div>`;
}

function labelText(x: number, text: string): SVGTemplateResult {
  return svg`<text x=${x.toFixed(1)} y=${RULER_HEIGHT - 4} text-anchor="middle">${text}</text>`;
}

/** The weights' distribution, with the ends of its axis. */
export function histogramPicture(histogram: SummaryHistogram, width: number): TemplateResult {
  const { low, high } = histogram;
  const zero = ((0 - low) / (high - low)) * width;
  return html`<svg
    class="picture"
    role="img"
    aria-label=${l10n.t('Distribution of the weights from {0} to {1}', significant(low), significant(high))}
    viewBox="0 0 ${width} ${HISTOGRAM_HEIGHT + AXIS_HEIGHT}"
    height=${HISTOGRAM_HEIGHT + AXIS_HEIGHT}
  >
    <path class="bars" d=${histogramPath(histogram, width, HISTOGRAM_HEIGHT)} />
    <line class="base" x2=${width} y1=${HISTOGRAM_HEIGHT + 0.5} y2=${HISTOGRAM_HEIGHT + 0.5} />
    <text y=${HISTOGRAM_HEIGHT + 13}>${significant(low, 2)}</text>
    ${
      zero > 48 && zero < width - 48
        ? svg`<text x=${zero.toFixed(1)} y=${HISTOGRAM_HEIGHT + 13} text-anchor="middle">0</text>`
        : nothing
    }
    <text x=${width} y=${HISTOGRAM_HEIGHT + 13} text-anchor="end">${significant(high, 2)}</text>
  </svg>`;
}
