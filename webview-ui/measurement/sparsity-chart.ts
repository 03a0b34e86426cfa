import * as l10n from '@vscode/l10n';
import { html, nothing, svg, type SVGTemplateResult, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { guard } from 'lit/directives/guard.js';
import type { CriterionSweep, Measurement, PruningCriterion } from '../../src/report/measurement';
import { percent, significant } from '../../src/report/number-text';
import { dataTable, dataToggle, type DataTable } from '../components/data-table';
import type { Topic } from '../model/panel-model';
import { cssomStyle } from '../style/cssom-style';
import { dataTableStyles } from '../style/data-table-styles';
import { measureText } from '../style/measure-text';
import { sharedStyles } from '../style/shared-styles';
import { theme } from '../style/theme';
import { CRITERION_NAMES } from './criteria';
import { MARKER_TERMS, sparsityMarkers, summaryText } from './sparsity-markers';
import { SizedElement } from './sized-element';
import { nearestPoint, nearLimits, shownSweeps, SparsityPlot, type Marker, type PlacedMarker } from './sparsity-plot';
import { sparsityChartStyles } from './sparsity-chart-styles';

/** Between a flag's figure and its name, and about both. */
const FLAG_PADDING = 16;
/** Figures of flags are bold. */
const BOLD = 1.1;
const NARROWEST = 240;
/** Under this width of the plot, texts are fewer and shorter. */
const NARROW = 420;
/** Ticks nearer to ε give way to it. */
const LABEL_HEIGHT = 13;
/** The pointer's reading stands on the other side of its line beyond this share of the width. */
const TURN = 0.55;
const KEY_STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -10,
  PageUp: 10,
  Home: -Infinity,
  End: Infinity,
};

/** Loss and accuracy by pruned fraction, as measured, and what was predicted. */
@customElement('sparsity-chart')
export class SparsityChart extends SizedElement {
  protected override readonly topics: readonly Topic[] = ['measurement', 'analysis', 'display'];
  @state() private showsTable = false;
  /** Index of a point of the first sweep that is read off. */
  @state() private reading: number | undefined;
  private plotCache: { readonly of: readonly unknown[]; readonly plot: SparsityPlot } | undefined;

  static override styles = [sharedStyles, dataTableStyles, sparsityChartStyles];

  override render(): TemplateResult | typeof nothing {
    const measurement = this.model.measured?.measurement;
    const { figures } = this.model;
    if (measurement === undefined || figures === undefined) return nothing;
    const sweeps = shownSweeps(measurement, this.model.view.measured.criteria);
    const markers = sparsityMarkers(figures, this.model.limit('cosine-utopia-grid')?.prunedFraction);
    const limits = [figures.prediction, figures.sublevel].flatMap((limit) => (limit ? [limit.prunedFraction] : []));
    const near = nearLimits(limits);
    const plot = this.layOut(measurement, sweeps, markers, this.model.view.measured.near ? near : 0);
    return html`<div class="bar">
        <h3>${l10n.t('Loss and accuracy by pruned fraction')}</h3>
        ${this.legend(measurement)} ${near > 0 ? this.rangeSwitch(near) : nothing}
        ${dataToggle(
          this.showsTable,
          () => {
            this.showsTable = !this.showsTable;
          },
          l10n.t('Loss and accuracy by pruned fraction'),
        )}
      </div>
      <div class="plot" ${cssomStyle({ height: `${String(plot.height)}px` })}>
        <svg width=${plot.width} height=${plot.height} role="img" aria-label=${summaryText(measurement, markers)}>
          ${guard([plot, figures.epsilon], () => drawing(plot, measurement, figures.epsilon))}
          ${this.readingMark(plot, measurement)}
        </svg>
        ${plot.markers.map((placed) => this.flag(placed))} ${this.reader(plot)} ${this.tip(plot)}
      </div>
      ${this.showsTable ? html`<div class="table">${dataTable(table(measurement, sweeps))}</div>` : nothing}`;
  }

