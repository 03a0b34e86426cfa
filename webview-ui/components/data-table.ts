import { html, type TemplateResult } from 'lit';

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
