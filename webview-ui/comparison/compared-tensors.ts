import * as l10n from '@vscode/l10n';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { grouped } from '../../src/report/number-text';
import { cssomStyle } from '../style/cssom-style';
import { icon } from '../style/icons';
import { layerTableStyles } from '../style/layer-table-styles';
import { sharedStyles } from '../style/shared-styles';
import { comparedTensorsStyles } from './compared-tensors-styles';
import { PRUNED_SHARE } from './comparison-answer';
import { comparisonGridTemplate, fittingComparisonColumns, type ComparisonColumn } from './comparison-columns';
import type { ComparisonModel } from './comparison-model';
import { shownCounts } from './comparison-rows';
import type { ShownTensors } from './comparison-view-state';
import { GridController } from '../grid/grid-controller';
import { HEADER_ROW } from '../grid/grid-moves';
import { PagePart } from './page-element';
import { tensorCell } from './tensor-cell';

const ROW_HEIGHT = 24;
const HEAD_HEIGHT = 29;

/** All tensors of both checkpoints: sortable, filterable, only the visible rows in the document. */
@customElement('compared-tensors')
export class ComparedTensors extends PagePart {
  private columns: readonly ComparisonColumn[] = [];
  /** Position of the selected row, as of the last drawing; −1 if there is none. */
  private selectedRow = -1;
  private readonly grid = new GridController(this, {
    rowHeight: ROW_HEIGHT,
    headHeight: HEAD_HEIGHT,
    rowCount: () => this.comparison?.rows.length ?? 0,
    columnCount: () => this.columns.length,
    firstStop: () => this.selectedRow,
    arrived: ({ row }) => {
      this.select(row);
    },
    scrolled: (scrollTop) => {
      this.page.choose(() => this.comparison?.choose({ scrollTop }), true);
    },
    scrollTop: () => this.comparison?.view.scrollTop ?? 0,
  });

  static override styles = [sharedStyles, layerTableStyles, comparedTensorsStyles];

  /** Puts the cursor into the filter. */
  focusFilter(): void {
    const input = this.renderRoot.querySelector('input');
    input?.focus();
    input?.select();
  }

  private get comparison(): ComparisonModel | undefined {
    const { subject } = this.page;
    return subject?.kind === 'comparison' ? subject : undefined;
  }

  override render(): TemplateResult | typeof nothing {
    const { comparison } = this;
    if (comparison === undefined) return nothing;
    const { rows, selected, tensors, typicalNameLength, definedColumns, pruning, pair } = comparison;
    this.selectedRow = selected === undefined ? -1 : rows.indexOf(selected);
    const pruned = pruning !== null && pruning.prunedCount >= PRUNED_SHARE * (pair?.count ?? 0);
    this.columns = fittingComparisonColumns(this.grid.width, typicalNameLength, definedColumns, pruned);
    return html`${this.tools(comparison)}
      <div
        class="grid"
        role="grid"
        aria-label=${l10n.t('Tensors')}
        aria-rowcount=${rows.length + 1}
        aria-colcount=${this.columns.length}
        ${cssomStyle({ '--columns': comparisonGridTemplate(this.columns) })}
        @scroll=${this.grid.scrolled}
        @keydown=${this.key}
      >
        <div class="head" role="rowgroup">
          <div class="row" role="row" aria-rowindex="1">
            ${this.columns.map((column, at) => this.header(comparison, column, at))}
          </div>
        </div>
        <div class="body" role="rowgroup" ${cssomStyle({ height: `${String(rows.length * ROW_HEIGHT)}px` })}>
          ${repeat(
            this.grid.positions(),
            (position) => rows[position],
            (position) => this.row(comparison, position),
          )}
        </div>
        ${
          rows.length === 0 && tensors.length > 0
            ? html`<p class="empty">
                ${
                  comparison.view.filter === ''
                    ? l10n.t('No such tensors.')
                    : l10n.t('No tensor matches “{0}”.', comparison.view.filter)
                }
              </p>`
            : nothing
        }
      </div>`;
  }