  /** Laid out anew only when something that it shows has changed. */
  private layOut(
    measurement: Measurement,
    sweeps: readonly CriterionSweep[],
    markers: readonly Marker[],
    lowest: number,
  ): SparsityPlot {
    const texts = markers.map(({ id, value, prunedFraction }) => `${id} ${value} ${String(prunedFraction)}`).join();
    const shown = sweeps.map(({ criterion }) => criterion).join();
    const of = [this.width, measurement, shown, texts, lowest, theme().fontFamily];
    if (this.plotCache?.of.every((value, i) => value === of[i]) !== true) {
      const width = Math.max(this.width, NARROWEST);
      this.plotCache = { of, plot: new SparsityPlot(width, measurement, sweeps, markers, flagWidth, lowest) };
    }
    return this.plotCache.plot;
  }

  private rangeSwitch(near: number): TemplateResult {
    const choice = (chosen: boolean, label: string): TemplateResult =>
      html`<button
        aria-pressed=${this.model.view.measured.near === chosen}
        @click=${() => {
          this.model.chooseMeasured({ near: chosen });
        }}
      >
        ${label}
      </button>`;
    return html`<div class="seg" role="group" aria-label=${l10n.t('Pruned fractions that are shown')}>
      ${choice(false, percent(0) + '–' + percent(1))}${choice(true, l10n.t('from {0}', percent(near)))}
    </div>`;
  }

  private legend(measurement: Measurement): TemplateResult {
    const { criteria } = this.model.view.measured;
    const sample = (criterion: PruningCriterion): TemplateResult =>
      html`<svg class="sample" viewBox="0 0 20 6" aria-hidden="true">
        ${svg`<path class="line ${criterion}" d="M0 3H20" />`}
      </svg>`;
    return html`<div class="legend" role="group" aria-label=${l10n.t('Orders of pruning')}>
      ${measurement.sweeps.map(({ criterion }) =>
        criterion === 'magnitude'
          ? html`<span class="chip fixed">${sample(criterion)}${CRITERION_NAMES[criterion]}</span>`
          : html`<button
              class="chip"
              aria-pressed=${criteria.includes(criterion)}
              @click=${() => {
                this.toggle(criterion);
              }}
            >
              ${sample(criterion)}${CRITERION_NAMES[criterion]}
            </button>`,
      )}
    </div>`;
  }

  private toggle(criterion: PruningCriterion): void {
    const { criteria } = this.model.view.measured;
    this.model.chooseMeasured({
      criteria: criteria.includes(criterion)
        ? criteria.filter((other) => other !== criterion)
        : [...criteria, criterion],
    });
  }

  private flag({ marker, left, top, width }: PlacedMarker): TemplateResult {
    return html`<button
      class="flag ${marker.id}"
      ${cssomStyle({ left: `${left.toFixed(1)}px`, top: `${String(top)}px`, width: `${width.toFixed(1)}px` })}
      @click=${(event: Event) => {
        this.explainMarker(event, marker);
      }}
    >
      <b>${marker.value}</b> <span>${marker.name}</span>
    </button>`;
  }

  private explainMarker(event: Event, { id }: Marker): void {
    const term = MARKER_TERMS[id];
    const estimate = this.model.limit('cosine-utopia-grid');
    if (term !== undefined) this.explain(event, { kind: 'term', term });
    else if (estimate !== undefined) this.explain(event, { kind: 'estimates', estimates: [estimate] });
  }

  /** Takes the pointer and the keys that move the reading. */
  private reader(plot: SparsityPlot): TemplateResult | typeof nothing {
    const points = plot.sweeps[0]?.points ?? [];
    if (points.length === 0) return nothing;
    const first = Math.max(
      0,
      points.findIndex(({ prunedFraction }) => prunedFraction >= plot.lowest),
    );
    const at = Math.min(this.reading ?? first, points.length - 1);
    return html`<div
      class="reader"
      role="slider"
      tabindex="0"
      aria-label=${l10n.t('Measured point')}
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${(100 * (points[at]?.prunedFraction ?? 0)).toFixed(1)}
      aria-valuetext=${this.lines(plot, at).join('; ')}
      ${cssomStyle({
        left: `${String(plot.left)}px`,
        top: `${String(plot.top)}px`,
        width: `${String(plot.right - plot.left)}px`,
        height: `${String(plot.floor - plot.top)}px`,
      })}
      @pointermove=${(event: PointerEvent) => {
        this.read(points, plot.fractionAt(plot.left + event.offsetX));
      }}
      @pointerleave=${this.leave}
      @blur=${this.leave}
      @focus=${() => {
        this.reading ??= first;
      }}
      @keydown=${(event: KeyboardEvent) => {
        const step = KEY_STEPS[event.key];
        if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        this.reading = Math.min(points.length - 1, Math.max(first, at + step));
      }}
    ></div>`;
  }

