import { css } from 'lit';

/** What the table of tensors has beyond the table of layers, whose styles it shares. */
export const comparedTensorsStyles = css`
  .badge {
    flex: none;
    padding: 0 6px;
    border: 1px solid var(--pr-raised-line);
    border-radius: 8px;
    font-size: 11px;
    line-height: 16px;
    color: var(--vscode-foreground);
    background: var(--pr-faint);
  }
  .row[aria-selected='true'] .badge {
    color: currentColor;
    border-color: currentColor;
  }
  .pair {
    display: flex;
    justify-content: flex-end;
    gap: 6px;
  }
  .pair i {
    font-style: normal;
    min-width: 28px;
    color: var(--pr-muted);
  }
`;
