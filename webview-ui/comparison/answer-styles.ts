import { css } from 'lit';

/** Looks of the answer in one sentence, and of the figures under it. */
export const answerStyles = css`
  section {
    padding: 16px 20px;
  }
  .sentence {
    font-size: 20px;
    line-height: 28px;
    max-width: 44em;
    text-wrap: pretty;
    color: var(--vscode-foreground);
  }
  .sentence b {
    font-weight: 600;
    color: var(--pr-strong);
    white-space: nowrap;
  }
  .caution {
    display: flex;
    gap: 10px;
  }
  .caution > .icon {
    width: 20px;
    height: 20px;
    margin-top: 4px;
    color: var(--pr-warn);
  }
  .notes {
    max-width: 80em;
    text-wrap: pretty;
  }
  .figures {
    display: flex;
    flex-wrap: wrap;
    gap: 12px 32px;
    margin-top: 12px;
  }
  .figures dt {
    font-size: 12px;
    line-height: 18px;
    color: var(--pr-muted);
  }
  .figures dd {
    line-height: 22px;
    white-space: nowrap;
    font-weight: 600;
    color: var(--pr-strong);
  }
  .figures dd span {
    font-weight: 400;
    font-size: 12px;
    color: var(--pr-muted);
  }
  .warnings {
    margin-top: 12px;
    padding: 0;
    list-style: none;
  }
  .warnings li {
    display: flex;
    gap: 8px;
    max-width: 80em;
    overflow-wrap: anywhere;
  }
  .warnings .icon {
    margin-top: 2px;
    color: var(--pr-warn-text);
  }
  .bone {
    height: 20px;
    border-radius: 4px;
    background: var(--pr-grid);
    margin-bottom: 8px;
    max-width: 520px;
  }
  .bone + .bone {
    max-width: 380px;
  }
  @media (max-width: 640px) {
    .sentence {
      font-size: 18px;
      line-height: 26px;
    }
    .figures {
      display: grid;
      grid-template-columns: 1fr 1fr;
      column-gap: 16px;
    }
  }
`;
