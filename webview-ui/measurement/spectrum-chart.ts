import * as l10n from '@vscode/l10n';
import { css, html, nothing, svg, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { largestEigenvalue, negativeMass, smallestEigenvalue, traceEstimate } from '../../src/limits/spectrum-figures';
import type { Measurement, SpectrumFacts, SpectrumNode } from '../../src/report/measurement';
import { percent, significant } from '../../src/report/number-text';
import { dataTable, dataToggle, type DataTable } from '../components/data-table';
import { dataTableStyles } from '../style/data-table-styles';
import { sharedStyles } from '../style/shared-styles';
import { decades, logScale, symlogScale, symlogTicks } from './scales';
import { SizedElement } from './sized-element';
import { plotStyles } from './sparsity-chart-styles';

const HEIGHT = 220;
const LEFT = 52;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 36;
const NARROWEST = 200;
const NARROW = 360;
/** The eigenvalue axis is linear up to this share of the largest: the resolution of a hundred steps of Lanczos. */
const LINEAR_SHARE = 1e-6;
/** Nodes of less weight stand on the axis: a hundred-millionth of the parameters is none. */
const SMALLEST_WEIGHT = 1e-8;
const TICK_GAP = 44;

/** The nodes of the quadrature of the Hessian's spectrum, as stems. */
@customElement('spectrum-chart')
export class SpectrumChart extends SizedElement {
  @state() private showsTable = false;

  static override styles = [
    sharedStyles,
    dataTableStyles,
    plotStyles,
    css`
      h3 {
        flex: 1;
      }
      .stem {
        stroke: var(--pr-kept);
        stroke-width: 1.5;
      }
      .head {
        fill: var(--pr-kept);
      }
      .negative .stem {
        stroke: var(--pr-fit);
        stroke-dasharray: 3 2;
      }
      .negative .head {
        fill: var(--vscode-editor-background);
        stroke: var(--pr-fit);
        stroke-width: 1.5;
      }
      .decisive {
        stroke: var(--pr-utopia);
        stroke-dasharray: 6 3;
      }
      .zero {
        stroke: var(--pr-pruned);
      }
      .name {
        paint-order: stroke;
        stroke: var(--vscode-editor-background);
        stroke-width: 3px;
      }
      dl {
        display: flex;
        flex-wrap: wrap;
        gap: 0 20px;
        line-height: 18px;
      }
      dl div {
        display: flex;
        gap: 6px;
        font-size: 11px;
        white-space: nowrap;
      }
      dt {
        color: var(--pr-muted);
      }
    `,
  ];

  override render(): TemplateResult {
    const measurement = this.model.measured?.measurement;
    const spectrum = measurement?.spectrum;
    return html`<div class="bar">
        <h3>
          <button
            class="term"
            @click=${(event: Event) => {
              this.explain(event, { kind: 'term', term: 'spectrum' });
            }}
          >
            ${l10n.t('Spectrum of the Hessian')}
          </button>
        </h3>
        ${
          spectrum === undefined
            ? nothing
            : dataToggle(
                this.showsTable,
                () => {
                  this.showsTable = !this.showsTable;
                },
                l10n.t('Spectrum of the Hessian'),
              )
        }
      </div>
      ${
        measurement === undefined || spectrum === undefined
          ? html`<p class="muted">${l10n.t('The spectrum has not been measured yet.')}</p>`
          : html`${this.facts(measurement, spectrum)} ${this.drawing(spectrum)}
            ${this.showsTable ? html`<div class="table">${dataTable(table(spectrum))}</div>` : nothing}`
      }`;
  }

  private drawing({ nodes }: SpectrumFacts): TemplateResult {
    const width = Math.max(this.width, NARROWEST);
    const [low, high] = [smallestEigenvalue(nodes), largestEigenvalue(nodes)];
    const size = Math.max(Math.abs(low), Math.abs(high)) || 1;
    const ends = { low: Math.min(low, 0), high: Math.max(high, 0), linear: LINEAR_SHARE * size };
    const x = symlogScale(ends.low, ends.high, ends.linear, LEFT + 6, width - RIGHT - 6);
    const base = HEIGHT - BOTTOM;
    const lightest = nodes.reduce((least, { weight }) => (weight > 0 ? Math.min(least, weight) : least), 1);
    const floor = Math.max(SMALLEST_WEIGHT, lightest / 3);
    const y = logScale(floor, 1, base, TOP);
    const decisive = this.decisive();
    return html`<svg width=${width} height=${HEIGHT} role="img" aria-label=${summary(nodes)}>
      ${decades(floor, 1, 5).map(
        (tick) => svg`<line class="grid" x1=${LEFT} x2=${width - RIGHT} y1=${y.at(tick)} y2=${y.at(tick)} />
          <text x=${LEFT - 8} y=${y.at(tick) + 4} text-anchor="end">${tick >= 0.01 ? percent(tick) : power(tick)}</text>`,
      )}
      <line class="axis" x1=${LEFT} x2=${width - RIGHT} y1=${base + 0.5} y2=${base + 0.5} />
      <line class="zero" x1=${x.at(0)} x2=${x.at(0)} y1=${TOP} y2=${base} />
      ${symlogTicks(ends, x, TICK_GAP).map(
        (tick) => svg`<line class="axis" x1=${x.at(tick)} x2=${x.at(tick)} y1=${base} y2=${base + 4} />
          <text x=${x.at(tick)} y=${base + 16} text-anchor="middle">${power(tick)}</text>`,
      )}
      <text x=${(LEFT + width - RIGHT) / 2} y=${HEIGHT - 4} text-anchor="middle">
        ${width < NARROW ? l10n.t('eigenvalue λ') : l10n.t('eigenvalue λ; height: share of the parameters')}
      </text>
      ${
        decisive === undefined || decisive <= 0 || decisive > ends.high
          ? nothing
          : svg`<line class="decisive" x1=${x.at(decisive)} x2=${x.at(decisive)} y1=${TOP} y2=${base} />`
      }
      ${nodes.map(({ eigenvalue, weight }) => {
        const [at, top] = [x.at(eigenvalue), y.at(weight)];
        return svg`<g class=${eigenvalue < 0 ? 'negative' : 'positive'}>
          <line class="stem" x1=${at} x2=${at} y1=${top} y2=${base} />
          <circle class="head" cx=${at} cy=${top} r="2"><title>${`λ ${significant(eigenvalue)}: ${share(weight)}`}</title></circle>
        </g>`;
      })}
      ${
        decisive === undefined || decisive <= 0 || decisive > ends.high
          ? nothing
          : svg`<text class="name" x=${x.at(decisive) + (x.at(decisive) > width / 2 ? -5 : 5)} y=${TOP + 10} text-anchor=${x.at(decisive) > width / 2 ? 'end' : 'start'}>${l10n.t('decides: 2ε ∕ R² = {0}', significant(decisive, 2))}</text>`
      }
    </svg>`;
  }

  /** 2ε ∕ R²: directions that are much flatter can go, much steeper ones cannot. */
  private decisive(): number | undefined {
    const { figures } = this.model;
    if (figures?.prediction === undefined || figures.prediction.radius === 0) return undefined;
    return (2 * figures.epsilon) / figures.prediction.radius ** 2;
  }

  private facts({ parameterCount }: Measurement, { nodes, steps, probes }: SpectrumFacts): TemplateResult {
    const facts = [
      ['λmax', significant(largestEigenvalue(nodes))],
      ['λmin', significant(smallestEigenvalue(nodes))],
      [l10n.t('Trace'), significant(traceEstimate(nodes, parameterCount))],
      [l10n.t('Negative'), share(negativeMass(nodes))],
      [l10n.t('Lanczos'), l10n.t('{0} steps × {1}', steps, probes)],
    ];
    return html`<dl>
      ${facts.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>`;
  }
}

/** A share of the parameters, small ones too. */
function share(weight: number): string {
  return weight >= 0.001 ? percent(weight, 1) : significant(weight, 2);
}

/** `−1×10⁻³` → `−10⁻³`: ticks are powers of ten. */
function power(tick: number): string {
  return significant(tick, 1).replace('1×', '');
}

function summary(nodes: readonly SpectrumNode[]): string {
  return l10n.t(
    'Eigenvalues of the Hessian from {0} to {1}; {2} of the parameters are in directions of negative curvature.',
    significant(smallestEigenvalue(nodes)),
    significant(largestEigenvalue(nodes)),
    share(negativeMass(nodes)),
  );
}

function table({ nodes }: SpectrumFacts): DataTable {
  return {
    caption: l10n.t('Spectrum of the Hessian'),
    columns: [l10n.t('Eigenvalue'), l10n.t('Share of the parameters')],
    rows: nodes.map(({ eigenvalue, weight }) => [significant(eigenvalue, 4), significant(weight, 3)]),
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'spectrum-chart': SpectrumChart;
  }
}
