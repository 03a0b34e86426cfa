import * as l10n from '@vscode/l10n';
import charts from 'generated:charts';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { LayerResult } from '../../src/protocol/analysis';
import type { TensorFacts, TensorStatistics } from '../../src/report/report';
import type { Term } from '../model/glossary';
import { layerDistribution, type LayerDistribution } from '../model/layer-distribution';
import { layerRemark } from '../model/layer-remark';
import { nameText } from '../../src/report/name-text';
import { fixed, grouped, percent, shapeText, significant } from '../../src/report/number-text';
import type { Topic } from '../model/panel-model';
import { pruningReason, roleText } from '../model/role-text';
import { dataTableStyles } from '../style/data-table-styles';
import { layerDetailStyles } from '../style/layer-detail-styles';
import { sharedStyles } from '../style/shared-styles';
import { dataTable, dataToggle, type DataTable } from './data-table';
import './layer-charts';
import { PanelElement } from './panel-element';
import './vega-chart';
import type { ChartData } from './vega-chart';

/** Shared weights may feed many operators; the first ones tell what they are. */
const MAX_OPERATORS = 3;

const CHART_HEIGHT = 212;
const CHART_COLORS = ['kept', 'pruned', 'muted', 'fit', 'hand'] as const;

/** Beside the table: the selected layer, or all layers at once. */
@customElement('layer-detail')
export class LayerDetail extends PanelElement {
  @state() private showsTable = false;
  protected readonly topics: readonly Topic[] = ['analysis', 'fraction', 'selection', 'display'];
  private known:
    | { readonly result: LayerResult; readonly distribution: LayerDistribution | undefined; readonly data: ChartData }
    | undefined;

  static override styles = [sharedStyles, dataTableStyles, layerDetailStyles];

  override render(): TemplateResult {
    const { detail } = this.model.view;
    const tab = (id: 'layer' | 'model', label: string): TemplateResult =>
      html`<button
        role="tab"
        id="tab-${id}"
        aria-selected=${detail === id}
        aria-controls="tab-panel"
        tabindex=${detail === id ? 0 : -1}
        @click=${() => {
          this.model.setDisplay({ detail: id });
        }}
      >
        ${label}
      </button>`;
    return html`<div class="top">
        <div class="tabs" role="tablist" aria-label=${l10n.t('Detail')} @keydown=${this.tabKey}>
          ${tab('layer', l10n.t('Layer'))}${tab('model', l10n.t('All layers'))}
        </div>
        ${detail === 'layer' && this.model.analysis.readCount > 0 ? this.chartTools() : nothing}
      </div>
      <div id="tab-panel" role="tabpanel" aria-labelledby="tab-${detail}">
        ${detail === 'layer' ? this.layer() : html`<layer-charts .model=${this.model}></layer-charts>`}
      </div>`;
  }

  private readonly tabKey = (event: KeyboardEvent): void => {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    event.preventDefault();
    this.model.setDisplay({ detail: this.model.view.detail === 'layer' ? 'model' : 'layer' });
    void this.updateComplete.then(() => {
      this.renderRoot.querySelector<HTMLElement>('[role=tab][tabindex="0"]')?.focus();
    });
  };

  private chartTools(): TemplateResult {
    const { logarithmic } = this.model.view;
    const scale = (log: boolean, label: string): TemplateResult =>
      html`<button
        aria-pressed=${logarithmic === log}
        @click=${() => {
          this.model.setDisplay({ logarithmic: log });
        }}
      >
        ${label}
      </button>`;
    return html`<div class="seg" role="group" aria-label=${l10n.t('Scale of the shares')}>
        ${scale(false, l10n.t('lin'))}${scale(true, l10n.t('log'))}
      </div>
      ${dataToggle(this.showsTable, () => {
        this.showsTable = !this.showsTable;
      })}`;
  }

  private layer(): TemplateResult | typeof nothing {
    const index = this.model.selected;
    const tensor = index === undefined ? undefined : this.model.tensors[index];
    if (index === undefined || tensor === undefined) return nothing;
    const result = this.model.analysis.result(index);
    const curve = this.model.curve;
    const remark = layerRemark({
      tensor,
      statistics: result?.statistics,
      kept: this.model.survivingFraction(index),
      inScope: this.model.isInScope(index),
      modelScale: curve === undefined || curve.count === 0 ? undefined : Math.sqrt(curve.energy / curve.count),
    });
    const facts = [
      shapeText(tensor.shape),
      l10n.t('{0} values', grouped(tensor.count)),
      ...(tensor.storedDtype === undefined
        ? [tensor.dtype]
        : [l10n.t('{0}, stored as {1}', tensor.dtype, tensor.storedDtype)]),
      roleText(tensor.role),
      ...(tensor.operators ?? []).slice(0, MAX_OPERATORS),
    ];
    return html`<h2 class="name" dir="auto">${nameText(tensor.name)}</h2>
      <p class="muted facts" title=${pruningReason(tensor)}>${facts.join(' · ')}</p>
      ${result === undefined ? html`<div class="placeholder">${l10n.t('Not read yet')}</div>` : this.distribution(index, tensor, result)}
      <p class="remark">${remark}</p>
      ${result === undefined ? nothing : this.moments(result.statistics)}`;
  }

