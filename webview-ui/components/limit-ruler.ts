import { html, nothing, svg, type PropertyValues, type SVGTemplateResult, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { guard } from 'lit/directives/guard.js';
import type { LimitScope } from '../../src/report/report';
import type { Term } from '../model/glossary';
import { limitPins, methodLabel } from '../model/limit-pins';
import { grouped, limitPercent, percent, shortCount, significant } from '../model/number-text';
import type { Topic } from '../model/panel-model';
import { cosineAt, randomCosine, RulerGeometry, type PlacedPin } from '../model/ruler-geometry';
import { cssomStyle } from '../style/cssom-style';
import { dataTableStyles } from '../style/data-table-styles';
import { icon } from '../style/icons';
import { limitRulerStyles } from '../style/limit-ruler-styles';
import { sharedStyles } from '../style/shared-styles';
import { theme } from '../style/theme';
import { dataTable, type DataTable } from './data-table';
import { PanelElement } from './panel-element';

/** Within so many pixels of a pin the handle snaps to it. */
const SNAP_PIXELS = 5;
/** Keys move by a tenth of a percent, with Shift by one, pages by five. */
const KEY_STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -0.001,
  ArrowDown: -0.001,
  ArrowRight: 0.001,
  ArrowUp: 0.001,
  PageDown: -0.05,
  PageUp: 0.05,
  Home: -1,
  End: 1,
};
const SHIFT_FACTOR = 10;
/** Room that the name of the ideal corner needs beside the handle's figure. */
const IDEAL_WIDTH = 190;
/** Under this width of the plot, ticks and numbers are thinned out. */
const NARROW = 640;

/**
 * The limit ruler: one axis of pruned fraction, the cosine curve over it, a pin for every method's estimate under it, and
 * one handle that drives the whole panel.
 */
@customElement('limit-ruler')
export class LimitRuler extends PanelElement {
  @state() private width = 0;
  @state() private showsTable = false;
  @state() private focused = false;
  @state() private hovered: number | undefined;
  protected readonly topics: readonly Topic[] = ['analysis', 'fraction', 'display'];

  private geometry: RulerGeometry | undefined;
  private geometryKey: readonly unknown[] = [];
  private drag: { readonly left: number; readonly pointer: number; x: number; frame: number | undefined } | undefined;
  private readonly resize = new ResizeObserver(([entry]) => {
    if (entry !== undefined) this.width = Math.floor(entry.contentRect.width);
  });

