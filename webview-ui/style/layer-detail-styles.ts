import { css } from 'lit';

/** Looks of the column beside the table. */
export const layerDetailStyles = css`
  :host {
    padding: 8px 20px 16px;
    overflow-y: auto;
    min-height: 0;
    min-width: 0;
    border-left: 1px solid var(--pr-line);
  }
  @media (max-width: 1040px) {
    :host {
      border-left: 0;
    }
  }
  .top {
    display: flex;
    align-items: center;
    gap: 8px;
    margin-bottom: 8px;
    border-bottom: 1px solid var(--pr-line);
  }
  .tabs {
    display: flex;
    gap: 20px;
    flex: 1;
    align-self: flex-end;
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
  .name {
    overflow-wrap: anywhere;
    unicode-bidi: isolate;
    user-select: text;
  }
  .facts {
    overflow-wrap: anywhere;
  }
  .bar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 12px;
    min-height: 24px;
    margin-top: 4px;
  }
  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 0 12px;
    flex: 1;
  }
  .legend span,
  .legend button {
    display: flex;
    align-items: center;
    gap: 4px;
    font-size: 11px;
    color: var(--pr-muted);
    white-space: nowrap;
  }
  .legend i {
    width: 10px;
    height: 8px;
  }
  .legend i.kept {
    background: var(--pr-kept);
  }
  .legend i.pruned {
    background: var(--pr-pruned);
  }
  .legend i.gaussian {
    height: 0;
    border-top: 2px dotted var(--pr-muted);
  }
  .legend i.laplace {
    height: 0;
    border-top: 2px solid var(--pr-fit);
  }
  vega-chart {
    margin-top: 4px;
  }
  .moments {
    display: grid;
    grid-template-columns: repeat(4, 1fr);
    gap: 8px;
    margin-top: 8px;
    padding: 8px 0;
    border-top: 1px solid var(--pr-line);
  }
  .moments dt {
    font-size: 11px;
    line-height: 16px;
    color: var(--pr-muted);
  }
  .moments dd {
    line-height: 18px;
    white-space: nowrap;
  }
  .remark {
    margin-top: 8px;
    min-height: 40px;
    text-wrap: pretty;
  }
  .table {
    margin-top: 8px;
  }
  .placeholder {
    display: grid;
    place-items: center;
    height: 236px;
    color: var(--pr-muted);
    font-size: 12px;
    background: var(--pr-grid);
    margin-top: 8px;
    border-radius: 4px;
    text-align: center;
    padding: 0 24px;
    text-wrap: balance;
  }
  h3 {
    font-size: inherit;
    font-weight: 600;
    color: var(--pr-strong);
    flex: 1;
  }
`;
