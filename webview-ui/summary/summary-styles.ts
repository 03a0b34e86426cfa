import { css } from 'lit';

/** Looks of the compact view. The side bar has a background of its own, which the tokens are mixed with. */
export const summaryStyles = css`
  :host {
    --ground: var(--vscode-sideBar-background, var(--vscode-editor-background));
    --pr-muted: color-mix(in srgb, var(--vscode-foreground) 76%, var(--ground));
    --pr-faint: color-mix(in srgb, var(--vscode-foreground) 12%, var(--ground));
    --pr-grid: color-mix(in srgb, var(--vscode-foreground) 7%, var(--ground));
    min-height: 100vh;
    max-height: 100vh;
    overflow-y: auto;
    padding: 4px 16px 16px;
    background: var(--ground);
    color: var(--vscode-sideBar-foreground, var(--vscode-foreground));
  }
  :host-context(body.vscode-high-contrast) {
    --pr-muted: var(--vscode-foreground);
  }
  main > * + * {
    margin-top: 10px;
  }
  h1 {
    font-size: inherit;
    line-height: 20px;
    font-weight: 600;
    color: var(--pr-strong);
    overflow-wrap: anywhere;
  }
  .name {
    width: 100%;
    unicode-bidi: isolate;
    overflow-wrap: anywhere;
  }
  .name:hover {
    text-decoration: underline;
  }
  .facts {
    color: var(--pr-muted);
    font-size: 12px;
    line-height: 18px;
    overflow-wrap: anywhere;
  }
  .sentence {
    text-wrap: pretty;
  }
  .sentence b {
    font-weight: 600;
    color: var(--pr-strong);
    white-space: nowrap;
  }
  .caution {
    display: flex;
    gap: 8px;
  }
  .caution > .icon,
  .warnings .icon {
    margin-top: 2px;
    color: var(--pr-warn-text);
  }
  .unreadable > .icon {
    margin-top: 2px;
    color: var(--vscode-editorError-foreground, var(--vscode-errorForeground));
  }
  .unreadable {
    display: flex;
    gap: 8px;
    overflow-wrap: anywhere;
    user-select: text;
  }
  .unreadable p + p {
    margin-top: 4px;
  }
  svg.picture {
    display: block;
    width: 100%;
    overflow: visible;
  }
  .picture text {
    font: 11px var(--vscode-font-family);
    font-variant-numeric: tabular-nums;
    fill: var(--pr-muted);
  }
  .picture .track {
    fill: var(--pr-faint);
  }
  .picture .reach.tuned {
    fill: var(--pr-utopia);
    opacity: 0.35;
  }
  .picture .reach.untuned {
    fill: var(--pr-safe);
    opacity: 0.6;
  }
  .picture .mark {
    stroke: none;
  }
  .picture .tuned.mark {
    fill: var(--pr-utopia);
  }
  .picture .untuned.mark {
    fill: var(--pr-safe);
  }
  .picture .bars {
    fill: var(--pr-kept);
  }
  .picture .base {
    stroke: var(--pr-pruned);
  }
  .doubtful .picture .mark,
  .doubtful .picture .reach {
    fill: var(--pr-muted);
  }
  .legend {
    margin-bottom: 8px;
    display: flex;
    flex-wrap: wrap;
    gap: 0 12px;
    font-size: 11px;
    line-height: 16px;
    color: var(--pr-muted);
  }
  .legend span {
    display: flex;
    align-items: center;
    gap: 4px;
  }
  .legend svg {
    width: 8px;
    height: 8px;
  }
  .legend .tuned {
    fill: var(--pr-utopia);
  }
  .legend .untuned {
    fill: var(--pr-safe);
  }
  dl {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 0 12px;
    font-size: 12px;
  }
  dt {
    color: var(--pr-muted);
  }
  dd {
    margin: 0;
    text-align: right;
  }
  .warnings {
    padding: 0;
    list-style: none;
    font-size: 12px;
    line-height: 18px;
  }
  .warnings li {
    display: flex;
    gap: 6px;
    overflow-wrap: anywhere;
  }
  .warnings li + li {
    margin-top: 4px;
  }
  /* the whole of it is a tooltip, and in the analysis */
  .warnings span {
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 3;
    overflow: hidden;
  }
  .warnings .icon {
    width: 14px;
    height: 14px;
  }
  .buttons {
    display: flex;
    flex-direction: column;
    gap: 6px;
  }
  .buttons button {
    width: 100%;
    padding: 3px 8px;
    text-align: center;
    border-radius: 4px;
    color: var(--vscode-button-secondaryForeground, inherit);
    background: var(--vscode-button-secondaryBackground, var(--pr-faint));
    border: 1px solid var(--vscode-button-border, var(--vscode-contrastBorder, transparent));
  }
  .buttons button.primary {
    color: var(--vscode-button-foreground);
    background: var(--vscode-button-background);
  }
  .buttons button.primary:hover {
    background: var(--vscode-button-hoverBackground);
  }
  .bar {
    height: 4px;
    border-radius: 2px;
    background: var(--pr-faint);
    overflow: hidden;
    margin-top: 4px;
  }
  .bar i {
    display: block;
    height: 100%;
    background: var(--vscode-progressBar-background);
    transform-origin: left;
  }
  @media (prefers-reduced-motion: no-preference) {
    .bar i {
      transition: transform 120ms linear;
    }
  }
`;
