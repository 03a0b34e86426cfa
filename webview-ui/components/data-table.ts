import * as l10n from '@vscode/l10n';
import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../style/icons';

/** The numbers of a chart as a table, for those who cannot see it and those who want to copy them. */
export interface DataTable {
  readonly caption: string;
  readonly columns: readonly string[];
  /** The first cell names the row. */
  readonly rows: readonly (readonly string[])[];
}

/** An HTML table; the first column holds the row headers. Needs `dataTableStyles`. */
export function dataTable({ caption, columns, rows }: DataTable): TemplateResult {
  return html`<div class="data-scroll" tabindex="0" role="region" aria-label=${caption}>
    <table class="data">
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map((column) => html`<th scope="col">${column}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([head, ...cells]) =>
            html`<tr>
              <th scope="row">${head}</th>
              ${cells.map((cell) => html`<td>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/**
 * The button that shows or hides the table of a chart. Needs `dataTableStyles`.
 * @param of title of the chart, where there are several
 */
export function dataToggle(shown: boolean, toggle: () => void, of?: string): TemplateResult {
  return html`<button
    class="data-toggle"
    aria-expanded=${shown}
    aria-label=${of === undefined ? nothing : l10n.t('Data of {0}', of)}
    @click=${toggle}
  >
    ${icon('data')}${l10n.t('Data')}
  </button>`;
}
