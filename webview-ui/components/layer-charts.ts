import * as l10n from '@vscode/l10n';
import charts from 'generated:charts';
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { Spec } from 'vega-typings';
import type { Term } from '../model/glossary';
import { layerSeries, type LayerDatum, type LayerSeries } from '../model/layer-series';
import type { Topic } from '../model/panel-model';
import { dataTableStyles } from '../style/data-table-styles';
import { layerDetailStyles } from '../style/layer-detail-styles';
import { sharedStyles } from '../style/shared-styles';
import { dataTable, dataToggle } from './data-table';
import { PanelElement } from './panel-element';
import './vega-chart';
import type { ChartData, ChartSignals } from './vega-chart';

const CHART_HEIGHT = 166;
const KURTOSIS_COLORS = ['kept', 'muted', 'hand'] as const;
const LIMIT_COLORS = ['utopia', 'hand'] as const;
/** While layers arrive the charts are fed at most so often: thousands of points cost more than a frame. */
const FEED_INTERVAL_MS = 400;
/** Area of a point in square pixels, for few layers and for many. */
const POINT_SIZES = [
  [60, 36],
  [300, 16],
  [Infinity, 7],
] as const;

/** A line across the chart: a distribution of known kurtosis. */
interface ReferenceDatum {
  readonly kurtosis: number;
  readonly name: string;
}

const KURTOSIS_REFERENCES: readonly ReferenceDatum[] = [
  { kurtosis: 1.8, name: l10n.t('uniform 1.8') },
  { kurtosis: 3, name: l10n.t('Gaussian 3') },
  { kurtosis: 6, name: l10n.t('Laplace 6') },
];

/** Kurtosis and limit of every layer, in the order of the file. */
@customElement('layer-charts')
export class LayerCharts extends PanelElement {
  @state() private table: 'kurtosis' | 'limit' | undefined;
  protected readonly topics: readonly Topic[] = ['analysis', 'fraction', 'selection', 'display'];

  private series: LayerSeries | undefined;
  private seriesKey: readonly unknown[] = [];
  private data: Readonly<Record<'kurtosis' | 'limit', ChartData>> = { kurtosis: {}, limit: {} };
  private fedAt = 0;
  private later: ReturnType<typeof setTimeout> | undefined;

  static override styles = [
    sharedStyles,
    dataTableStyles,
    layerDetailStyles,
    css`
      :host {
        padding: 0;
        border: 0;
      }
    `,
  ];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.later);
  }

  override render(): TemplateResult {
    const series = this.current();
    const { selected, prunedFraction } = this.model;
    const pointSize = POINT_SIZES.find(([count]) => series.layers.length <= count)?.[1] ?? 7;
    const orderTitle = l10n.t('layers, in the order of the file');
    const common = { selected: selected ?? -1, last: series.last, pointSize, orderTitle };
    return html`${this.chart('kurtosis', l10n.t('Kurtosis by layer'), charts.kurtosisByLayer, KURTOSIS_COLORS, {
      ...common,
      lowest: series.lowestKurtosis,
      highest: series.highestKurtosis,
    })}
    ${this.chart('limit', l10n.t('Limit by layer'), charts.limitByLayer, LIMIT_COLORS, {
      ...common,
      lowest: series.lowestLimit,
      fraction: prunedFraction ?? -1,
    })}`;
  }

  /** The series, made anew only when the analysis or the scope has changed, and not too often. */
  private current(): LayerSeries {
    const { analysis, scope, status } = this.model;
    const key = [analysis, analysis.readCount, analysis.update, scope, status?.state];
    if (this.series !== undefined && key.every((value, i) => value === this.seriesKey[i])) return this.series;
    const now = performance.now();
    const sameRun = this.seriesKey[0] === analysis && this.seriesKey[3] === scope;
    if (this.series !== undefined && sameRun && status?.state === 'running' && now - this.fedAt < FEED_INTERVAL_MS) {
      this.later ??= setTimeout(() => {
        this.later = undefined;
        this.requestUpdate();
      }, FEED_INTERVAL_MS);
      return this.series;
    }
    this.fedAt = now;
    this.seriesKey = key;
    this.series = layerSeries(this.model);
    const { layers } = this.series;
    this.data = { kurtosis: { layers, references: KURTOSIS_REFERENCES }, limit: { layers } };
    return this.series;
  }

  private chart(
    id: 'kurtosis' | 'limit',
    title: string,
    spec: Spec,
    colors: typeof KURTOSIS_COLORS | typeof LIMIT_COLORS,
    signals: ChartSignals,
  ): TemplateResult {
    const term: Term = id;
    const layers = this.series?.layers ?? [];
    return html`<div class="bar">
        <h3>
          <button
            class="term"
            @click=${(event: Event) => {
              this.explain(event, { kind: 'term', term });
            }}
          >
            ${title}
          </button>
        </h3>
        ${dataToggle(
          this.table === id,
          () => {
            this.table = this.table === id ? undefined : id;
          },
          title,
        )}
      </div>
      <vega-chart
        .spec=${spec}
        .height=${CHART_HEIGHT}
        .colors=${colors}
        .data=${this.data[id]}
        .signals=${signals}
        label=${summary(title, id, layers)}
        @chart-pick=${(event: CustomEvent<unknown>) => {
          this.pick(event.detail);
        }}
      ></vega-chart>
      ${
        this.table === id
          ? html`<div class="table">
              ${dataTable({
                caption: title,
                columns: [l10n.t('Layer'), l10n.t('Kurtosis'), l10n.t('Limit')],
                rows: layers.map((layer) => [layer.name, layer.kurtosisText, layer.limitText]),
              })}
            </div>`
          : nothing
      }`;
  }

  private pick(datum: unknown): void {
    if (typeof datum !== 'object' || datum === null || !('index' in datum)) return;
    if (typeof datum.index === 'number') this.model.select(datum.index);
  }
}

function summary(title: string, field: 'kurtosis' | 'limit', layers: readonly LayerDatum[]): string {
  const known = layers.filter((layer) => layer[field] !== null);
  const sorted = [...known].sort((a, b) => (a[field] ?? 0) - (b[field] ?? 0));
  const low = sorted[0];
  const high = sorted.at(-1);
  if (low === undefined || high === undefined) return l10n.t('{0}: nothing has been read yet.', title);
  const text = (layer: LayerDatum): string => (field === 'kurtosis' ? layer.kurtosisText : layer.limitText);
  if (known.length === 1) return l10n.t('{0}, 1 layer: {1} ({2}).', title, text(low), low.name);
  return l10n.t(
    '{0}, {1} layers, from {2} ({3}) to {4} ({5}).',
    title,
    known.length,
    text(low),
    low.name,
    text(high),
    high.name,
  );
}

declare global {
  interface HTMLElementTagNameMap {
    'layer-charts': LayerCharts;
  }
}
