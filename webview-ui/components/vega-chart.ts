import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Spec, View } from 'vega-typings';
import { createView } from '../charts/vega-runtime';
import { cssomStyle } from '../style/cssom-style';
import { sharedStyles } from '../style/shared-styles';
import { onThemeChange, theme, type Theme } from '../style/theme';

/** Values of a chart's signals. */
export type ChartSignals = Readonly<Record<string, number | string | boolean>>;
/** Rows of a chart's data sets, by their names in the specification. */
export type ChartData = Readonly<Record<string, readonly object[]>>;

declare global {
  interface HTMLElementEventMap {
    'chart-pick': CustomEvent<unknown>;
  }
}

/**
 * One vega chart. Changed signals and data go into the running view; only another specification, theme or font builds a
 * new one. A click on a mark sends its datum as `chart-pick`.
 */
@customElement('vega-chart')
export class VegaChart extends LitElement {
  @property({ attribute: false }) spec: Spec | undefined;
  @property({ attribute: false }) signals: ChartSignals = {};
  @property({ attribute: false }) data: ChartData = {};
  /** Names of the theme's colours that the specification has as signals. */
  @property({ attribute: false }) colors: readonly (keyof Theme)[] = [];
  @property({ attribute: false }) height = 200;
  /** What the chart shows, in a sentence. */
  @property() label = '';
  @state() private tip: { readonly x: number; readonly y: number; readonly lines: readonly string[] } | undefined;

  private view: View | undefined;
  private shownSignals: Record<string, unknown> = {};
  private shownData: ChartData = {};
  private width = 0;
  private forgetTheme: (() => void) | undefined;
  private readonly resize = new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width ?? 0);
    if (width === this.width || width === 0) return;
    this.width = width;
    if (this.view === undefined) this.requestUpdate();
    else void this.fit(this.view).runAsync();
  });

  static override styles = [
    sharedStyles,
    css`
      :host {
        position: relative;
      }
      .chart {
        overflow: hidden;
      }
      canvas {
        display: block;
      }
      .tip {
        position: absolute;
        z-index: 5;
        pointer-events: none;
        padding: 2px 8px;
        font-size: 12px;
        line-height: 18px;
        max-width: 280px;
        overflow-wrap: anywhere;
        background: var(--vscode-editorHoverWidget-background, var(--pr-raised));
        color: var(--vscode-editorHoverWidget-foreground, var(--vscode-foreground));
        border: 1px solid var(--vscode-editorHoverWidget-border, var(--pr-raised-line));
        border-radius: 4px;
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    this.forgetTheme = onThemeChange(() => {
      this.discard();
      this.requestUpdate();
    });
    this.resize.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.forgetTheme?.();
    this.resize.disconnect();
    this.discard();
  }

  override render(): TemplateResult {
    const { tip } = this;
    return html`<div
        class="chart"
        role="img"
        aria-label=${this.label}
        ${cssomStyle({ height: `${String(this.height)}px` })}
      ></div>
      ${
        tip === undefined
          ? nothing
          : html`<div
              class="tip"
              aria-hidden="true"
              ${cssomStyle({
                [tip.x > this.width / 2 ? 'right' : 'left']:
                  `${String(tip.x > this.width / 2 ? this.width - tip.x + 10 : tip.x + 10)}px`,
                top: `${String(Math.max(0, tip.y - 12))}px`,
              })}
            >
              ${tip.lines.map((line) => html`<div>${line}</div>`)}
            </div>`
      }`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('spec')) this.discard();
    if (this.view === undefined) this.build();
    else this.feed(this.view);
  }

  private build(): void {
    const container = this.renderRoot.querySelector<HTMLElement>('.chart');
    if (this.spec === undefined || container === null || this.width === 0) return;
    const view = createView(this.spec, theme(), container, (event, value) => {
      this.showTip(event, value);
    });
    view.addEventListener('click', (_event, item) => {
      const datum: unknown = item?.datum;
      if (datum !== undefined) this.dispatchEvent(new CustomEvent('chart-pick', { detail: datum }));
    });
    this.fit(view);
    const colors = theme();
    for (const name of this.colors) view.signal(name, colors[name]);
    this.view = view;
    this.feed(view);
  }

  /** Gives the plot what the margins leave. */
  private fit(view: View): View {
    const { left = 0, right = 0, top = 0, bottom = 0 } = view.padding() as Partial<Record<string, number>>;
    return view.width(Math.max(1, this.width - left - right)).height(Math.max(1, this.height - top - bottom));
  }

  /** Hands over what has changed since the last time; the view draws before the next frame. */
  private feed(view: View): void {
    let changed = Object.keys(this.shownSignals).length === 0;
    for (const [name, value] of Object.entries(this.signals)) {
      if (this.shownSignals[name] === value) continue;
      view.signal(name, value);
      this.shownSignals[name] = value;
      changed = true;
    }
    for (const [name, rows] of Object.entries(this.data)) {
      if (this.shownData[name] === rows) continue;
      view.data(name, [...rows]);
      changed = true;
    }
    this.shownData = this.data;
    if (changed) void view.runAsync();
  }

  private showTip(event: MouseEvent, value: unknown): void {
    if (typeof value !== 'string') {
      this.tip = undefined;
      return;
    }
    const box = this.getBoundingClientRect();
    this.tip = { x: event.clientX - box.left, y: event.clientY - box.top, lines: value.split('\n') };
  }

  private discard(): void {
    this.view?.finalize();
    this.view = undefined;
    this.shownSignals = {};
    this.shownData = {};
    this.tip = undefined;
    this.renderRoot.querySelector('.chart')?.replaceChildren();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'vega-chart': VegaChart;
  }
}
