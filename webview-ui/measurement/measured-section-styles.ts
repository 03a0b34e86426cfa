import { css } from 'lit';

/** Looks of the section "Measured with data". */
export const measuredSectionStyles = css`
  section {
    padding: 12px 20px 16px;
    border-top: 1px solid var(--pr-line);
  }
  .bar {
    position: relative;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 16px;
    min-height: 24px;
    padding-bottom: 4px;
  }
  .state {
    flex: 1;
    overflow-wrap: anywhere;
  }
  .action {
    display: flex;
    align-items: center;
    gap: 4px;
    height: 24px;
    padding: 0 8px;
    margin-right: -8px;
    border-radius: 4px;
  }
  .action:hover {
    background: var(--vscode-toolbar-hoverBackground);
  }
  .progress {
    position: absolute;
    inset: auto 0 0;
    height: 2px;
    background: var(--pr-faint);
    overflow: hidden;
  }
  .progress i {
    display: block;
    height: 100%;
    width: 100%;
    background: var(--vscode-progressBar-background);
    transform-origin: left;
  }
  .notice,
  .warnings li {
    display: flex;
    gap: 8px;
    overflow-wrap: anywhere;
  }
  .notice {
    padding: 8px 12px;
    margin: 4px 0 8px;
    background: var(--pr-raised);
    border: 1px solid var(--pr-raised-line);
    border-radius: 4px;
  }
  .notice .icon,
  .warnings .icon {
    margin-top: 2px;
    color: var(--pr-warn);
  }
  .notice.failed .icon {
    color: var(--vscode-editorError-foreground, var(--vscode-errorForeground));
  }
  .what {
    color: var(--pr-strong);
    font-weight: 600;
  }
  .sentence {
    font-size: 16px;
    line-height: 24px;
    max-width: 52em;
    text-wrap: pretty;
    margin-top: 4px;
  }
  .figure {
    font-weight: 600;
    color: var(--pr-strong);
    white-space: nowrap;
    text-decoration: underline 2px;
    text-underline-offset: 4px;
  }
  .figure:hover {
    text-decoration-thickness: 3px;
  }
  .curvatureLimit {
    text-decoration-color: var(--pr-utopia);
  }
  .sublevelLimit {
    text-decoration-color: var(--pr-kept);
  }
  .onePointLimit {
    text-decoration-color: var(--pr-safe);
  }
  .disagree {
    color: var(--pr-warn-text);
    font-weight: 600;
  }
  .warnings {
    list-style: none;
    padding: 0;
    margin-top: 6px;
    max-width: 80em;
    font-size: 12px;
    line-height: 18px;
  }
  .warnings .icon {
    width: 14px;
    height: 14px;
  }
  epsilon-control {
    margin: 10px 0 14px;
  }
  .tabs {
    display: flex;
    flex-wrap: wrap;
    gap: 0 20px;
    margin: 12px 0 8px;
    border-bottom: 1px solid var(--pr-line);
  }
  .tabs button {
    line-height: 28px;
    color: var(--pr-muted);
    border-bottom: 2px solid transparent;
    margin-bottom: -1px;
  }
  .tabs button[aria-selected='true'] {
    color: var(--pr-strong);
    border-bottom-color: var(--vscode-panelTitle-activeBorder, var(--vscode-focusBorder));
  }
  .prediction {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(380px, 100%), 1fr));
    gap: 16px 32px;
  }
  .prediction > * {
    min-width: 0;
  }
`;
