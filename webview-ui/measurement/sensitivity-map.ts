import * as l10n from '@vscode/l10n';
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { nameText } from '../../src/report/name-text';
import { percent, shortCount, significant } from '../../src/report/number-text';
import { PanelElement } from '../components/panel-element';
import { GridController } from '../grid/grid-controller';
import { HEADER_ROW } from '../grid/grid-moves';
import {
  HEAD_HEIGHT,
  heatMapRow,
  heatMapStyles,
  ROW_HEIGHT,
  SCROLL_BAR,
  STRONGEST,
  STRONGEST_BEHIND_TEXT,
} from '../grid/heat-map';
import type { Topic } from '../model/panel-model';
import { cssomStyle } from '../style/cssom-style';
import { layerTableStyles } from '../style/layer-table-styles';
import { sharedStyles } from '../style/shared-styles';
import {
  growthShade,
  harmlessFraction,
  sensitivityMap,
  type SensitivityMap,
  type SensitivityRow,
} from './sensitivity-rows';

/** A cell at least so wide has its figure in it. */
const FIGURE_WIDTH = 44;
const NARROWEST_CELL = 18;
const WIDEST_CELL = 96;
/** The map is as high as its parameters, up to this. */
const HIGHEST = 420;
const NAME_WIDTHS = { narrow: 120, wide: 220 } as const;
const NARROW = 520;
/** In ε. */
const NEGLIGIBLE = 0.001;

/** Parameters by pruned fraction: how much the loss grows when each is pruned alone. */
@customElement('sensitivity-map')
export class SensitivityMapElement extends PanelElement {
  protected readonly topics: readonly Topic[] = ['measurement'];
  private hovered: { readonly row: number; readonly column: number } | undefined;
  private map: SensitivityMap = { prunedFractions: [], rows: [] };
  private readonly grid = new GridController(this, {
    rowHeight: ROW_HEIGHT,
    headHeight: HEAD_HEIGHT,
    rowCount: () => this.map.rows.length,
    columnCount: () => this.map.prunedFractions.length + 1,
    firstStop: () => 0,
    arrived: () => {
      this.hovered = undefined;
    },
    scrolled: () => undefined,
    scrollTop: () => 0,
  });

  static override styles = [
    sharedStyles,
    layerTableStyles,
    heatMapStyles,
    css`
      .bar {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 4px 16px;
      }
      h3 {
        font-size: inherit;
        font-weight: 600;
        color: var(--pr-strong);
        flex: 1 1 220px;
      }
      .scale {
        display: flex;
        align-items: center;
        gap: 6px;
        font-size: 11px;
        color: var(--pr-muted);
        white-space: nowrap;
      }
      .scale i {
        width: 36px;
        height: 10px;
        border: 1px solid var(--pr-raised-line);
        background: linear-gradient(
          to right,
          var(--vscode-editor-background),
          color-mix(in srgb, var(--pr-kept) calc(var(--strongest) / 2), var(--vscode-editor-background))
        );
      }
      .scale i.over {
        background:
          repeating-linear-gradient(-45deg, transparent 0 3px, var(--vscode-editor-background) 3px 4px),
          linear-gradient(
            to right,
            color-mix(in srgb, var(--pr-fit) calc(var(--strongest) / 2), var(--vscode-editor-background)),
            color-mix(in srgb, var(--pr-fit) var(--strongest), var(--vscode-editor-background))
          );
      }
      .row {
        grid-template-columns: var(--name) repeat(var(--columns-count), var(--cell));
        padding: 0;
      }
      .cell.layer,
      .cell.corner {
        padding-left: 0;
      }
      .cell.fraction {
        padding: 0;
        justify-content: center;
        cursor: default;
        font-size: 11px;
      }
      .cell.value {
        padding: 0;
      }
      .cell.value.over {
        font-weight: 600;
        background: color-mix(in srgb, var(--pr-fit) var(--share), var(--vscode-editor-background));
      }
      /* where no figure says it, the hatching does: more than ε */
      .cell.value.over.bare {
        background:
          repeating-linear-gradient(-45deg, transparent 0 3px, var(--vscode-editor-background) 3px 4px),
          color-mix(in srgb, var(--pr-fit) var(--share), var(--vscode-editor-background));
      }
      .readout {
        padding: 4px 0;
      }
    `,
  ];

  protected override willUpdate(): void {
    const measurement = this.model.measured?.measurement;
    const { figures } = this.model;
    this.map =
      measurement === undefined || figures === undefined
        ? { prunedFractions: [], rows: [] }
        : sensitivityMap(measurement, figures.epsilon);
  }

