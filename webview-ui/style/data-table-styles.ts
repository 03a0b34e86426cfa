import { css } from 'lit';

/** Looks of the tables that stand beside charts. */
export const dataTableStyles = css`
  .data-scroll {
    max-height: 220px;
    overflow: auto;
    border: 1px solid var(--pr-line);
    border-radius: 4px;
  }
  .data {
    min-width: min(100%, 420px);
    border-collapse: collapse;
    font-size: 12px;
    line-height: 20px;
  }
  .data caption {
    padding: 4px 8px;
    text-align: left;
    color: var(--pr-muted);
  }
  .data th,
  .data td {
    padding: 0 8px;
    text-align: right;
    font-weight: 400;
    white-space: nowrap;
  }
  .data th:first-child {
    text-align: left;
  }
  .data thead th {
    position: sticky;
    top: 0;
    background: var(--vscode-editor-background);
    color: var(--pr-muted);
    border-bottom: 1px solid var(--pr-line);
  }
  .data-toggle {
    display: inline-flex;
    align-items: center;
    gap: 4px;
    padding: 0 6px;
    line-height: 20px;
    border-radius: 4px;
    font-size: 12px;
    color: var(--pr-muted);
  }
  .data-toggle .icon {
    width: 14px;
    height: 14px;
  }
  .data-toggle:hover {
    background: var(--vscode-toolbar-hoverBackground);
  }
  .data-toggle[aria-expanded='true'] {
    background: var(--pr-faint);
    color: var(--pr-strong);
  }
`;
