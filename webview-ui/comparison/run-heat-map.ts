import * as l10n from '@vscode/l10n';
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { RunStep } from '../../src/report/comparison';
import { nameText } from '../../src/report/name-text';
import { grouped, NO_NUMBER } from '../../src/report/number-text';
import { cssomStyle } from '../style/cssom-style';
import { layerTableStyles } from '../style/layer-table-styles';
import { sharedStyles } from '../style/shared-styles';
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
import { PagePart } from './page-element';
import { metricText, RUN_METRICS } from './run-metrics';
import { shade, type MetricRange, type RunModel, type RunRow } from './run-model';

/** A cell at least so wide has its figure in it; narrower ones only the shade. */
const FIGURE_WIDTH = 56;
const NARROWEST_CELL = 10;
/** The map is as high as its layers, up to this. */
const HIGHEST = 560;
/** As the style sheet has it. */
const NAME_WIDTH = 200;

/** Layers by steps: each cell's shade is a figure, which the line above the map tells of the cell that has the focus. */
@customElement('run-heat-map')
export class RunHeatMap extends PagePart {
  private hovered: { readonly row: number; readonly column: number } | undefined;
  private readonly grid = new GridController(this, {
    rowHeight: ROW_HEIGHT,
    headHeight: HEAD_HEIGHT,
    rowCount: () => this.run?.rows.length ?? 0,
    columnCount: () => (this.run?.steps.length ?? 0) + 1,
    firstStop: () => 0,
    arrived: () => {
      this.hovered = undefined;
    },
    scrolled: (scrollTop) => {
      this.page.choose(() => this.run?.choose({ scrollTop }), true);
    },
    scrollTop: () => this.run?.view.scrollTop ?? 0,
  });

  static override styles = [
    sharedStyles,
    layerTableStyles,
    heatMapStyles,
    css`
      :host {
        border-top: 1px solid var(--pr-line);
      }
      h2 {
        padding: 12px 20px 0;
      }
      .row {
        grid-template-columns: 200px repeat(var(--steps), var(--cell));
        padding: 0 12px;
      }
      .cell.step {
        padding: 0 2px;
        justify-content: center;
        overflow: visible;
      }
      .cell.value.lost {
        background: repeating-linear-gradient(-45deg, var(--pr-faint) 0 2px, var(--vscode-editor-background) 2px 6px);
      }
      .readout {
        padding: 0 20px 6px;
      }
      .scale {
        display: flex;
        align-items: center;
        gap: 6px;
        font-size: 12px;
        color: var(--pr-muted);
        white-space: nowrap;
      }
      .scale i {
        width: 72px;
        height: 10px;
        background: linear-gradient(
          to right,
          var(--vscode-editor-background),
          color-mix(in srgb, var(--pr-kept) var(--strongest), var(--vscode-editor-background))
        );
        border: 1px solid var(--pr-raised-line);
      }
      :host-context(body.vscode-dark) select,
      :host-context(body.vscode-high-contrast:not(.vscode-high-contrast-light)) select {
        color-scheme: dark;
      }
      select {
        height: 24px;
        font: inherit;
        font-size: 12px;
        color: var(--vscode-dropdown-foreground, var(--vscode-foreground));
        background: var(--vscode-dropdown-background, var(--vscode-editor-background));
        border: 1px solid var(--vscode-dropdown-border, var(--pr-raised-line));
        border-radius: 4px;
      }
    `,
  ];

  private get run(): RunModel | undefined {
    const { subject } = this.page;
    return subject?.kind === 'run' ? subject : undefined;
  }

  override render(): TemplateResult | typeof nothing {
    const { run } = this;
    if (run?.isReadable !== true) return nothing;
    const { steps, rows, range, metric, view } = run;
    const width = Math.max(NARROWEST_CELL, Math.floor((this.grid.width - NAME_WIDTH - 24) / Math.max(1, steps.length)));
    // narrow columns have room for every n-th number
    const digits = String(steps.at(-1)?.step ?? 0).length;
    const every = Math.max(1, Math.ceil((8 * digits + 4) / width));
    const strongest = width >= FIGURE_WIDTH ? STRONGEST_BEHIND_TEXT : STRONGEST;
    return html`<h2>${l10n.t('Layers by steps')}</h2>
      <div class="tools">
        <label class="scale"
          >${l10n.t('Shown')}
          <select @change=${this.metricChosen}>
            ${RUN_METRICS.map(
              ({ id, label }) => html`<option value=${id} ?selected=${id === metric.id}>${label}</option>`,
            )}
          </select></label
        >
        <div class="filter">
          <input
            type="search"
            placeholder=${l10n.t('Filter layers')}
            aria-label=${l10n.t('Filter layers by name')}
            spellcheck="false"
            .value=${view.filter}
            @input=${(event: InputEvent) => {
              const { target } = event;
              this.grid.forgetStop();
              if (target instanceof HTMLInputElement) {
                this.page.choose(() => {
                  run.choose({ filter: target.value });
                });
              }
            }}
          />
        </div>
        ${
          range === undefined
            ? nothing
            : html`<span class="scale" ${cssomStyle({ '--strongest': `${String(strongest)}%` })}
                >${metric.text(range.low)}<i></i>${metric.text(range.high)}</span
              >`
        }
        <span class="muted total">${l10n.t('{0} layers', grouped(rows.length))}</span>
      </div>
      <p class="readout muted" aria-hidden="true">${this.readout(run)}</p>
      <div
        class="grid"
        role="grid"
        aria-label=${l10n.t('{0} of layers by steps', metric.label)}
        aria-rowcount=${rows.length + 1}
        aria-colcount=${steps.length + 1}
        ${cssomStyle({
          height: `${String(Math.min(HIGHEST, HEAD_HEIGHT + Math.max(2, rows.length) * ROW_HEIGHT + SCROLL_BAR))}px`,
          '--steps': String(steps.length),
          '--cell': `${String(width)}px`,
        })}
        @scroll=${this.grid.scrolled}
        @keydown=${this.key}
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
              ${l10n.t('Layer')}
            </div>
            ${steps.map((step, at) => this.header(step, at, every))}
          </div>
        </div>
        <div class="body" role="rowgroup" ${cssomStyle({ height: `${String(rows.length * ROW_HEIGHT)}px` })}>
          ${repeat(
            this.grid.positions(),
            (position) => rows[position]?.name,
            (position) => this.row(run, position, range, { width, strongest }),
          )}
        </div>
        ${rows.length === 0 ? html`<p class="empty">${l10n.t('No layer matches “{0}”.', view.filter)}</p>` : nothing}
      </div>`;
  }