  private distribution(index: number, tensor: TensorFacts, result: LayerResult): TemplateResult {
    const { logarithmic } = this.model.view;
    if (this.known?.result !== result) {
      const distribution = layerDistribution(result);
      this.known = {
        result,
        distribution,
        data: distribution === undefined ? {} : { bins: distribution.bins, fits: distribution.fits },
      };
    }
    const { distribution, data } = this.known;
    if (distribution === undefined) {
      const { min } = result.statistics;
      const why =
        min === null
          ? l10n.t('No finite values: no distribution to draw')
          : l10n.t('All values are {0}: no distribution to draw', significant(min));
      return html`<div class="placeholder">${why}</div>`;
    }
    const prunes = this.model.isInScope(index) && this.model.cut !== undefined;
    const threshold = this.model.cut?.threshold.magnitude ?? 0;
    const { low, high, top, floor } = distribution;
    return html`<div class="bar">
        <div class="legend">
          <span><i class="kept"></i>${l10n.t('kept')}</span>
          <span><i class="pruned"></i>${l10n.t('pruned')}</span>
          <span><i class="gaussian"></i>${l10n.t('Gaussian')}</span>
          <button
            title=${l10n.t('What the fitted curves are')}
            @click=${(event: Event) => {
              this.explain(event, { kind: 'term', term: 'fits' });
            }}
          >
            <i class="laplace"></i><span class="term">${l10n.t('Laplace')}</span>
          </button>
        </div>
      </div>
      <vega-chart
        .spec=${logarithmic ? charts.distributionLogarithmic : charts.distributionLinear}
        .height=${CHART_HEIGHT}
        .colors=${CHART_COLORS}
        .data=${data}
        .signals=${{ threshold, prunes, low, high, top, floor }}
        label=${distributionLabel(tensor, result.statistics, distribution, prunes ? threshold : undefined)}
      ></vega-chart>
      ${this.showsTable ? html`<div class="table">${dataTable(distributionTable(tensor, distribution))}</div>` : nothing}`;
  }

  private moments(statistics: TensorStatistics): TemplateResult {
    const items: readonly (readonly [Term, string, string])[] = [
      ['mean', l10n.t('Mean'), significant(statistics.mean, 2)],
      ['std', l10n.t('Std'), significant(statistics.std)],
      ['skewness', l10n.t('Skewness'), fixed(statistics.skewness, 2)],
      ['kurtosis', l10n.t('Kurtosis'), fixed(statistics.kurtosis, 2)],
      ['range', l10n.t('Min'), significant(statistics.min)],
      ['range', l10n.t('Max'), significant(statistics.max)],
      ['norms', l10n.t('L2 norm'), significant(statistics.l2Norm)],
      ['zeros', l10n.t('Zeros'), grouped(statistics.zeroCount)],
    ];
    return html`<dl class="moments">
      ${items.map(
        ([term, label, value]) =>
          html`<div>
            <dt>
              <button
                class="term"
                @click=${(event: Event) => {
                  this.explain(event, { kind: 'term', term });
                }}
              >
                ${label}
              </button>
            </dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>`;
  }
}

function distributionLabel(
  tensor: TensorFacts,
  { mean, std, kurtosis }: TensorStatistics,
  { low, high }: LayerDistribution,
  threshold: number | undefined,
): string {
  const label = l10n.t(
    'Distribution of {0} from {1} to {2}: mean {3}, standard deviation {4}, kurtosis {5}.',
    nameText(tensor.name),
    significant(low),
    significant(high),
    significant(mean),
    significant(std),
    fixed(kurtosis, 2),
  );
  if (threshold === undefined) return label;
  return `${label} ${l10n.t('The threshold is at ±{0}.', significant(threshold))}`;
}

function distributionTable(tensor: TensorFacts, { bins, zeroShare, outsideShare }: LayerDistribution): DataTable {
  return {
    caption: l10n.t('Distribution of {0}', nameText(tensor.name)),
    columns: [l10n.t('Values'), l10n.t('Share')],
    rows: [
      ...(zeroShare > 0 ? [[l10n.t('exactly 0'), percent(zeroShare, 2)]] : []),
      ...(outsideShare > 0 ? [[l10n.t('beyond the chart'), percent(outsideShare, 2)]] : []),
      ...bins.map((bin) => [bin.range, bin.shareText]),
    ],
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'layer-detail': LayerDetail;
  }
}
