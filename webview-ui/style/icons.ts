import { svg, html, type TemplateResult } from 'lit';

const PATHS = {
  export: 'M8 10V2.5M5.5 5L8 2.5 10.5 5M3 8.5v5h10v-5',
  rerun: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3',
  stop: 'M4.5 4.5h7v7h-7z',
  play: 'M5 3.5v9L12.5 8z',
  warning: 'M8 2.5L14 13.5H2zM8 6.5v3.5M8 11.2v1',
  error: 'M8 2.2a5.8 5.8 0 1 0 0 11.6A5.8 5.8 0 0 0 8 2.2zM5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4',
  measure: 'M2.5 2.5v11h11M4.5 5c4.5 0 5.5 1 6.5 6.5',
  close: 'M4 4l8 8M12 4l-8 8',
  ascending: 'M8 12.5v-9M4.5 7L8 3.5 11.5 7',
  descending: 'M8 3.5v9M4.5 9L8 12.5 11.5 9',
  data: 'M2.5 3.5h11v9h-11zM2.5 6.5h11M2.5 9.5h11M6.5 3.5v9',
} as const;

export type IconName = keyof typeof PATHS;

/** A 16-pixel icon in the colour of the text around it; decoration only, so its button needs a name. */
export function icon(name: IconName): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">${svg`<path d=${PATHS[name]} />`}</svg>`;
}