  private header(step: RunStep, at: number, every: number): TemplateResult {
    return html`<div
      class="cell step"
      role="columnheader"
      aria-colindex=${at + 2}
      aria-label=${
        step.unreadable === undefined
          ? l10n.t('Step {0}: open', String(step.step))
          : l10n.t('Step {0}, not readable: {1}', String(step.step), nameText(step.unreadable))
      }
      title=${nameText(step.file.path)}
      tabindex=${this.grid.tabIndex(HEADER_ROW, at + 1)}
      @click=${() => {
        this.grid.clicked({ row: HEADER_ROW, column: at + 1 });
        this.open(step);
      }}
    >
      ${at % every === 0 ? step.step : nothing}
    </div>`;
  }

  private row(
    run: RunModel,
    position: number,
    range: MetricRange | undefined,
    look: { readonly width: number; readonly strongest: number },
  ): TemplateResult {
    const row = run.rows[position];
    if (row === undefined) return html``;
    return heatMapRow(
      this.grid,
      position,
      row.name,
      run.steps.map((step, at) => this.cell(run, { row, position, step, at }, range, look)),
    );
  }

  private cell(
    { metric }: RunModel,
    { row, position, step, at }: { row: RunRow; position: number; step: RunStep; at: number },
    range: MetricRange | undefined,
    { width, strongest }: { readonly width: number; readonly strongest: number },
  ): TemplateResult {
    const layer = row.layers[at];
    const value = layer === null || layer === undefined ? null : metric.of(layer);
    const share = value === null || range === undefined ? 0 : strongest * shade(value, range, metric.logarithmic);
    const lost = step.unreadable !== undefined;
    const text = metricText(metric, value);
    return html`<div
      class="cell value ${lost ? 'lost' : value === null ? 'none' : ''}"
      role="gridcell"
      aria-colindex=${at + 2}
      aria-label=${
        lost
          ? l10n.t('step {0}: not readable', String(step.step))
          : l10n.t('step {0}: {1}', String(step.step), value === null ? l10n.t('none') : text)
      }
      tabindex=${this.grid.tabIndex(position, at + 1)}
      ${cssomStyle({ '--share': `${share.toFixed(1)}%` })}
      @click=${() => {
        this.grid.clicked({ row: position, column: at + 1 });
      }}
      @mouseenter=${() => {
        this.hovered = { row: position, column: at + 1 };
        this.requestUpdate();
      }}
    >
      ${lost || width < FIGURE_WIDTH ? nothing : text}
    </div>`;
  }

  /** What the cell under the pointer, else the one with the focus, shows. */
  private readout(run: RunModel): string {
    const { row, column } = this.hovered ?? this.grid.stop;
    const layer = run.rows[row];
    const step = run.steps[Math.max(0, column - 1)];
    if (layer === undefined || step === undefined) return '';
    const name = nameText(layer.name);
    if (step.unreadable !== undefined) {
      return l10n.t('{0}, step {1}: not readable: {2}', name, String(step.step), nameText(step.unreadable));
    }
    const at = layer.layers[Math.max(0, column - 1)];
    const value = at === null || at === undefined ? null : run.metric.of(at);
    const text = value === null ? NO_NUMBER : run.metric.text(value);
    return l10n.t('{0}, step {1}: {2} {3}', name, String(step.step), run.metric.label, text);
  }

  private readonly metricChosen = (event: Event): void => {
    const { target } = event;
    if (!(target instanceof HTMLSelectElement)) return;
    const metric = RUN_METRICS.find(({ id }) => id === target.value)?.id;
    if (metric !== undefined) this.page.choose(() => this.run?.choose({ metric }));
  };

  private open({ file }: RunStep): void {
    this.ask(this.host.call('open', { path: file.path }));
  }

  private readonly key = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') {
      const step = this.run?.steps[this.grid.stop.column - 1];
      if (step !== undefined) this.open(step);
      event.preventDefault();
    } else this.grid.key(event);
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'run-heat-map': RunHeatMap;
  }
}
