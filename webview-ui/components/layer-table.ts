import * as l10n from '@vscode/l10n';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { ReportWarning } from '../../src/report/report';
import { grouped, percent, significant } from '../../src/report/number-text';
import { GridController } from '../grid/grid-controller';
import { HEADER_ROW } from '../grid/grid-moves';
import type { Topic } from '../model/panel-model';
import { fittingColumns, gridTemplate, type TableColumn } from '../model/table-columns';
import type { SortColumn } from '../model/view-state';
import { cssomStyle } from '../style/cssom-style';
import { icon } from '../style/icons';
import { layerTableStyles } from '../style/layer-table-styles';
import { sharedStyles } from '../style/shared-styles';
import { onThemeChange, theme } from '../style/theme';
import { cellContent } from './layer-cell';
import { PanelElement } from './panel-element';
import { drawSparkline } from './sparkline';

const ROW_HEIGHT = 24;
const HEAD_HEIGHT = 29;
/** Less than this is left of a layer: its number is marked. */
const LOW = 0.01;
/** The sparklines' common scale holds this share of the scope's weights. */
const COMMON_SHARE = 0.995;
/** The layers: sortable, filterable, only the visible rows in the document. An ARIA grid with one tab stop. */
@customElement('layer-table')
export class LayerTable extends PanelElement {
  protected readonly topics: readonly Topic[] = ['analysis', 'fraction', 'rows', 'selection', 'display'];

  private columns: readonly TableColumn[] = [];
  /** Position of the selected row, as of the last drawing; −1 if there is none. */
  private selectedRow = -1;
  private readonly grid = new GridController(this, {
    rowHeight: ROW_HEIGHT,
    headHeight: HEAD_HEIGHT,
    rowCount: () => this.model.rows.length,
    columnCount: () => this.columns.length,
    firstStop: () => this.selectedRow,
    arrived: ({ row }) => {
      const index = this.model.rows[row];
      if (index !== undefined) this.model.select(index);
    },
    scrolled: (scrollTop) => {
      this.model.setScrollTop(scrollTop);
    },
    scrollTop: () => this.model.view.scrollTop,
  });
  private forgetTheme: (() => void) | undefined;
  private flagged: ReadonlySet<string> = new Set();
  private flaggedFrom: readonly ReportWarning[] | undefined;
  static override styles = [sharedStyles, layerTableStyles];

