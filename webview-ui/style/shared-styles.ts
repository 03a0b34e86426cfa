import { css } from 'lit';

/** What all components have in common: text, buttons, focus, figures. */
export const sharedStyles = css`
  * {
    box-sizing: border-box;
    margin: 0;
  }
  :host {
    display: block;
    font-variant-numeric: tabular-nums;
  }
  button {
    font: inherit;
    color: inherit;
    background: none;
    border: 0;
    padding: 0;
    cursor: pointer;
    text-align: inherit;
  }
  .link {
    color: var(--vscode-textLink-foreground);
  }
  .link:hover {
    text-decoration: underline;
  }
  /* a name that explains itself when clicked */
  .term {
    text-decoration: underline dotted color-mix(in srgb, currentColor 50%, transparent);
    text-underline-offset: 3px;
    cursor: help;
  }
  .term:hover {
    text-decoration-style: solid;
  }
  :focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: 1px;
  }
  h2 {
    font-size: inherit;
    line-height: 20px;
    font-weight: 600;
    color: var(--pr-strong);
  }
  .muted {
    color: var(--pr-muted);
    font-size: 12px;
  }
  .mono {
    font-family: var(--vscode-editor-font-family);
    font-size: 12px;
  }
  .icon {
    width: 16px;
    height: 16px;
    fill: none;
    stroke: currentColor;
    flex: none;
    display: block;
  }
  .seg {
    display: inline-flex;
    border: 1px solid var(--pr-raised-line);
    border-radius: 4px;
    overflow: hidden;
    flex: none;
  }
  .seg button {
    padding: 0 8px;
    line-height: 20px;
    font-size: 12px;
    color: var(--pr-muted);
  }
  .seg button[aria-pressed='true'] {
    background: var(--pr-faint);
    color: var(--pr-strong);
  }
  :host-context(body.vscode-high-contrast) .seg button[aria-pressed='true'] {
    box-shadow: inset 0 -2px var(--pr-selection-outline);
  }
  .seg button:focus-visible {
    outline-offset: -1px;
  }
  .hidden-text {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`;
