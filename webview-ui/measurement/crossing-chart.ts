import * as l10n from '@vscode/l10n';
import { css, html, nothing, svg, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { CrossingPoint } from '../../src/limits/loss-landscape';
import { percent, significant } from '../../src/report/number-text';
import { dataTable, dataToggle, type DataTable } from '../components/data-table';
import { dataTableStyles } from '../style/data-table-styles';
import { measureText } from '../style/measure-text';
import { sharedStyles } from '../style/shared-styles';
import { figureText } from './measured-answer';
import type { CurvaturePrediction } from '../../src/limits/measured-figures';
import { linearScale, roundTicks } from './scales';
import { SizedElement } from './sized-element';
import { plotStyles } from './sparsity-chart-styles';

const HEIGHT = 220;
const LEFT = 52;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 36;
const NARROWEST = 200;
/** The axis ends at so many times the crossing's radius: beyond it nothing happens. */
const BEYOND = 3;
/** Networks of which little stays: the axis begins so many times the kept fraction under 1. */
const KEPT_SHOWN = 5;
const FAR_PRUNED = 0.8;
const LEAST_KEPT = 0.0005;
/** Every so many points of the curves have a row in the table. */
const TABLE_STEP = 10;

/** G(R) and s(R): what the curvature lets go, and what pruning takes away, by the norm of what is pruned. */
@customElement('crossing-chart')
export class CrossingChart extends SizedElement {
  @state() private showsTable = false;

  static override styles = [
    sharedStyles,
    dataTableStyles,
    plotStyles,
    css`
      h3 {
        flex: 1;
      }
      path {
        fill: none;
        stroke-width: 1.75;
      }
      .allowed {
        stroke: var(--pr-utopia);
      }
      .pruned {
        stroke: var(--pr-kept);
        stroke-dasharray: 6 3;
      }
      .drop {
        stroke: var(--pr-muted);
        stroke-dasharray: 2 3;
      }
      circle {
        fill: var(--pr-hand);
      }
      .value {
        fill: var(--pr-strong);
        font-weight: 600;
        paint-order: stroke;
        stroke: var(--vscode-editor-background);
        stroke-width: 3px;
      }
      .legend {
        display: flex;
        flex-wrap: wrap;
        gap: 0 16px;
        font-size: 11px;
        line-height: 18px;
        color: var(--pr-muted);
      }
      .legend span {
        display: flex;
        align-items: center;
        gap: 6px;
      }
      .sample {
        width: 20px;
        height: 6px;
      }
    `,
  ];

  override render(): TemplateResult {
    const prediction = this.model.figures?.prediction;
    return html`<div class="bar">
        <h3>
          <button
            class="term"
            @click=${(event: Event) => {
              this.explain(event, { kind: 'term', term: 'crossing' });
            }}
          >
            ${l10n.t('Where the prediction comes from')}
          </button>
        </h3>
        ${
          prediction === undefined
            ? nothing
            : dataToggle(
                this.showsTable,
                () => {
                  this.showsTable = !this.showsTable;
                },
                l10n.t('Where the prediction comes from'),
              )
        }
      </div>
      ${
        prediction === undefined
          ? html`<p class="muted">${l10n.t('The spectrum has not been measured yet.')}</p>`
          : html`<div class="legend">
                <span>${sample('allowed')}${l10n.t('G(R): the curvature allows')}</span>
                <span>${sample('pruned')}${l10n.t('s(R): weights of this norm')}</span>
              </div>
              ${this.drawing(prediction)}
              ${this.showsTable ? html`<div class="table">${dataTable(table(prediction))}</div>` : nothing}`
      }`;
  }

  private drawing({ curves, radius, prunedFraction }: CurvaturePrediction): TemplateResult {
    const width = Math.max(this.width, NARROWEST);
    const norm = curves.at(-1)?.radius ?? 1;
    const end = Math.min(norm, Math.max(BEYOND * radius, norm / 50)) || 1;
    const x = linearScale(0, end, LEFT, width - RIGHT);
    const low = prunedFraction < FAR_PRUNED ? 0 : 1 - KEPT_SHOWN * Math.max(1 - prunedFraction, LEAST_KEPT);
    const y = linearScale(low, 1, HEIGHT - BOTTOM, TOP);
    const shown = curves.filter((point, i) => point.radius <= end || (curves[i - 1]?.radius ?? 0) < end);
    const path = (of: (point: CrossingPoint) => number): string =>
      shown
        .map(
          (point, i) =>
            `${i === 0 ? 'M' : 'L'}${x.at(Math.min(end, point.radius)).toFixed(1)} ${y.at(of(point)).toFixed(1)}`,
        )
        .join('');
    const [cx, cy] = [x.at(radius), y.at(prunedFraction)];
    const value = l10n.t('{0} at R = {1}', figureText(prunedFraction), significant(radius));
    const fits = cx + 12 + 1.1 * measureText(value, 'name') < width - RIGHT;
    return html`<svg
      width=${width}
      height=${HEIGHT}
      role="img"
      aria-label=${l10n.t(
        'The fraction that the curvature allows falls with the norm R of the pruned weights, the fraction that is pruned rises with it; they cross at {0}, R = {1}.',
        figureText(prunedFraction),
        significant(radius),
      )}
    >
      ${roundTicks(low, 1, 5).map(
        (tick) => svg`<line class="grid" x1=${LEFT} x2=${width - RIGHT} y1=${y.at(tick)} y2=${y.at(tick)} />
          <text x=${LEFT - 8} y=${y.at(tick) + 4} text-anchor="end">${percent(tick, low > 0.9 ? 1 : 0)}</text>`,
      )}
      ${roundTicks(0, end, width > 400 ? 6 : 4).map(
        (
          tick,
        ) => svg`<line class="axis" x1=${x.at(tick)} x2=${x.at(tick)} y1=${HEIGHT - BOTTOM} y2=${HEIGHT - BOTTOM + 4} />
          <text x=${x.at(tick)} y=${HEIGHT - BOTTOM + 16} text-anchor="middle">${tick === 0 ? 0 : Number(tick.toPrecision(3))}</text>`,
      )}
      <text x=${(LEFT + width - RIGHT) / 2} y=${HEIGHT - 4} text-anchor="middle">
        ${l10n.t('R, norm of the pruned weights')}
      </text>
      <clipPath id="plot">
        <rect x=${LEFT} y=${TOP - 2} width=${width - LEFT - RIGHT} height=${HEIGHT - BOTTOM - TOP + 2} />
      </clipPath>
      <path class="allowed" clip-path="url(#plot)" d=${path(({ allowed }) => allowed)} />
      <path class="pruned" clip-path="url(#plot)" d=${path(({ pruned }) => pruned)} />
      <path class="drop" d=${`M${LEFT} ${cy.toFixed(1)}H${cx.toFixed(1)}V${HEIGHT - BOTTOM}`} />
      <circle cx=${cx} cy=${cy} r="4" />
      <text
        class="value"
        x=${fits ? cx + 10 : width - RIGHT}
        y=${Math.max(TOP + 10, cy + 18)}
        text-anchor=${fits ? 'start' : 'end'}
      >
        ${value}
      </text>
    </svg>`;
  }
}

function sample(curve: 'allowed' | 'pruned'): TemplateResult {
  return html`<svg class="sample" viewBox="0 0 20 6" aria-hidden="true">
    ${svg`<path class=${curve} d="M0 3H20" />`}
  </svg>`;
}

function table({ curves }: CurvaturePrediction): DataTable {
  return {
    caption: l10n.t('Crossing curves by the norm R of the pruned weights'),
    columns: ['R', l10n.t('G(R), allowed'), l10n.t('s(R), pruned')],
    rows: curves
      .filter((_, i) => i % TABLE_STEP === 0)
      .map(({ radius, allowed, pruned }) => [significant(radius), percent(allowed, 2), percent(pruned, 2)]),
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'crossing-chart': CrossingChart;
  }
}
