import { css } from 'lit';

/** Looks of fields for numbers, as VS Code's own; their width is for whoever has them to set. */
export const numberInputStyles = css`
  input[type='number'] {
    height: 24px;
    padding: 0 6px;
    font: inherit;
    color: var(--vscode-input-foreground, inherit);
    background: var(--vscode-input-background, transparent);
    border: 1px solid var(--vscode-input-border, var(--pr-raised-line));
    border-radius: 4px;
  }
  :host-context(body.vscode-dark) input,
  :host-context(body.vscode-high-contrast:not(.vscode-high-contrast-light)) input {
    color-scheme: dark;
  }
`;
