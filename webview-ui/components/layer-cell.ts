import * as l10n from '@vscode/l10n';
import { html, nothing, type TemplateResult } from 'lit';
import type { TensorFacts } from '../../src/report/report';
import { nameText } from '../../src/report/name-text';
import { fixed, grouped, limitPercent, NO_NUMBER, percent, shapeText, significant } from '../../src/report/number-text';
import { shortType } from '../../src/report/type-text';
import type { PanelModel } from '../model/panel-model';
import type { TableColumn } from '../model/table-columns';
import { cssomStyle } from '../style/cssom-style';
import { SPARKLINE_HEIGHT, SPARKLINE_WIDTH } from './sparkline';

/** A row of the table of layers. */
export interface LayerRow {
  /** Of the tensor in the file. */
  readonly index: number;
  readonly tensor: TensorFacts;
  /** What the global threshold leaves of it; undefined while that is not known. */
  readonly kept: number | undefined;
  /** Whether a warning names it. */
  readonly flagged: boolean;
}

/** What a column shows of a layer; nothing while its values are not read. */
export function cellContent(column: TableColumn['id'], model: PanelModel, row: LayerRow): unknown {
  const { index, tensor } = row;
  const statistics = model.statistics(index);
  switch (column) {
    case 'name':
      return html`${nameSpan(tensor.name)}${
        tensor.aliasOf === undefined
          ? nothing
          : html`<i class="tag" title=${l10n.t('Shares its memory with {0}', nameText(tensor.aliasOf))}
              >${l10n.t('tied')}</i
            >`
      }${
        row.flagged
          ? html`<svg class="icon" viewBox="0 0 16 16" role="img" aria-label=${l10n.t('has a warning')}>
              <path d="M8 2.5L14 13.5H2zM8 6.5v3.5M8 11.2v1" />
            </svg>`
          : nothing
      }`;
    case 'shape':
      return html`<span title=${shapeText(tensor.shape)}>${shapeText(tensor.shape)}</span>`;
    case 'dtype':
      return html`<span title=${tensor.storedDtype ?? tensor.dtype}>${shortType(tensor)}</span>`;
    case 'count':
      return grouped(tensor.count);
    case 'distribution':
      return html`<canvas width=${SPARKLINE_WIDTH} height=${SPARKLINE_HEIGHT} aria-hidden="true"></canvas>`;
    case 'kurtosis':
      return statistics === undefined ? nothing : fixed(statistics.kurtosis, 2);
    case 'std':
      return statistics === undefined ? nothing : significant(statistics.std);
    case 'zeros':
      return statistics === undefined ? nothing : zeroText(statistics.zeroCount, tensor.count);
    case 'limit':
      if (statistics === undefined) return nothing;
      return statistics.limit === null || !tensor.prunable ? NO_NUMBER : percent(statistics.limit);
    case 'kept':
      return keptContent(model, row);
  }
}

function keptContent(model: PanelModel, { index, tensor, kept }: LayerRow): unknown {
  if (!tensor.prunable) return html`<span class="dim">${NO_NUMBER}</span>`;
  if (!model.isInScope(index)) return html`<span class="dim">${l10n.t('all')}</span>`;
  if (kept === undefined) return nothing;
  const even = 1 - (model.prunedFraction ?? 0);
  return html`<div class="meter" aria-hidden="true">
      <i ${cssomStyle({ transform: `scaleX(${kept.toFixed(4)})` })}></i>
      <b ${cssomStyle({ left: `${(100 * even).toFixed(1)}%` })}></b>
    </div>
    <span>${keptText(kept)}</span>`;
}

/** The name; where there is no room for all of it its end stays, which tells it from its neighbours. */
function nameSpan(name: string): TemplateResult {
  return html`<span class="text" title=${nameText(name)}><bdi dir="auto">${nameText(name)}</bdi></span>`;
}

/** One decimal; never 0 % of a layer that keeps something. */
function keptText(kept: number): string {
  if (kept === 1) return percent(1);
  return kept > 0 && kept < 0.0005 ? `< ${percent(0.001, 1)}` : percent(kept, 1);
}

function zeroText(zeros: number, count: number): string {
  return zeros === 0 || count === 0 ? '0' : limitPercent(zeros / count);
}