  override render(): TemplateResult {
    const { prunedFractions, rows } = this.map;
    if (rows.length === 0)
      return html`<p class="muted">${l10n.t('The sensitivity of the parameters has not been measured yet.')}</p>`;
    const name = this.grid.width > 0 && this.grid.width < NARROW ? NAME_WIDTHS.narrow : NAME_WIDTHS.wide;
    const room = Math.floor((this.grid.width - name - 2) / Math.max(1, prunedFractions.length));
    const width = Math.min(WIDEST_CELL, Math.max(NARROWEST_CELL, room));
    const strongest = width >= FIGURE_WIDTH ? STRONGEST_BEHIND_TEXT : STRONGEST;
    return html`<div class="bar">
        <h3>
          <button
            class="term"
            @click=${(event: Event) => {
              this.explain(event, { kind: 'term', term: 'sensitivity' });
            }}
          >
            ${l10n.t('Growth of the loss in ε, each parameter pruned alone')}
          </button>
        </h3>
        <span class="scale" ${cssomStyle({ '--strongest': `${String(strongest)}%` })}
          ><i></i>${l10n.t('up to ε')}<i class="over"></i>${l10n.t('more')}</span
        >
      </div>
      <p class="readout muted" aria-hidden="true">${this.readout()}</p>
      <div
        class="grid"
        role="grid"
        aria-label=${l10n.t('Growth of the loss in ε, by parameter and pruned fraction')}
        aria-rowcount=${rows.length + 1}
        aria-colcount=${prunedFractions.length + 1}
        ${cssomStyle({
          height: `${String(Math.min(HIGHEST, HEAD_HEIGHT + rows.length * ROW_HEIGHT + SCROLL_BAR))}px`,
          '--columns-count': String(prunedFractions.length),
          '--cell': `${String(width)}px`,
          '--name': `${String(name)}px`,
        })}
        @scroll=${this.grid.scrolled}
        @keydown=${(event: KeyboardEvent) => this.grid.key(event)}
        @mouseleave=${() => {
          this.hovered = undefined;
          this.requestUpdate();
        }}
      >
        <div class="head" role="rowgroup">
          <div class="row" role="row" aria-rowindex="1">
            <div
              class="cell corner still"
              role="columnheader"
              aria-colindex="1"
              tabindex=${this.grid.tabIndex(HEADER_ROW, 0)}
            >
              ${l10n.t('Parameter')}
            </div>
            ${prunedFractions.map(
              (fraction, at) =>
                html`<div
                  class="cell fraction"
                  role="columnheader"
                  aria-colindex=${at + 2}
                  aria-label=${l10n.t('{0} pruned', percent(fraction, 1))}
                  tabindex=${this.grid.tabIndex(HEADER_ROW, at + 1)}
                >
                  ${fractionText(fraction, width)}
                </div>`,
            )}
          </div>
        </div>
        <div class="body" role="rowgroup" ${cssomStyle({ height: `${String(rows.length * ROW_HEIGHT)}px` })}>
          ${repeat(
            this.grid.positions(),
            (position) => rows[position]?.name,
            (position) => this.row(position, width, strongest),
          )}
        </div>
      </div>`;
  }

  private row(position: number, width: number, strongest: number): TemplateResult {
    const row = this.map.rows[position];
    if (row === undefined) return html``;
    return heatMapRow(
      this.grid,
      position,
      row.name,
      row.growths.map((growth, at) => this.cell(growth, { row: position, column: at + 1 }, width, strongest)),
    );
  }

  private cell(
    growth: number | undefined,
    position: { readonly row: number; readonly column: number },
    width: number,
    strongest: number,
  ): TemplateResult {
    const share = growth === undefined ? 0 : strongest * growthShade(growth);
    const over = growth !== undefined && !(growth <= 1);
    const bare = width < FIGURE_WIDTH;
    const fraction = this.map.prunedFractions[position.column - 1] ?? 0;
    return html`<div
      class="cell value ${growth === undefined ? 'none' : over ? 'over' : ''} ${bare ? 'bare' : ''}"
      role="gridcell"
      aria-colindex=${position.column + 1}
      aria-label=${l10n.t('{0} pruned: {1}', percent(fraction, 1), growthText(growth))}
      tabindex=${this.grid.tabIndex(position.row, position.column)}
      ${cssomStyle({ '--share': `${share.toFixed(1)}%` })}
      @click=${() => {
        this.grid.clicked(position);
      }}
      @mouseenter=${() => {
        this.hovered = position;
        this.requestUpdate();
      }}
    >
      ${bare || growth === undefined ? nothing : figureText(growth)}
    </div>`;
  }

  /** What the cell under the pointer, else the one with the focus, shows. */
  private readout(): string {
    const { row: at, column } = this.hovered ?? this.grid.stop;
    const row = this.map.rows[at];
    if (row === undefined) return '';
    const name = nameText(row.name);
    if (column === 0) return this.rowText(name, row);
    const fraction = this.map.prunedFractions[column - 1] ?? 0;
    return l10n.t('{0}, {1} pruned: {2}', name, percent(fraction, 1), growthText(row.growths[column - 1]));
  }

  private rowText(name: string, row: SensitivityRow): string {
    const harmless = harmlessFraction(row, this.map.prunedFractions);
    const values = l10n.t('{0} values', shortCount(row.count));
    return harmless === undefined
      ? l10n.t('{0}, {1}: every measured fraction costs more than ε', name, values)
      : l10n.t('{0}, {1}: up to {2} within ε', name, values, percent(harmless, 1));
  }
}

function growthText(growth: number | undefined): string {
  if (growth === undefined) return l10n.t('not measured');
  return Number.isNaN(growth) ? l10n.t('the loss is no number') : `${significant(growth, 2)} ε`;
}

/** As it stands in a cell: what is far under ε has no digits to compare. */
function figureText(growth: number): string {
  return Math.abs(growth) < NEGLIGIBLE ? '0' : significant(growth, 2);
}

/** A fraction as a narrow column has room for it. */
function fractionText(fraction: number, width: number): string {
  const points = 100 * fraction;
  const text = Number(points.toFixed(1)).toString();
  return width >= FIGURE_WIDTH ? percent(fraction, text.includes('.') ? 1 : 0) : text;
}

declare global {
  interface HTMLElementTagNameMap {
    'sensitivity-map': SensitivityMapElement;
  }
}
