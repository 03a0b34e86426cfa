import { css, html, type TemplateResult } from 'lit';
import { nameText } from '../../src/report/name-text';
import { cssomStyle } from '../style/cssom-style';
import type { GridController } from './grid-controller';

/** In pixels, as the style sheet of the tables of layers has them. */
export const ROW_HEIGHT = 24;
export const HEAD_HEIGHT = 29;
/** Room for the horizontal scroll bar. */
export const SCROLL_BAR = 16;

/** Share of the colour in the darkest cell, in per cent: figures stand in wide ones and must stay readable. */
export const STRONGEST_BEHIND_TEXT = 40;
export const STRONGEST = 90;

/** Looks of a grid of layers whose cells are shades of a figure; `--share` is a cell's share of the colour. Needs `layerTableStyles`. */
export const heatMapStyles = css`
  .grid {
    flex: none;
    overflow-x: auto;
  }
  .head,
  .body {
    min-width: max-content;
  }
  .body .row {
    right: auto;
    width: 100%;
  }
  .body .row:hover {
    background: none;
  }
  .cell.layer,
  .cell.corner {
    position: sticky;
    left: 0;
    z-index: 1;
    background: var(--vscode-editor-background);
  }
  .cell.value {
    padding: 0 2px;
    text-align: center;
    font-size: 11px;
    cursor: default;
    border: 1px solid var(--vscode-editor-background);
    border-width: 0 1px 1px 0;
    line-height: 23px;
    color: var(--vscode-foreground);
    background: color-mix(in srgb, var(--pr-kept) var(--share), var(--vscode-editor-background));
  }
  .cell.value.none {
    background: none;
    color: var(--pr-muted);
  }
  .cell.value:focus-visible {
    outline: 2px solid var(--vscode-focusBorder);
    outline-offset: -2px;
  }
  .readout {
    min-height: 20px;
    overflow-wrap: anywhere;
  }
`;

/** A row of such a grid: the name of the layer, and its cells. */
export function heatMapRow(
  grid: GridController,
  position: number,
  name: string,
  cells: readonly TemplateResult[],
): TemplateResult {
  return html`<div
    class="row"
    role="row"
    aria-rowindex=${position + 2}
    ${cssomStyle({ top: `${String(position * ROW_HEIGHT)}px` })}
  >
    <div
      class="cell name layer"
      role="rowheader"
      aria-colindex="1"
      tabindex=${grid.tabIndex(position, 0)}
      @click=${() => {
        grid.clicked({ row: position, column: 0 });
      }}
    >
      <span class="text" title=${nameText(name)}><bdi dir="auto">${nameText(name)}</bdi></span>
    </div>
    ${cells}
  </div>`;
}
