import { css } from 'lit';

/** Looks of the limit ruler. */
export const limitRulerStyles = css`
  :host {
    container-type: inline-size;
    border-top: 1px solid var(--pr-line);
  }
  section {
    padding: 12px 20px;
  }
  .bar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 16px;
    min-height: 24px;
  }
  .readout,
  .bar > .data-toggle {
    margin-left: auto;
  }
  .bar > .readout + .data-toggle {
    margin-left: 0;
  }
  .readout {
    display: flex;
    flex-wrap: wrap;
    gap: 0 20px;
  }
  .readout div {
    display: flex;
    gap: 6px;
    align-items: baseline;
    white-space: nowrap;
  }
  .readout dt {
    font-size: 12px;
    color: var(--pr-muted);
  }
  .readout dd {
    font-weight: 600;
    color: var(--pr-strong);
    min-width: 44px;
  }
  .readout dd.wide {
    min-width: 124px;
  }
  .ruler {
    position: relative;
    margin-top: 4px;
    user-select: none;
  }
  .plot {
    position: absolute;
    left: 0;
    right: 0;
    top: 0;
    touch-action: none;
    cursor: ew-resize;
  }
  svg {
    display: block;
    overflow: visible;
  }
  svg text {
    font: 11px var(--vscode-font-family);
    font-variant-numeric: tabular-nums;
    fill: var(--pr-muted);
  }
  .grid {
    stroke: var(--pr-grid);
  }
  .area {
    fill: var(--pr-kept);
    opacity: 0.05;
  }
  .area.pruned {
    opacity: 0.12;
  }
  .curve {
    fill: none;
    stroke: var(--pr-kept);
    stroke-width: 1.5;
  }
  .random {
    fill: none;
    stroke: var(--pr-muted);
    opacity: 0.7;
  }
  .strip {
    fill: var(--pr-raised);
    stroke: var(--pr-raised-line);
  }
  .tick {
    stroke: var(--pr-pruned);
  }
  .tick.ten {
    stroke: var(--pr-muted);
  }
  .safe {
    --pin: var(--pr-safe);
  }
  .utopia {
    --pin: var(--pr-utopia);
  }
  .measured {
    --pin: var(--pr-fit);
  }
  .variant {
    --pin: var(--pr-muted);
  }
  .baseline {
    --pin: var(--pr-muted);
  }
  .doubtful .pin,
  .doubtful .reach {
    --pin: var(--pr-muted);
  }
  .pin {
    fill: var(--pin);
    stroke: var(--pin);
  }
  .pin path.mark,
  .pin circle {
    stroke: none;
  }
  .pin.variant path.mark,
  .pin.baseline path.mark {
    fill: var(--vscode-editor-background);
    stroke: var(--pin);
  }
  .pin .drop {
    stroke-dasharray: 1 3;
  }
  .pin .leader {
    fill: none;
    opacity: 0.7;
  }
  .reach.safe,
  .reach.utopia {
    fill: var(--pin);
  }
  .distance {
    stroke: var(--pr-utopia);
    stroke-dasharray: 3 3;
  }
  .corner {
    fill: var(--vscode-editor-background);
    stroke: var(--pr-utopia);
  }
  .curve-name {
    fill: var(--pr-kept-text);
  }
  .hand line {
    stroke: var(--pr-hand);
  }
  .hand .thumb {
    fill: var(--pr-hand);
  }
  .hand .grip {
    stroke: var(--vscode-editor-background);
    stroke-width: 0.8;
  }
  .hand circle {
    fill: var(--vscode-editor-background);
    stroke: var(--pr-hand);
    stroke-width: 1.5;
  }
  svg .hand text {
    fill: var(--pr-strong);
  }
  svg .hand .fraction {
    font-size: 13px;
    font-weight: 600;
  }
  .focused .hand .thumb {
    stroke: var(--vscode-focusBorder);
    stroke-width: 2;
    paint-order: stroke;
  }
  .ghost circle {
    fill: var(--pr-muted);
  }
  .ghost line {
    stroke: var(--pr-muted);
    stroke-dasharray: 2 2;
  }
  .slider {
    position: absolute;
    left: -9px;
    width: 18px;
    cursor: grab;
    outline: none;
  }
  .slider:active {
    cursor: grabbing;
  }
  .label {
    position: absolute;
    display: block;
    padding: 0 4px;
    border-radius: 4px;
    text-align: center;
    line-height: 16px;
    white-space: nowrap;
  }
  .label:hover {
    background: var(--vscode-toolbar-hoverBackground);
  }
  .label b {
    display: block;
    font-size: 12px;
    font-weight: 400;
    color: var(--vscode-foreground);
  }
  .label.primary b {
    font-size: 13px;
    font-weight: 600;
    color: var(--pr-strong);
  }
  .label span {
    font-size: 11px;
    color: var(--pr-muted);
  }
  .label.inline {
    display: flex;
    gap: 4px;
    align-items: center;
    line-height: 20px;
  }
  .label.inline svg {
    width: 10px;
    height: 8px;
  }
  .table {
    margin-top: 12px;
  }
  @container (max-width: 700px) {
    .readout {
      order: 1;
      margin-left: 0;
      width: 100%;
    }
    .bar > .readout + .data-toggle {
      margin-left: auto;
    }
    .readout dd.wide {
      min-width: 0;
    }
    .aside {
      display: none;
    }
  }
`;
