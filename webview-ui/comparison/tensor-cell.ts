import * as l10n from '@vscode/l10n';
import { html, nothing, type TemplateResult } from 'lit';
import type { PairStatistics, TensorComparison } from '../../src/report/comparison';
import type { TensorReport } from '../../src/report/report';
import { nameText } from '../../src/report/name-text';
import { fixed, grouped, limitPercent, NO_NUMBER, percent, significant } from '../../src/report/number-text';
import { differenceOf, maskOverlap, zeroFraction, type ComparisonColumnId } from './comparison-columns';
import { changeName, shapesText } from './comparison-rows';
import { beforeAfter, changeText, cosineText, intervalText, signed } from './difference-text';

/** What a column shows of a tensor. */
export function tensorCell(column: ComparisonColumnId, tensor: TensorComparison): unknown {
  const { name, change, before, after, pair, shift, pruning } = tensor;
  switch (column) {
    case 'name':
      return html`<span class="text" title=${nameText(name)}><bdi dir="auto">${nameText(name)}</bdi></span
        >${
          change === 'common'
            ? nothing
            : html`<span class="badge" title=${badgeTitle(tensor)}>${changeName(change)}</span>`
        }`;
    case 'shape':
      return html`<span title=${shapesText(tensor)}>${shapesText(tensor)}</span>`;
    case 'count':
      return grouped((before ?? after)?.count ?? 0);
    case 'cosine':
      return pair === null ? NO_NUMBER : cosineText(pair.cosineSimilarity);
    case 'change':
      return pair === null ? NO_NUMBER : changeText(pair.relativeChange);
    case 'kolmogorovSmirnov':
      return shift === null ? NO_NUMBER : shiftText(shift.kolmogorovSmirnov);
    case 'wasserstein':
      return shift === null ? NO_NUMBER : shiftText(shift.relativeWasserstein);
    case 'kurtosis':
      return pairCell(
        tensor,
        ({ kurtosis }) => kurtosis,
        kurtosisText,
        (by) => signed(by, 2),
      );
    case 'limit':
      return pairCell(tensor, tensorLimit, limitText, (by) => signed(100 * by, 0));
    case 'zeros':
      return pairCell(tensor, zeroFraction, zerosText);
    case 'maskOverlap':
      return overlapText(pair);
    case 'layerRule':
      return pruning === null ? NO_NUMBER : intervalText(pruning.layerwiseMagnitude.interval);
  }
}

/** Both sides' figure, and the difference; one where the tensor has only one side. */
function pairCell(
  tensor: TensorComparison,
  figure: (side: TensorReport) => number | null,
  text: (value: number | null) => string,
  difference?: (by: number) => string,
): TemplateResult | string {
  const sides = [tensor.before, tensor.after].flatMap((side) => (side === null ? [] : [text(figure(side))]));
  const [from = NO_NUMBER, to = from] = sides;
  const by = differenceOf(tensor, figure);
  const both = beforeAfter(from, to);
  if (difference === undefined) return both;
  return html`<span class="pair"
    ><span>${both}</span><i>${by === undefined || by === 0 ? '' : difference(by)}</i></span
  >`;
}

/** The limit of a tensor that can be pruned. */
export function tensorLimit({ prunable, limit }: TensorReport): number | null {
  return prunable ? limit : null;
}

export function limitText(limit: number | null): string {
  return limit === null ? NO_NUMBER : percent(limit);
}

export function zerosText(zeros: number | null): string {
  if (zeros === null) return NO_NUMBER;
  return zeros === 0 ? '0' : limitPercent(zeros);
}

function overlapText(pair: PairStatistics | null): string {
  const overlap = maskOverlap(pair);
  return overlap === null ? NO_NUMBER : limitPercent(overlap);
}

function kurtosisText(kurtosis: number | null): string {
  return fixed(kurtosis, 2);
}

/** A distance in standard deviations, or between distribution functions. */
export function shiftText(shift: number | null): string {
  return shift !== null && shift >= 0.001 ? fixed(shift, 3) : significant(shift, 1);
}

function badgeTitle(tensor: TensorComparison): string {
  const shapes = shapesText(tensor);
  switch (tensor.change) {
    case 'added':
      return l10n.t('Only in the checkpoint after: {0}', shapes);
    case 'removed':
      return l10n.t('Only in the checkpoint before: {0}', shapes);
    default:
      return l10n.t('Another shape: {0}', shapes);
  }
}