  static override styles = [sharedStyles, dataTableStyles, limitRulerStyles];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resize.disconnect();
  }

  protected override firstUpdated(changed: PropertyValues): void {
    super.firstUpdated(changed);
    const ruler = this.renderRoot.querySelector('.ruler');
    if (ruler !== null) this.resize.observe(ruler);
  }

  override render(): TemplateResult {
    const doubtful =
      this.model.analysis.update?.warnings.some((warning) => warning.code === 'at-initialisation') === true;
    const geometry = this.layOut();
    return html`<section aria-label="Limit ruler">
      <div class="bar">
        <h2>How far it can be pruned</h2>
        ${this.model.hasTwoScopes ? this.scopeSwitch() : nothing} ${this.readout()}
        ${this.model.cut === undefined ? nothing : this.dataToggle()}
      </div>
      <div
        class="ruler ${this.focused ? 'focused' : ''} ${doubtful ? 'doubtful' : ''}"
        ${cssomStyle({ height: `${String(geometry.height)}px` })}
      >
        <div
          class="plot"
          ${cssomStyle({ height: `${String(geometry.stripBase + 12)}px` })}
          @pointerdown=${this.grab}
          @pointermove=${this.move}
          @pointerup=${this.release}
          @pointercancel=${this.release}
          @pointerleave=${() => {
            this.hovered = undefined;
          }}
        >
          <svg width=${geometry.width} height=${geometry.height} role="img" aria-label=${this.summary()}>
            ${guard([geometry, this.model.curve, doubtful], () => this.still(geometry))} ${this.moving(geometry)}
          </svg>
          ${this.slider(geometry)}
        </div>
        ${geometry.pins.map((pin) => this.label(pin))}
      </div>
      ${this.showsTable && this.model.cut !== undefined ? html`<div class="table">${dataTable(this.table())}</div>` : nothing}
    </section>`;
  }

  /** Labels are measured and placed again only if the width or the estimates have changed. */
  private layOut(): RulerGeometry {
    const { update } = this.model.analysis;
    const key = [this.width, update, this.model.scope, theme().fontFamily];
    if (this.geometry === undefined || key.some((value, i) => value !== this.geometryKey[i])) {
      this.geometry = new RulerGeometry(Math.max(this.width, 200), limitPins(this.model.limits), measureText);
      this.geometryKey = key;
    }
    return this.geometry;
  }

  private scopeSwitch(): TemplateResult {
    const choice = (scope: LimitScope, label: string, title: string): TemplateResult =>
      html`<button
        aria-pressed=${this.model.scope === scope}
        title=${title}
        @click=${() => {
          this.model.setScope(scope);
        }}
      >
        ${label}
      </button>`;
    return html`<div class="seg" role="group" aria-label="What is counted and pruned">
      ${choice('weights', 'Weights', 'Tensors of two or more dimensions; biases and normalisation are kept')}
      ${choice('parameters', 'All parameters', 'With biases and normalisation, as in the paper')}
    </div>`;
  }

  private dataToggle(): TemplateResult {
    return html`<button
      class="data-toggle"
      aria-expanded=${this.showsTable}
      @click=${() => {
        this.showsTable = !this.showsTable;
      }}
    >
      ${icon('data')}Data
    </button>`;
  }

  private readout(): TemplateResult | typeof nothing {
    const { cut } = this.model;
    if (cut === undefined) return nothing;
    const term = (name: Term, label: string): TemplateResult =>
      html`<dt>
        <button
          class="term"
          @click=${(event: Event) => {
            this.explain(event, { kind: 'term', term: name });
          }}
        >
          ${label}
        </button>
      </dt>`;
    return html`<dl class="readout">
      <div>
        ${term('prunedFraction', 'Pruned')}
        <dd>${percent(cut.prunedFraction, 1)}</dd>
      </div>
      <div>
        ${term('cosine', 'Cosine')}
        <dd>${cut.cosine.toFixed(3)}</dd>
      </div>
      <div>
        ${term('threshold', 'Threshold |w|')}
        <dd>${significant(cut.threshold.magnitude)}</dd>
      </div>
      <div>
        ${term('scope', 'Left')}
        <dd class="wide" title="${grouped(cut.count - cut.prunedCount)} of ${grouped(cut.count)} values">
          ${shortCount(cut.count - cut.prunedCount)} of ${shortCount(cut.count)}
        </dd>
      </div>
    </dl>`;
  }

  /** What does not follow the handle: axes, curves, pins. */
  private still(geometry: RulerGeometry): SVGTemplateResult {
    const { curve } = this.model;
    const { left, right, base, stripBase } = geometry;
    return svg`
      ${[0, 0.25, 0.5, 0.75, 1].map(
        (
          cosine,
        ) => svg`<line class="grid" x1=${left} x2=${right} y1=${geometry.y(cosine) + 0.5} y2=${geometry.y(cosine) + 0.5} />
          <text x=${left - 8} y=${geometry.y(cosine) + 4} text-anchor="end">${cosine === 0 || cosine === 1 ? cosine : cosine.toFixed(2)}</text>`,
      )}
      <rect class="strip" x=${left + 0.5} y=${base + 0.5} width=${right - left} height=${stripBase - base} />
      ${ticks(geometry)}
      ${curve === undefined ? nothing : this.curves(geometry, cosineAt(curve))}
      ${geometry.pins.map((pin) => pinMark(geometry, pin))}`;
  }

  private curves(geometry: RulerGeometry, cosine: (prunedFraction: number) => number): SVGTemplateResult {
    const { left, right, base, top } = geometry;
    const line = geometry.path(cosine);
    const area = `${line}L${String(right)} ${String(base)}L${String(left)} ${String(base)}Z`;
    const best = geometry.pins.find((placed) => placed.pin.kind === 'utopia');
    const safe = geometry.pins.find((placed) =>
      placed.pin.estimates.some((estimate) => estimate.method === 'cosine-0.99'),
    );
    const nameAt = geometry.fractionAt((safe?.x ?? geometry.x(0.45)) + 8);
    const reach = (kind: string, from: number, to: number): SVGTemplateResult | typeof nothing =>
      to > from
        ? svg`<rect class="reach ${kind}" x=${from} y=${geometry.stripBase - 1} width=${to - from} height="2" />`
        : nothing;
    return svg`
      <path class="area" d=${area} />
      <path class="area pruned" d=${area} clip-path="url(#pruned)" />
      <path class="random" d=${geometry.path(randomCosine)} />
      ${best === undefined ? nothing : svg`<line class="distance" x1=${best.x} y1=${geometry.y(cosine(best.pin.prunedFraction))} x2=${right} y2=${top} />`}
      <path class="curve" d=${line} />
      <circle class="corner" cx=${right} cy=${top} r="3"><title>Ideal: cosine 1 with everything pruned. The best trade-off is the point of the curve nearest to it.</title></circle>
      ${reach('safe', left, safe?.x ?? left)} ${reach('utopia', safe?.x ?? left, best?.x ?? left)}
      <text class="curve-name aside" x=${geometry.x(nameAt)} y=${geometry.y(cosine(nameAt)) + 17}>smallest weights first</text>
      <text class="aside" x=${geometry.x(nameAt)} y=${geometry.y(randomCosine(geometry.fractionAt(geometry.x(nameAt) + 56))) + 14}>at random</text>`;
  }

  /** The handle, the pruned side of the area, and the reading under the pointer. */
  private moving(geometry: RulerGeometry): SVGTemplateResult | typeof nothing {
    const { cut } = this.model;
    if (cut === undefined) return nothing;
    const { base, top, left } = geometry;
    const x = geometry.x(cut.prunedFraction);
    const toRight = cut.prunedFraction < 0.12;
    return svg`<defs><clipPath id="pruned"><rect x=${left} y="0" width=${x - left} height=${base} /></clipPath></defs>
      ${this.ghost(geometry)} ${x < geometry.right - IDEAL_WIDTH ? svg`<text class="aside" x=${geometry.right} y=${top - 10} text-anchor="end">ideal: cosine 1, all pruned</text>` : nothing}
      <g class="hand" transform="translate(${x.toFixed(1)} 0)">
        <line y1=${top - 4} y2=${base} />
        <path class="thumb" d="M-6 ${base - 15}h12v9l-6 6l-6-6Z" />
        <path class="grip" d="M-2 ${base - 11.5}v5M0 ${base - 11.5}v5M2 ${base - 11.5}v5" />
        <circle cy=${geometry.y(cut.cosine)} r="4" />
        <text class="fraction" x=${Math.min(geometry.width - 24 - x, Math.max(24 - x, 0))} y=${top - 10} text-anchor="middle">${percent(cut.prunedFraction, 1)}</text>
        <text x=${toRight ? 10 : -10} y=${Math.min(geometry.y(cut.cosine) + 18, base - 20)} text-anchor=${toRight ? 'start' : 'end'}>cosine ${cut.cosine.toFixed(3)}</text>
      </g>`;
  }

  private ghost(geometry: RulerGeometry): SVGTemplateResult | typeof nothing {
    const { hovered } = this;
    const { curve, cut } = this.model;
    if (hovered === undefined || curve === undefined || cut === undefined) return nothing;
    const x = geometry.x(hovered);
    // beside the handle its own figures say it all
    if (Math.abs(x - geometry.x(cut.prunedFraction)) < 64) return nothing;
    const cosine = cosineAt(curve)(hovered);
    const atEnd = x > geometry.right - 90;
    return svg`<g class="ghost" transform="translate(${x.toFixed(1)} 0)">
      <line y1=${geometry.top} y2=${geometry.base} />
      <circle cy=${geometry.y(cosine)} r="2.5" class="dot" />
      <text x=${atEnd ? -4 : 4} y=${geometry.top - 10} text-anchor=${atEnd ? 'end' : 'middle'}>${percent(hovered, 1)}, cosine ${cosine.toFixed(3)}</text>
    </g>`;
  }

  private slider(geometry: RulerGeometry): TemplateResult | typeof nothing {
    const { cut } = this.model;
    if (cut === undefined) return nothing;
    return html`<div
      class="slider"
      role="slider"
      tabindex="0"
      aria-label="Pruned fraction"
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${(100 * cut.prunedFraction).toFixed(1)}
      aria-valuetext=${`${percent(cut.prunedFraction, 1)} pruned, cosine ${cut.cosine.toFixed(3)}, threshold ${significant(cut.threshold.magnitude)}`}
      ${cssomStyle({
        top: `${String(geometry.top - 8)}px`,
        height: `${String(geometry.stripBase - geometry.top + 8)}px`,
        transform: `translateX(${geometry.x(cut.prunedFraction).toFixed(1)}px)`,
      })}
      @keydown=${this.key}
      @focus=${(event: Event) => {
        this.focused = event.target instanceof Element && event.target.matches(':focus-visible');
      }}
      @blur=${() => {
        this.focused = false;
      }}
    ></div>`;
  }

  private label(placed: PlacedPin): TemplateResult {
    const { pin, value, label, inline, primary } = placed;
    const estimate = pin.estimates[0];
    return html`<button
      class="label ${pin.kind} ${inline ? 'inline' : ''} ${primary ? 'primary' : ''}"
      title=${pin.estimates.map((each) => each.verdict).join('\n')}
      ${cssomStyle({
        left: `${(placed.labelX - placed.labelWidth / 2).toFixed(1)}px`,
        top: `${String(placed.labelTop)}px`,
        width: `${placed.labelWidth.toFixed(1)}px`,
      })}
      @click=${(event: Event) => {
        if (estimate !== undefined) this.model.pruneAt(estimate);
        this.explain(event, { kind: 'estimates', estimates: pin.estimates });
      }}
    >
      ${inline ? html`<svg class="pin ${pin.kind}" viewBox="-5 0 10 8"><path class="mark" d=${markPath(placed)} /></svg>` : nothing}
      <b>${value}</b> <span>${label}</span>
    </button>`;
  }

  private summary(): string {
    const { limits, cut } = this.model;
    if (cut === undefined) return 'Cosine curve: nothing has been read yet.';
    const points = limits.map((limit) => `${methodLabel(limit.method)} at ${limitPercent(limit.prunedFraction)}`);
    return `Cosine between the original and the pruned weights by pruned fraction. Estimates: ${points.join(', ')}.`;
  }

  private table(): DataTable {
    const { curve, limits } = this.model;
    const steps = Array.from({ length: 21 }, (_, i) => ({ fraction: i / 20, name: '' }));
    const named = limits.map((limit) => ({ fraction: limit.prunedFraction, name: methodLabel(limit.method) }));
    const points = [...steps, ...named].sort((a, b) => a.fraction - b.fraction);
    return {
      caption: 'Cosine similarity by pruned fraction',
      columns: ['Pruned', 'Cosine, smallest first', 'Cosine, at random', 'Threshold |w|', 'Estimate'],
      rows: points.map(({ fraction, name }) => {
        const count = Math.round(fraction * (curve?.count ?? 0));
        return [
          percent(fraction, 1),
          (curve?.cosine(count) ?? 0).toFixed(4),
          randomCosine(fraction).toFixed(4),
          significant(curve?.threshold(count).magnitude),
          name,
        ];
      }),
    };
  }

  private readonly grab = (event: PointerEvent): void => {
    const plot = event.currentTarget;
    if (event.button !== 0 || !(plot instanceof Element) || this.model.cut === undefined) return;
    plot.setPointerCapture(event.pointerId);
    this.hovered = undefined;
    const left = plot.getBoundingClientRect().left;
    this.drag = { left, pointer: event.pointerId, x: event.clientX - left, frame: undefined };
    this.follow(this.drag.x, false);
    this.renderRoot.querySelector<HTMLElement>('.slider')?.focus({ preventScroll: true });
    event.preventDefault();
  };

  private readonly move = (event: PointerEvent): void => {
    const { drag } = this;
    if (drag === undefined) {
      if (event.pointerType === 'mouse') this.hovered = this.layOut().fractionAt(event.offsetX);
      return;
    }
    // pointers report more often than the screen is drawn: one update a frame
    drag.x = event.clientX - drag.left;
    drag.frame ??= requestAnimationFrame(() => {
      drag.frame = undefined;
      if (this.drag === drag) this.follow(drag.x, false);
    });
  };

  private readonly release = (): void => {
    const { drag } = this;
    if (drag === undefined) return;
    this.drag = undefined;
    if (drag.frame !== undefined) cancelAnimationFrame(drag.frame);
    this.follow(drag.x, true);
  };

  private follow(x: number, settled: boolean): void {
    const geometry = this.layOut();
    const near = geometry.pins.find((placed) => Math.abs(placed.x - x) < SNAP_PIXELS)?.pin.estimates[0];
    if (near === undefined) this.model.prune(geometry.fractionAt(x), settled);
    else this.model.pruneAt(near);
  }

  private readonly key = (event: KeyboardEvent): void => {
    const step = KEY_STEPS[event.key];
    const { prunedFraction } = this.model;
    if (step === undefined || prunedFraction === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.model.prune(prunedFraction + step * (event.shiftKey ? SHIFT_FACTOR : 1));
  };
}