  private read(points: CriterionSweep['points'], fraction: number): void {
    const distance = (i: number): number => Math.abs((points[i]?.prunedFraction ?? 0) - fraction);
    this.reading = points.reduce((nearest, _, i) => (distance(i) < distance(nearest) ? i : nearest), 0);
  }

  private readonly leave = (): void => {
    this.reading = undefined;
  };

  private readingMark(plot: SparsityPlot, { dense }: Measurement): SVGTemplateResult | typeof nothing {
    const point = this.reading === undefined ? undefined : plot.sweeps[0]?.points[this.reading];
    if (point === undefined) return nothing;
    const x = plot.x(point.prunedFraction);
    return svg`<g class="reading">
      <line x1=${x} x2=${x} y1=${plot.top} y2=${plot.floor} />
      ${plot.sweeps.map((sweep) => {
        const near = nearestPoint(sweep, point.prunedFraction);
        if (near === undefined) return nothing;
        const at = plot.x(near.prunedFraction);
        return svg`<circle class="line ${sweep.criterion}" cx=${at} cy=${plot.y(near.loss - dense.loss)} r="3" />
          ${near.accuracy === undefined || plot.accuracy === undefined ? nothing : svg`<circle class="line ${sweep.criterion}" cx=${at} cy=${plot.yAccuracy(near.accuracy)} r="3" />`}`;
      })}
    </g>`;
  }

  private tip(plot: SparsityPlot): TemplateResult | typeof nothing {
    const point = this.reading === undefined ? undefined : plot.sweeps[0]?.points[this.reading];
    if (this.reading === undefined || point === undefined) return nothing;
    const x = plot.x(point.prunedFraction);
    const toLeft = x > plot.left + TURN * (plot.right - plot.left);
    return html`<div
      class="tip"
      aria-hidden="true"
      ${cssomStyle({
        [toLeft ? 'right' : 'left']: `${String((toLeft ? plot.width - x : x) + 10)}px`,
        [toLeft ? 'left' : 'right']: 'auto',
        top: `${String(plot.top + 4)}px`,
      })}
    >
      ${this.lines(plot, this.reading).map((line) => html`<div>${line}</div>`)}
    </div>`;
  }

  /** What there is to read at a point: the pruned fraction, then loss and accuracy of each sweep. */
  private lines(plot: SparsityPlot, index: number): readonly string[] {
    const point = plot.sweeps[0]?.points[index];
    const dense = this.model.measured?.measurement?.dense;
    if (point === undefined || dense === undefined) return [];
    return [
      l10n.t('{0} pruned', percent(point.prunedFraction, 1)),
      ...plot.sweeps.flatMap((sweep): readonly string[] => {
        const near = nearestPoint(sweep, point.prunedFraction);
        if (near === undefined) return [];
        const loss = l10n.t('loss {0}', significant(near.loss));
        const times = dense.epsilon > 0 ? ` (+${significant((near.loss - dense.loss) / dense.epsilon, 2)} ε)` : '';
        const accuracy = near.accuracy === undefined ? [] : [l10n.t('accuracy {0}', percent(near.accuracy, 2))];
        return [`${CRITERION_NAMES[sweep.criterion]}: ${[loss + times, ...accuracy].join(', ')}`];
      }),
    ];
  }
}

function flagWidth({ value, name }: Marker): number {
  return Math.ceil(BOLD * measureText(value, 'name') + measureText(name, 'name')) + FLAG_PADDING;
}

