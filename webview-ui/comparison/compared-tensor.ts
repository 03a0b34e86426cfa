import * as l10n from '@vscode/l10n';
import charts from 'generated:charts';
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { dataTable, dataToggle, type DataTable } from '../components/data-table';
import '../components/vega-chart';
import type { ChartData } from '../components/vega-chart';
import type { ComparedLayer } from '../../src/protocol/comparison';
import type { TensorComparison } from '../../src/report/comparison';
import { nameText } from '../../src/report/name-text';
import { grouped, significant } from '../../src/report/number-text';
import { roleText } from '../model/role-text';
import { dataTableStyles } from '../style/data-table-styles';
import { layerDetailStyles } from '../style/layer-detail-styles';
import { sharedStyles } from '../style/shared-styles';
import { comparedDistribution, shareText, type ComparedDistribution } from './compared-distribution';
import { changeName, shapesText } from './comparison-rows';
import { PagePart } from './page-element';
import { pairFigures, sideFigures } from './tensor-figures';

const CHART_HEIGHT = 204;
const CHART_COLORS = ['kept', 'hand'] as const;

/** Beside the table: the selected tensor, both sides over one axis, and its figures. */
@customElement('compared-tensor')
export class ComparedTensor extends PagePart {
  @state() private showsTable = false;
  private known:
    | {
        readonly layer: ComparedLayer;
        readonly distribution: ComparedDistribution | undefined;
        readonly data: ChartData;
      }
    | undefined;

  static override styles = [
    sharedStyles,
    dataTableStyles,
    layerDetailStyles,
    css`
      .legend i.before {
        width: 12px;
        border: 1.5px solid var(--pr-hand);
        border-bottom: 0;
      }
      .legend i.after {
        background: var(--pr-kept);
      }
      .figures {
        width: 100%;
        margin-top: 8px;
        border-collapse: collapse;
        border-top: 1px solid var(--pr-line);
        font-size: 12px;
      }
      .figures th,
      .figures td {
        padding: 0 0 0 12px;
        text-align: right;
        font-weight: 400;
        overflow-wrap: anywhere;
        vertical-align: baseline;
      }
      .figures th:first-child {
        padding-left: 0;
        text-align: left;
        color: var(--pr-muted);
        white-space: nowrap;
      }
      .figures thead th {
        color: var(--pr-muted);
      }
      .figures .by {
        color: var(--pr-muted);
        white-space: nowrap;
      }
      .moments {
        grid-template-columns: repeat(auto-fill, minmax(108px, 1fr));
      }
    `,
  ];

  override render(): TemplateResult | typeof nothing {
    const { subject } = this.page;
    const selected = subject?.kind === 'comparison' ? subject.selected : undefined;
    const layer = subject?.kind === 'comparison' && selected !== undefined ? subject.layer(selected) : undefined;
    if (subject?.kind !== 'comparison' || layer === undefined) return nothing;
    const { comparison } = layer;
    const side = comparison.after ?? comparison.before;
    const facts = [
      shapesText(comparison),
      l10n.t('{0} values', grouped(side?.count ?? 0)),
      ...(side === null ? [] : [roleText(side.role)]),
      ...(comparison.change === 'common' ? [] : [changeName(comparison.change)]),
    ];
    return html`<h2 class="name" dir="auto">${nameText(comparison.name)}</h2>
      <p class="muted facts">${facts.join(' · ')}</p>
      ${this.distribution(layer, subject.view.logarithmic)} ${this.figures(comparison)}`;
  }