  private tools(comparison: ComparisonModel): TemplateResult {
    const { view, rows, tensors } = comparison;
    const counts = shownCounts(tensors);
    return html`<div class="tools">
      <div class="filter">
        <input
          type="search"
          placeholder=${l10n.t('Filter tensors ( / )')}
          aria-label=${l10n.t('Filter tensors by name, shape, type or change')}
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
        counts.changed === counts.all && counts.structure === 0
          ? nothing
          : html`<div class="seg" role="group" aria-label=${l10n.t('Tensors shown')}>
              ${this.choice('all', l10n.t('All ({0})', grouped(counts.all)), view.shown)}
              ${this.choice('changed', l10n.t('Different ({0})', grouped(counts.changed)), view.shown)}
              ${
                counts.structure === 0
                  ? nothing
                  : this.choice(
                      'structure',
                      l10n.t('Added, removed, reshaped ({0})', grouped(counts.structure)),
                      view.shown,
                    )
              }
            </div>`
      }
      <span class="muted total" aria-live="polite"
        >${l10n.t('{0} of {1} tensors', grouped(rows.length), grouped(tensors.length))}</span
      >
    </div>`;
  }

  private choice(shown: ShownTensors, label: string, now: ShownTensors): TemplateResult {
    return html`<button
      aria-pressed=${shown === now}
      @click=${() => {
        this.grid.forgetStop();
        this.page.choose(() => this.comparison?.choose({ shown }));
      }}
    >
      ${label}
    </button>`;
  }

  private header(comparison: ComparisonModel, column: ComparisonColumn, at: number): TemplateResult {
    const { order } = comparison.view;
    const active = order?.column === column.id;
    const sort = active ? (order.descending ? 'descending' : 'ascending') : 'none';
    return html`<div
      class="cell ${column.numeric ? 'n' : ''}"
      role="columnheader"
      aria-colindex=${at + 1}
      aria-sort=${sort}
      tabindex=${this.grid.tabIndex(HEADER_ROW, at)}
      title=${column.title}
      @click=${() => {
        this.grid.clicked({ row: HEADER_ROW, column: at });
        this.sort(column);
      }}
    >
      ${active ? icon(sort === 'descending' ? 'descending' : 'ascending') : nothing}${column.label}
    </div>`;
  }

  private row(comparison: ComparisonModel, position: number): TemplateResult {
    const index = comparison.rows[position] ?? 0;
    const tensor = comparison.tensors[index];
    if (tensor === undefined) return html``;
    return html`<div
      class="row"
      role="row"
      aria-rowindex=${position + 2}
      aria-selected=${index === comparison.selected}
      ${cssomStyle({ top: `${String(position * ROW_HEIGHT)}px` })}
      @click=${(event: Event) => {
        const cell = event.target instanceof Element ? event.target.closest('.cell') : null;
        const column = Math.max(0, Number(cell?.getAttribute('aria-colindex') ?? 1) - 1);
        this.grid.clicked({ row: position, column });
      }}
    >
      ${this.columns.map(
        ({ id, numeric }, at) =>
          html`<div
            class="cell ${numeric ? 'n' : ''} ${id === 'name' ? 'name' : ''} ${id === 'shape' ? 'mono dim' : ''}"
            role=${id === 'name' ? 'rowheader' : 'gridcell'}
            aria-colindex=${at + 1}
            tabindex=${this.grid.tabIndex(position, at)}
          >
            ${tensorCell(id, tensor)}
          </div>`,
      )}
    </div>`;
  }

  private select(row: number): void {
    const { comparison } = this;
    const name = comparison?.tensors[comparison.rows[row] ?? -1]?.name;
    if (name === undefined || name === comparison?.view.selected) return;
    this.page.choose(() => comparison?.choose({ selected: name }));
  }

  private sort({ id, numeric }: ComparisonColumn): void {
    const now = this.comparison?.view.order;
    // numbers are most telling from the top, but for cosines the least like come first; a third click gives back the files' order
    const first = numeric && id !== 'cosine';
    const order =
      now?.column !== id
        ? { column: id, descending: first }
        : now.descending === first
          ? { column: id, descending: !first }
          : undefined;
    this.page.choose(() => this.comparison?.choose({ order }));
  }

  private filter(filter: string): void {
    this.grid.forgetStop();
    this.page.choose(() => this.comparison?.choose({ filter }));
  }

  private readonly filterKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && this.comparison?.view.filter !== '') {
      this.filter('');
      event.stopPropagation();
    } else if (event.key === 'ArrowDown') {
      event.preventDefault();
      void this.grid.moveTo({ row: 0, column: 0 });
    }
  };

  private readonly key = (event: KeyboardEvent): void => {
    const { row, column } = this.grid.stop;
    const at = this.columns[column];
    if (row === HEADER_ROW && at !== undefined && (event.key === 'Enter' || event.key === ' ')) {
      this.sort(at);
      event.preventDefault();
    } else this.grid.key(event);
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'compared-tensors': ComparedTensors;
  }
}
