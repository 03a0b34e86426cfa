import { css } from 'lit';

/** Looks of the layer table. */
export const layerTableStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    min-height: 0;
    min-width: 0;
  }
  .tools {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px 12px;
    padding: 8px 20px;
    flex: none;
  }
  .filter {
    position: relative;
    flex: 0 1 240px;
    min-width: 140px;
  }
  .filter input {
    width: 100%;
    height: 24px;
    padding: 0 24px 0 8px;
    font: inherit;
    color: var(--vscode-input-foreground, inherit);
    background: var(--vscode-input-background, transparent);
    border: 1px solid var(--vscode-input-border, var(--pr-raised-line));
    border-radius: 4px;
  }
  .filter input::placeholder {
    color: var(--vscode-input-placeholderForeground, var(--pr-muted));
    opacity: 1;
  }
  .filter input::-webkit-search-cancel-button {
    display: none;
  }
  .filter button {
    position: absolute;
    right: 4px;
    top: 4px;
  }
  .chip {
    display: inline-flex;
    align-items: center;
    height: 22px;
    padding: 0 8px;
    font-size: 12px;
    color: var(--pr-muted);
    border: 1px solid var(--pr-raised-line);
    border-radius: 11px;
  }
  .chip:hover {
    background: var(--vscode-toolbar-hoverBackground);
  }
  .chip[aria-pressed='true'] {
    background: var(--pr-faint);
    color: var(--pr-strong);
    border-color: var(--pr-muted);
  }
  .total {
    margin-left: auto;
    white-space: nowrap;
  }
  .grid {
    flex: 1;
    min-height: 0;
    overflow-x: hidden;
    overflow-y: auto;
    position: relative;
    contain: strict;
    border-top: 1px solid var(--pr-line);
  }
  .row {
    display: grid;
    grid-template-columns: var(--columns);
    padding: 0 8px 0 12px;
    cursor: default;
  }
  .head {
    position: sticky;
    top: 0;
    z-index: 2;
    background: var(--vscode-editor-background);
    border-bottom: 1px solid var(--pr-line);
  }
  .head .row {
    height: 28px;
    align-items: center;
  }
  .cell {
    padding: 0 8px;
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
    line-height: 24px;
    min-width: 0;
  }
  .cell:focus-visible {
    outline-offset: -1px;
  }
  .n {
    text-align: right;
  }
  .head .cell {
    display: flex;
    align-items: center;
    gap: 2px;
    font-size: 12px;
    line-height: 28px;
    color: var(--pr-muted);
    cursor: pointer;
    user-select: none;
  }
  .head .cell.n {
    justify-content: flex-end;
  }
  .head .cell.still {
    cursor: default;
  }
  .head .cell[aria-sort]:hover {
    color: var(--pr-strong);
  }
  .head .icon {
    width: 12px;
    height: 12px;
  }
  .body {
    position: relative;
  }
  .body .row {
    position: absolute;
    left: 0;
    right: 0;
    height: 24px;
    contain: strict;
  }
  .body .row:hover {
    background: var(--pr-hover);
  }
  .body .row[aria-selected='true'] {
    background: var(--pr-selection);
    color: var(--pr-selection-text);
    outline: 1px solid var(--pr-selection-outline, transparent);
    outline-offset: -1px;
    --pr-faint: color-mix(in srgb, currentColor 22%, transparent);
    --pr-muted: currentColor;
    --pr-warn-text: currentColor;
  }
  .name {
    display: flex;
    align-items: center;
    gap: 6px;
  }
  .name .text {
    /* right to left, so that the ellipsis takes the name's beginning */
    direction: rtl;
    text-align: left;
    white-space: pre;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .name .icon {
    width: 14px;
    height: 14px;
    color: var(--pr-warn-text);
  }
  .tag {
    flex: none;
    font-size: 11px;
    color: var(--pr-muted);
  }
  .dim {
    color: var(--pr-muted);
  }
  canvas {
    display: block;
    width: 96px;
    height: 20px;
    margin-top: 2px;
  }
  .kept {
    display: flex;
    align-items: center;
    justify-content: flex-end;
    gap: 8px;
  }
  .meter {
    position: relative;
    width: 56px;
    height: 4px;
    background: var(--pr-faint);
    flex: none;
  }
  .meter i {
    position: absolute;
    inset: 0;
    transform-origin: left;
    background: var(--pr-kept);
  }
  .meter b {
    position: absolute;
    top: -3px;
    bottom: -3px;
    border-left: 1px solid var(--pr-muted);
  }
  .kept span {
    width: 56px;
    text-align: right;
  }
  .low .meter {
    background: color-mix(in srgb, var(--pr-warn) 36%, var(--vscode-editor-background));
  }
  .low .kept span {
    color: var(--pr-warn-text);
    font-weight: 600;
  }
  .empty {
    padding: 24px 20px;
    color: var(--pr-muted);
  }
`;
