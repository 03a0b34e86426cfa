import { css, html, type TemplateResult } from 'lit';
import { cssomStyle } from '../style/cssom-style';

/** Of the bar at the lower edge of a header, which must be positioned. */
export const progressBarStyles = css`
  .progress {
    position: absolute;
    inset: auto 0 -1px;
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
  @media (prefers-reduced-motion: no-preference) {
    .progress i {
      transition: transform 120ms linear;
    }
  }
`;

/** @param fraction done, in [0, 1] @param value what it means, in words */
export function progressBar(label: string, fraction: number, value: string): TemplateResult {
  return html`<div
    class="progress"
    role="progressbar"
    aria-label=${label}
    aria-valuemin="0"
    aria-valuemax="100"
    aria-valuenow=${Math.floor(100 * fraction)}
    aria-valuetext=${value}
  >
    <i ${cssomStyle({ transform: `scaleX(${fraction.toFixed(4)})` })}></i>
  </div>`;
}