/** Axes, ε band, curves and the lines of the markers. */
function drawing(plot: SparsityPlot, { dense }: Measurement, epsilon: number): SVGTemplateResult {
  const { left, right, top, floor, accuracy } = plot;
  const bandTop = Math.max(top, plot.y(epsilon));
  return svg`
    <rect class="band" x=${left} width=${right - left} y=${bandTop} height=${Math.max(0, plot.y(0) - bandTop)} />
    ${plot.lossTicks.map(
      (tick) =>
        svg`<line class="grid" x1=${left} x2=${right} y1=${plot.y(tick)} y2=${plot.y(tick)} />
          ${Math.abs(plot.y(tick) - bandTop) < LABEL_HEIGHT ? nothing : svg`<text x=${left - 8} y=${plot.y(tick) + 4} text-anchor="end">${tickText(tick)}</text>`}`,
    )}
    <line class="edge" x1=${left} x2=${right} y1=${bandTop} y2=${bandTop} />
    <text class="epsilon" x=${left - 8} y=${bandTop + 4} text-anchor="end">${`+ε`}</text>
    ${
      accuracy === undefined
        ? nothing
        : svg`${plot.accuracyTicks.map(
            (
              tick,
            ) => svg`<line class="grid" x1=${left} x2=${right} y1=${plot.yAccuracy(tick)} y2=${plot.yAccuracy(tick)} />
              <text x=${left - 8} y=${plot.yAccuracy(tick) + 4} text-anchor="end">${percent(tick)}</text>`,
          )}`
    }
    <line class="axis" x1=${left} x2=${right} y1=${floor + 0.5} y2=${floor + 0.5} />
    ${plot.fractionTicks.map((tick) => {
      const x = Math.round(plot.x(tick)) + 0.5;
      return svg`<line class="axis" x1=${x} x2=${x} y1=${floor} y2=${floor + 4} />
        <text x=${x} y=${floor + 17} text-anchor=${tick > 0.999 ? 'end' : 'middle'}>${tickPercent(tick)}</text>`;
    })}
    ${plot.markers.map(
      ({ marker, x, top: flagTop }) =>
        svg`<line class="marker ${marker.id}" x1=${x} x2=${x} y1=${flagTop + 2} y2=${floor} />`,
    )}
    <clipPath id="fractions"><rect x=${left - 1} y="0" width=${right - left + 2} height=${plot.height} /></clipPath>
    <g clip-path="url(#fractions)">
      ${[...plot.sweeps].reverse().map(
        (sweep) => svg`<path class="line ${sweep.criterion}" d=${plot.lossPath(sweep)} />
          ${accuracy === undefined ? nothing : svg`<path class="line ${sweep.criterion}" d=${plot.accuracyPath(sweep)} />`}`,
      )}
    </g>
    <text class="aside" x=${left + 6} y=${top + 12}>${lossTitle(right - left, dense.loss)}</text>
    ${
      accuracy === undefined || dense.accuracy === undefined
        ? nothing
        : svg`<text class="aside" x=${left + 6} y=${accuracy.base - 6}>${l10n.t('accuracy, {0} unpruned', percent(dense.accuracy, 2))}</text>`
    }`;
}

/** `0.985` → `98.5 %`, `0.9` → `90 %`. */
function tickPercent(fraction: number): string {
  const points = 100 * fraction;
  return percent(fraction, Math.abs(points - Math.round(points)) < 1e-6 ? 0 : 1);
}

/** What the upper axis shows, as long as there is room for it. */
function lossTitle(width: number, loss: number): string {
  return width > NARROW
    ? l10n.t('loss above the {0} of the unpruned network', significant(loss))
    : l10n.t('growth of the loss');
}

function tickText(growth: number): string {
  if (growth === 0) return '0';
  return growth > 0 ? `+${significant(growth, 1)}` : significant(growth, 1);
}

function table({ dense }: Measurement, sweeps: readonly CriterionSweep[]): DataTable {
  const fractions = [...new Set(sweeps.flatMap(({ points }) => points.map(({ prunedFraction }) => prunedFraction)))];
  const hasAccuracy = dense.accuracy !== undefined;
  return {
    caption: l10n.t('Loss and accuracy by pruned fraction'),
    columns: [
      l10n.t('Pruned'),
      ...sweeps.flatMap(({ criterion }) => {
        const name = CRITERION_NAMES[criterion];
        return [l10n.t('Loss, {0}', name), ...(hasAccuracy ? [l10n.t('Accuracy, {0}', name)] : [])];
      }),
    ],
    rows: fractions
      .sort((a, b) => a - b)
      .map((fraction) => [
        percent(fraction, 1),
        ...sweeps.flatMap(({ points }) => {
          const point = points.find(({ prunedFraction }) => prunedFraction === fraction);
          const accuracy = point?.accuracy;
          return [
            significant(point?.loss, 4),
            ...(hasAccuracy ? [accuracy === undefined ? significant(undefined) : percent(accuracy, 2)] : []),
          ];
        }),
      ]),
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'sparsity-chart': SparsityChart;
  }
}
