import { css } from 'lit';

/** The lines of the criteria: each has its own colour and dashes, so that neither alone has to tell them apart. */
export const criterionLineStyles = css`
  .line {
    fill: none;
    stroke-width: 1.5;
    stroke: var(--pr-kept);
    stroke-linejoin: round;
  }
  .line.magnitude {
    stroke-width: 2;
  }
  .line.magnitude-layerwise {
    stroke-dasharray: 6 3;
  }
  .line.random {
    stroke: var(--pr-muted);
    stroke-dasharray: 2 3;
  }
  .line.taylor {
    stroke: var(--pr-fit);
  }
  .line.snip {
    stroke: var(--pr-fit);
    stroke-dasharray: 6 3;
  }
  .line.grasp {
    stroke: var(--pr-warn);
    stroke-dasharray: 8 2 2 2;
  }
  .line.wanda {
    stroke: var(--pr-safe);
    stroke-dasharray: 10 3;
  }
  .line.fisher {
    stroke: var(--pr-utopia);
    stroke-dasharray: 4 2;
  }
`;

export const plotStyles = css`
  svg {
    display: block;
  }
  text {
    font-size: 11px;
    fill: var(--pr-muted);
  }
  .grid {
    stroke: var(--pr-grid);
  }
  .axis {
    stroke: var(--pr-pruned);
  }
  .bar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 12px;
    min-height: 24px;
    margin-bottom: 4px;
  }
  h3 {
    font-size: inherit;
    font-weight: 600;
    color: var(--pr-strong);
  }
  .table {
    margin-top: 8px;
  }
`;

/** Looks of the chart of loss and accuracy. */
export const sparsityChartStyles = [
  plotStyles,
  criterionLineStyles,
  css`
    .plot {
      position: relative;
      overflow: hidden;
    }
    .band {
      fill: color-mix(in srgb, var(--pr-kept) 14%, transparent);
    }
    .edge {
      stroke: var(--pr-kept);
      stroke-dasharray: 1 2;
    }
    .epsilon {
      fill: var(--pr-kept-text);
      font-weight: 600;
    }
    .aside {
      paint-order: stroke;
      stroke: var(--vscode-editor-background);
      stroke-width: 3px;
    }
    .marker {
      stroke-width: 1.5;
      stroke: var(--pr-muted);
    }
    .marker.prediction {
      stroke: var(--pr-utopia);
    }
    .marker.sublevel {
      stroke: var(--pr-kept);
    }
    .marker.onePoint {
      stroke: var(--pr-safe);
      stroke-dasharray: 6 3;
    }
    .marker.direct {
      stroke: var(--pr-fit);
      stroke-dasharray: 3 3;
    }
    .marker.bound,
    .marker.cosine {
      stroke-width: 1;
      stroke-dasharray: 1 3;
    }
    .marker.cosine {
      stroke-dasharray: 5 5;
    }
    .flag {
      position: absolute;
      z-index: 1;
      height: 18px;
      padding: 0 4px;
      font-size: 11px;
      line-height: 18px;
      text-align: center;
      white-space: nowrap;
      color: var(--pr-muted);
      background: var(--vscode-editor-background);
      border-radius: 3px;
    }
    .flag b {
      font-weight: 600;
      color: var(--pr-strong);
    }
    .flag:hover {
      background: var(--vscode-toolbar-hoverBackground);
    }
    .reader {
      position: absolute;
      cursor: crosshair;
      touch-action: pan-y;
    }
    .reading line {
      stroke: var(--pr-hand);
    }
    .reading circle.line {
      fill: var(--vscode-editor-background);
      stroke-dasharray: none;
    }
    .tip {
      position: absolute;
      z-index: 5;
      pointer-events: none;
      padding: 2px 8px;
      font-size: 12px;
      line-height: 18px;
      max-width: 60%;
      background: var(--vscode-editorHoverWidget-background, var(--pr-raised));
      color: var(--vscode-editorHoverWidget-foreground, var(--vscode-foreground));
      border: 1px solid var(--vscode-editorHoverWidget-border, var(--pr-raised-line));
      border-radius: 4px;
    }
    .tip div:first-child {
      font-weight: 600;
      color: var(--pr-strong);
    }
    .legend {
      display: flex;
      flex-wrap: wrap;
      flex: 1;
      gap: 4px;
    }
    .chip {
      display: inline-flex;
      align-items: center;
      gap: 6px;
      height: 22px;
      padding: 0 8px;
      font-size: 11px;
      white-space: nowrap;
      color: var(--pr-muted);
      border: 1px solid transparent;
      border-radius: 11px;
    }
    button.chip {
      border-color: var(--pr-raised-line);
    }
    button.chip:hover {
      background: var(--vscode-toolbar-hoverBackground);
    }
    .chip[aria-pressed='true'] {
      background: var(--pr-faint);
      color: var(--pr-strong);
      border-color: var(--pr-muted);
    }
    .chip[aria-pressed='false'] .sample {
      opacity: 0.6;
    }
    .sample {
      width: 20px;
      height: 6px;
    }
  `,
];