  override connectedCallback(): void {
    super.connectedCallback();
    this.forgetTheme = onThemeChange(() => {
      this.requestUpdate();
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.forgetTheme?.();
  }

  /** Puts the cursor into the filter. */
  focusFilter(): void {
    const input = this.renderRoot.querySelector('input');
    input?.focus();
    input?.select();
  }

  protected override updated(): void {
    this.drawSparklines();
  }

  override render(): TemplateResult {
    const columns = fittingColumns(this.grid.width, this.model.analysis.typicalNameLength);
    this.columns = columns;
    const { rows, selected } = this.model;
    this.selectedRow = selected === undefined ? -1 : rows.indexOf(selected);
    const total = this.model.tensors.length;
    return html`${this.tools(rows.length)}
      <div
        class="grid"
        role="grid"
        aria-label=${l10n.t('Layers')}
        aria-rowcount=${rows.length + 1}
        aria-colcount=${columns.length}
        ${cssomStyle({ '--columns': gridTemplate(columns) })}
        @scroll=${this.grid.scrolled}
        @keydown=${this.key}
      >
        <div class="head" role="rowgroup">
          <div class="row" role="row" aria-rowindex="1">${columns.map((column, at) => this.header(column, at))}</div>
        </div>
        <div class="body" role="rowgroup" ${cssomStyle({ height: `${String(rows.length * ROW_HEIGHT)}px` })}>
          ${repeat(
            this.grid.positions(),
            (position) => rows[position],
            (position) => this.row(position, rows[position] ?? 0, columns),
          )}
        </div>
        ${rows.length === 0 && total > 0 ? html`<p class="empty">${this.emptiness()}</p>` : nothing}
      </div>`;
  }

  private tools(shown: number): TemplateResult {
    const { view, scope, analysis } = this.model;
    const { vectors, others } = analysis.groupSizes;
    return html`<div class="tools">
      <div class="filter">
        <input
          type="search"
          placeholder=${l10n.t('Filter layers ( / )')}
          aria-label=${l10n.t('Filter layers by name, shape, type or role')}
          spellcheck="false"
          .value=${view.filter}
          @input=${(event: InputEvent) => {
            if (event.target instanceof HTMLInputElement) this.filter(event.target.value);
          }}
          @keydown=${this.filterKey}
        />
        ${
          view.filter === ''
            ? nothing
            : html`<button
                aria-label=${l10n.t('Clear the filter')}
                @click=${() => {
                  this.filter('');
                  this.focusFilter();
                }}
              >
                ${icon('close')}
              </button>`
        }
      </div>
      ${
        scope === 'weights' && vectors > 0
          ? this.chip(l10n.t('Biases and norms'), vectors, view.showVectors, (showVectors) => {
              this.model.setShown({ showVectors });
            })
          : nothing
      }
      ${
        others > 0 && others < this.model.tensors.length
          ? this.chip(l10n.t('Buffers and optimiser state'), others, view.showOthers, (showOthers) => {
              this.model.setShown({ showOthers });
            })
          : nothing
      }
      <span class="muted total" aria-live="polite"
        >${l10n.t('{0} of {1} tensors', grouped(shown), grouped(this.model.tensors.length))}</span
      >
    </div>`;
  }

  private chip(label: string, count: number, on: boolean, set: (on: boolean) => void): TemplateResult {
    return html`<button
      class="chip"
      aria-pressed=${on}
      @click=${() => {
        set(!on);
      }}
    >
      ${label} (${grouped(count)})
    </button>`;
  }

  private emptiness(): string {
    if (this.model.view.filter !== '') return l10n.t('No layer matches “{0}”.', this.model.view.filter);
    return l10n.t('No weights in this file.');
  }

  private header(column: TableColumn, at: number): TemplateResult {
    const { sort } = this.model.view;
    const sortable = column.id !== 'distribution';
    const active = sort?.column === column.id;
    const order = active ? (sort.descending ? 'descending' : 'ascending') : 'none';
    return html`<div
      class="cell ${column.numeric ? 'n' : ''} ${sortable ? '' : 'still'}"
      role="columnheader"
      aria-colindex=${at + 1}
      aria-sort=${sortable ? order : nothing}
      tabindex=${this.grid.tabIndex(HEADER_ROW, at)}
      title=${column.title}
      @click=${() => {
        this.grid.clicked({ row: HEADER_ROW, column: at });
        if (column.id !== 'distribution') this.sort(column.id);
      }}
    >
      ${active ? icon(order === 'descending' ? 'descending' : 'ascending') : nothing}${this.headerText(column)}
    </div>`;
  }

  private headerText(column: TableColumn): string {
    const { prunedFraction } = this.model;
    if (column.id === 'kept' && prunedFraction !== undefined) {
      const whole = Number.isInteger(Number((100 * prunedFraction).toFixed(1)));
      return l10n.t('Kept at {0}', percent(prunedFraction, whole ? 0 : 1));
    }
    if (column.id === 'distribution') {
      const reach = this.reach();
      return reach === undefined ? column.label : l10n.t('Weights, ±{0}', significant(reach, 1));
    }
    return column.label;
  }

  private row(position: number, index: number, columns: readonly TableColumn[]): TemplateResult {
    const tensor = this.model.tensors[index];
    if (tensor === undefined) return html``;
    const kept = this.model.survivingFraction(index);
    const low = kept !== undefined && kept < LOW && tensor.prunable;
    return html`<div
      class="row ${low ? 'low' : ''}"
      role="row"
      aria-rowindex=${position + 2}
      aria-selected=${index === this.model.selected}
      data-index=${index}
      ${cssomStyle({ top: `${String(position * ROW_HEIGHT)}px` })}
      @click=${(event: Event) => {
        this.clicked(event, position);
      }}
    >
      ${columns.map(
        (column, at) =>
          html`<div
            class="cell ${column.numeric ? 'n' : ''} ${column.id === 'kept' ? 'kept' : ''} ${column.id === 'name' ? 'name' : ''} ${column.id === 'shape' || column.id === 'dtype' ? 'mono dim' : ''}"
            role=${column.id === 'name' ? 'rowheader' : 'gridcell'}
            aria-colindex=${at + 1}
            tabindex=${this.grid.tabIndex(position, at)}
          >
            ${cellContent(column.id, this.model, { index, tensor, kept, flagged: this.isFlagged(tensor.name) })}
          </div>`,
      )}
    </div>`;
  }

  private isFlagged(name: string): boolean {
    const warnings = this.model.analysis.update?.warnings;
    if (warnings !== this.flaggedFrom) {
      this.flaggedFrom = warnings;
      this.flagged = new Set(warnings?.flatMap((warning) => warning.tensors ?? []));
    }
    return this.flagged.has(name);
  }

  /** ± what the sparklines show: most of the scope's weights, rounded up so that it seldom changes while layers arrive. */
  private reach(): number | undefined {
    const curve = this.model.analysis.curve('weights') ?? this.model.curve;
    if (curve === undefined || curve.energy === 0) return undefined;
    const wanted = 1.1 * curve.threshold(COMMON_SHARE * curve.count).magnitude;
    if (!(wanted > 0)) return undefined;
    const decade = 10 ** Math.floor(Math.log10(wanted));
    return decade * ([1, 2, 3, 4, 5, 6, 8, 10].find((step) => step * decade >= wanted) ?? 10);
  }

  private drawSparklines(): void {
    const reach = this.reach();
    const colors = theme();
    const threshold = this.model.cut?.threshold.magnitude;
    for (const row of this.renderRoot.querySelectorAll<HTMLElement>('.body .row')) {
      const canvas = row.querySelector('canvas');
      if (canvas === null) continue;
      const index = Number(row.dataset.index);
      const result = this.model.analysis.result(index);
      const cut = this.model.isInScope(index) ? threshold : undefined;
      const input =
        result === undefined || reach === undefined || result.cells.count.length === 0
          ? undefined
          : { result, reach, threshold: cut, selected: index === this.model.selected && !colors.highContrast };
      drawSparkline(canvas, input, colors);
    }
  }

  private clicked(event: Event, position: number): void {
    const cell = event.target instanceof Element ? event.target.closest('.cell') : null;
    this.grid.clicked({ row: position, column: Math.max(0, Number(cell?.getAttribute('aria-colindex') ?? 1) - 1) });
  }

  private sort(column: SortColumn): void {
    const { sort } = this.model.view;
    // numbers are most telling from the top; a third click gives back the order of the file
    const first = column !== 'name' && column !== 'shape' && column !== 'dtype';
    if (sort?.column !== column) this.model.setSort({ column, descending: first });
    else if (sort.descending === first) this.model.setSort({ column, descending: !first });
    else this.model.setSort(undefined);
  }

  private filter(text: string): void {
    this.grid.forgetStop();
    this.model.setFilter(text);
  }

  private readonly filterKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && this.model.view.filter !== '') {
      this.filter('');
      event.stopPropagation();
    } else if (event.key === 'ArrowDown') {
      event.preventDefault();
      void this.grid.moveTo({ row: 0, column: 0 });
    }
  };

  private readonly key = (event: KeyboardEvent): void => {
    const { row, column } = this.grid.stop;
    if (row === HEADER_ROW && (event.key === 'Enter' || event.key === ' ')) {
      const id = this.columns[column]?.id;
      if (id !== undefined && id !== 'distribution') this.sort(id);
      event.preventDefault();
    } else this.grid.key(event);
  };

  protected override modelChanged(): void {
    super.modelChanged();
    this.showSelected();
  }

  private shownSelection: string | undefined;

  /** A layer selected elsewhere (a warning, a chart) is scrolled into view. */
  private showSelected(): void {
    const { selected: name } = this.model.view;
    if (name === this.shownSelection) return;
    const first = this.shownSelection === undefined && !this.grid.restored;
    this.shownSelection = name;
    const { selected } = this.model;
    const position = selected === undefined ? -1 : this.model.rows.indexOf(selected);
    if (first || position < 0) return;
    void this.updateComplete.then(() => {
      this.grid.reveal(position);
    });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'layer-table': LayerTable;
  }
}