  private distribution(layer: ComparedLayer, logarithmic: boolean): TemplateResult {
    if (this.known?.layer.comparison !== layer.comparison || this.known.layer.cellsAfter !== layer.cellsAfter) {
      const distribution = comparedDistribution(layer);
      this.known = { layer, distribution, data: distribution === undefined ? {} : { bins: distribution.bins } };
    }
    const { distribution, data } = this.known;
    if (distribution === undefined) {
      return html`<div class="placeholder">
        ${
          layer.cellsBefore === null && layer.cellsAfter === null
            ? l10n.t('The distributions are not at hand')
            : l10n.t('No spread of values: no distribution to draw')
        }
      </div>`;
    }
    const { low, high, top, floor } = distribution;
    return html`<div class="bar">
        <div class="legend">
          ${layer.cellsBefore === null ? nothing : html`<span><i class="before"></i>${l10n.t('before')}</span>`}
          ${layer.cellsAfter === null ? nothing : html`<span><i class="after"></i>${l10n.t('after')}</span>`}
        </div>
        <div class="seg" role="group" aria-label=${l10n.t('Scale of the shares')}>
          ${this.scale(false, l10n.t('lin'), logarithmic)}${this.scale(true, l10n.t('log'), logarithmic)}
        </div>
        ${dataToggle(this.showsTable, () => {
          this.showsTable = !this.showsTable;
        })}
      </div>
      <vega-chart
        .spec=${logarithmic ? charts.comparedLogarithmic : charts.comparedLinear}
        .height=${CHART_HEIGHT}
        .colors=${CHART_COLORS}
        .data=${data}
        .signals=${{ low, high, top, floor }}
        label=${chartLabel(layer.comparison, distribution)}
      ></vega-chart>
      ${this.showsTable ? html`<div class="table">${dataTable(distributionTable(layer.comparison, distribution))}</div>` : nothing}`;
  }

  private scale(log: boolean, label: string, logarithmic: boolean): TemplateResult {
    return html`<button
      aria-pressed=${log === logarithmic}
      @click=${() => {
        const { subject } = this.page;
        this.page.choose(() => {
          if (subject?.kind === 'comparison') subject.choose({ logarithmic: log });
        });
      }}
    >
      ${label}
    </button>`;
  }

  private figures(comparison: TensorComparison): TemplateResult {
    const pair = pairFigures(comparison);
    return html`${
        pair.length === 0
          ? nothing
          : html`<dl class="moments">
              ${pair.map(
                ({ label, term, value }) =>
                  html`<div>
                    <dt>${term === undefined ? label : this.term(term, label)}</dt>
                    <dd>${value}</dd>
                  </div>`,
              )}
            </dl>`
      }
      <table class="figures">
        <thead>
          <tr>
            <th scope="col">${l10n.t('Figure')}</th>
            <th scope="col">${l10n.t('Before')}</th>
            <th scope="col">${l10n.t('After')}</th>
            <th scope="col">${l10n.t('Difference')}</th>
          </tr>
        </thead>
        <tbody>
          ${sideFigures(comparison).map(
            ({ label, term, before, after, difference }) =>
              html`<tr>
                <th scope="row">${term === undefined ? label : this.term(term, label)}</th>
                <td>${before}</td>
                <td>${after}</td>
                <td class="by">${difference}</td>
              </tr>`,
          )}
        </tbody>
      </table>`;
  }
}

function chartLabel({ name, before, after }: TensorComparison, { low, high }: ComparedDistribution): string {
  return l10n.t(
    'Distribution of {0} from {1} to {2}: standard deviation {3} before, {4} after.',
    nameText(name),
    significant(low),
    significant(high),
    significant(before?.std),
    significant(after?.std),
  );
}

function distributionTable({ name }: TensorComparison, { bins, zeros, outside }: ComparedDistribution): DataTable {
  return {
    caption: l10n.t('Distribution of {0}', nameText(name)),
    columns: [l10n.t('Values'), l10n.t('Before'), l10n.t('After')],
    rows: [
      [l10n.t('exactly 0'), shareText(zeros[0]), shareText(zeros[1])],
      [l10n.t('beyond the chart'), shareText(outside[0]), shareText(outside[1])],
      ...bins.map(({ range, beforeText, afterText }) => [range, beforeText, afterText]),
    ],
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'compared-tensor': ComparedTensor;
  }
}