function ticks(geometry: RulerGeometry): readonly SVGTemplateResult[] {
  const { base, left, right } = geometry;
  const narrow = right - left < NARROW;
  const marks: SVGTemplateResult[] = [];
  for (let i = 1; i < 100; i++) {
    const ten = i % 10 === 0;
    const five = i % 5 === 0;
    if (narrow && !five) continue;
    const x = Math.round(geometry.x(i / 100)) + 0.5;
    const length = ten ? 8 : five ? 6 : 4;
    marks.push(svg`<line class="tick ${ten ? 'ten' : ''}" x1=${x} x2=${x} y1=${base + 1} y2=${base + length} />`);
    if (ten && (!narrow || i % 20 === 0)) marks.push(svg`<text x=${x} y=${base + 19} text-anchor="middle">${i}</text>`);
  }
  marks.push(
    svg`<text x=${left + 6} y=${base + 19}>${percent(0)}</text><text x=${right - 6} y=${base + 19} text-anchor="end">${percent(1)}</text>`,
  );
  return marks;
}

function pinMark(geometry: RulerGeometry, placed: PlacedPin): SVGTemplateResult {
  const { pin, x, labelX, labelTop, inline } = placed;
  const { stripBase } = geometry;
  const cosine = pin.estimates[0]?.cosineSimilarity;
  // a curve point for estimates on the curve; random pruning has its own curve
  const onCurve = cosine !== undefined && pin.kind !== 'variant';
  const leader = !inline && Math.abs(labelX - x) > 6;
  return svg`<g class="pin ${pin.kind}">
    ${onCurve && pin.kind !== 'baseline' ? svg`<line class="drop" x1=${x} x2=${x} y1=${geometry.y(cosine)} y2=${geometry.base} />` : nothing}
    ${onCurve ? svg`<circle cx=${x} cy=${geometry.y(cosine)} r=${placed.primary ? 3 : 2} />` : nothing}
    <path class="mark" d=${markPath(placed)} transform="translate(${x.toFixed(1)} ${stripBase + 3})" />
    ${leader ? svg`<path class="leader" d="M${x.toFixed(1)} ${stripBase + 12}V${stripBase + 14}L${labelX.toFixed(1)} ${labelTop - 1}" />` : nothing}
  </g>`;
}

/** Large triangles for the answer, small ones for the others; hollow where it is a variant of another method. */
function markPath({ primary }: PlacedPin): string {
  return primary ? 'M0 0l4.5 7h-9Z' : 'M0 0.5l3.5 6h-7Z';
}

let pen: CanvasRenderingContext2D | null | undefined;

function measureText(text: string, size: 'value' | 'name'): number {
  pen ??= document.createElement('canvas').getContext('2d');
  if (pen === null) return text.length * 7;
  pen.font = `${size === 'value' ? '600 13px' : '11px'} ${theme().fontFamily}`;
  return pen.measureText(text).width;
}

declare global {
  interface HTMLElementTagNameMap {
    'limit-ruler': LimitRuler;
  }
}
