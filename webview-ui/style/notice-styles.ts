import { css } from 'lit';

/** A notice under the header: what happened, and buttons to go on. */
export const noticeStyles = css`
  .notice {
    display: flex;
    gap: 12px;
    padding: 12px 20px;
    border-bottom: 1px solid var(--pr-line);
    background: var(--pr-raised);
  }
  .failed > .icon {
    color: var(--vscode-editorError-foreground, var(--vscode-errorForeground));
  }
  .cancelled > .icon {
    color: var(--pr-warn);
  }
  .notice > .icon {
    margin-top: 2px;
  }
  p {
    overflow-wrap: anywhere;
    user-select: text;
    max-width: 80em;
  }
  .what {
    color: var(--pr-strong);
    font-weight: 600;
  }
  .buttons {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    margin-top: 8px;
  }
  .buttons button {
    padding: 2px 12px;
    border-radius: 4px;
    color: var(--vscode-button-secondaryForeground, inherit);
    background: var(--vscode-button-secondaryBackground, var(--pr-faint));
    border: 1px solid var(--vscode-button-border, var(--vscode-contrastBorder, transparent));
  }
  .buttons button:first-child {
    color: var(--vscode-button-foreground);
    background: var(--vscode-button-background);
  }
  .buttons button:first-child:hover {
    background: var(--vscode-button-hoverBackground);
  }
`;
