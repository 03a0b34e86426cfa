import * as l10n from '@vscode/l10n';
import charts from 'generated:charts';
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { RunStep } from '../../src/report/comparison';
import { dataTable, dataToggle } from '../components/data-table';
import '../components/vega-chart';
import { nameText } from '../../src/report/name-text';
import { NO_NUMBER } from '../../src/report/number-text';
import { dataTableStyles } from '../style/data-table-styles';
import { sharedStyles } from '../style/shared-styles';
import { PagePart } from './page-element';
import { stepCharts, stepGaps, type StepChart, type StepChartId, type StepGap } from './step-series';

const CHART_HEIGHT = 156;
/** Area of a point in square pixels, for few steps and for many. */
const POINT_SIZES = [
  [40, 44],
  [100, 16],
  [Infinity, 5],
] as const;
const CHART_COLORS = ['kept', 'hand', 'muted', 'warn', 'background'] as const;

/** What the charts are given, made anew only for other steps. */
interface Drawn {
  readonly steps: readonly RunStep[];
  readonly charts: readonly StepChart[];
  readonly gaps: readonly StepGap[];
}

/** Limit, kurtosis, zeros and cosines of the whole model over the steps of a run. */
@customElement('run-charts')
export class RunCharts extends PagePart {
  @state() private table: StepChartId | undefined;
  private drawn: Drawn | undefined;
  private chosen: readonly { readonly step: number }[] = [];

  static override styles = [
    sharedStyles,
    dataTableStyles,
    css`
      :host {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(270px, 100%), 1fr));
        gap: 8px 24px;
        padding: 12px 20px;
        border-top: 1px solid var(--pr-line);
      }
      .chart {
        min-width: 0;
      }
      .bar {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0 12px;
        min-height: 24px;
      }
      h2 {
        flex: 1;
        white-space: nowrap;
      }
      .legends {
        display: flex;
        flex-wrap: wrap;
        gap: 0 16px;
        padding-left: 48px;
      }
      .legend {
        display: flex;
        align-items: center;
        gap: 6px;
        font-size: 11px;
        color: var(--pr-muted);
        white-space: nowrap;
      }
      .legend i {
        width: 16px;
        border-top: 2px solid var(--pr-kept);
      }
      .legend.second i {
        border-top: 2px dashed var(--pr-hand);
      }
    `,
  ];

  override render(): TemplateResult | typeof nothing {
    const { subject } = this.page;
    if (subject?.kind !== 'run' || !subject.isReadable) return nothing;
    const { steps, view } = subject;
    if (this.drawn?.steps !== steps) {
      this.drawn = { steps, charts: stepCharts(steps), gaps: stepGaps(steps) };
    }
    const chosen = steps.filter(({ file }) => view.chosen.includes(file.path));
    // the same array as long as the choice is the same: only then the charts need not be fed again
    if (chosen.length !== this.chosen.length || chosen.some(({ step }, i) => step !== this.chosen[i]?.step)) {
      this.chosen = chosen.map(({ step }) => ({ step }));
    }
    return html`${this.drawn.charts.map((chart) => this.chart(chart, steps))}`;
  }

  private chart(chart: StepChart, steps: readonly RunStep[]): TemplateResult {
    const { id, title, series, points, lowest, highest, percentage } = chart;
    const [first, last] = [steps[0]?.step ?? 0, steps.at(-1)?.step ?? 1];
    const pointSize = POINT_SIZES.find(([count]) => steps.length <= count)?.[1] ?? 5;
    const room = 0.03 * Math.max(1, last - first);
    return html`<div class="chart">
      <div class="bar">
        <h2>${this.term(id, title)}</h2>
        ${dataToggle(
          this.table === id,
          () => {
            this.table = this.table === id ? undefined : id;
          },
          title,
        )}
      </div>
      <vega-chart
        .spec=${charts.overSteps}
        .height=${CHART_HEIGHT}
        .colors=${CHART_COLORS}
        .data=${{ points, gaps: this.drawn?.gaps ?? [], chosen: this.chosen }}
        .signals=${{ lowest, highest, percentage, pointSize, first: first - room, last: last + room }}
        label=${chartLabel(chart)}
        @chart-pick=${(event: CustomEvent<unknown>) => {
          this.pick(event.detail);
        }}
      ></vega-chart>
      ${
        series.length < 2
          ? nothing
          : html`<div class="legends">
              ${series.map((name, at) => html`<span class="legend ${at === 0 ? '' : 'second'}"><i></i>${name}</span>`)}
            </div>`
      }
      ${this.table === id ? dataTable(tableOf(chart, steps)) : nothing}
    </div>`;
  }

  private pick(datum: unknown): void {
    if (typeof datum !== 'object' || datum === null || !('path' in datum)) return;
    if (typeof datum.path === 'string') this.ask(this.host.call('open', { path: datum.path }));
  }
}

function chartLabel({ title, points, series }: StepChart): string {
  const known = points.filter(({ series: name, value }) => name === 'first' && value !== null);
  const [first] = known;
  const last = known.at(-1);
  if (first === undefined || last === undefined) return l10n.t('{0}: nothing has been read yet.', title);
  return l10n.t(
    '{0} over {1} steps ({2}): {3} at step {4}, {5} at step {6}.',
    title,
    String(known.length),
    series.join(', '),
    first.text,
    String(first.step),
    last.text,
    String(last.step),
  );
}

function tableOf({ title, series, points }: StepChart, steps: readonly RunStep[]): Parameters<typeof dataTable>[0] {
  return {
    caption: title,
    columns: [l10n.t('Step'), ...series],
    rows: steps.map(({ step, unreadable }, at) =>
      unreadable === undefined
        ? [String(step), ...series.map((_, i) => points[i * steps.length + at]?.text ?? NO_NUMBER)]
        : [String(step), l10n.t('not readable: {0}', nameText(unreadable)), ...series.slice(1).map(() => NO_NUMBER)],
    ),
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'run-charts': RunCharts;
  }
}
