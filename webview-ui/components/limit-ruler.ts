import * as l10n from '@vscode/l10n';
import { html, nothing, svg, type PropertyValues, type SVGTemplateResult, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { guard } from 'lit/directives/guard.js';
import type { LimitScope } from '../../src/report/report';
import type { Term } from '../model/glossary';
import { limitPins, methodLabel } from '../model/limit-pins';
import { grouped, limitPercent, percent, shortCount, significant } from '../../src/report/number-text';
import type { Topic } from '../model/panel-model';
import { cosineAt, randomCosine, RulerGeometry, type PlacedPin } from '../model/ruler-geometry';
import { cssomStyle } from '../style/cssom-style';
import { dataTableStyles } from '../style/data-table-styles';
import { limitRulerStyles } from '../style/limit-ruler-styles';
import { measureText } from '../style/measure-text';
import { sharedStyles } from '../style/shared-styles';
import { theme } from '../style/theme';
import { dataTable, dataToggle, type DataTable } from './data-table';
import { PanelElement } from './panel-element';
import { drawRuler, markPath } from './ruler-drawing';

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
/** Between the name of the ideal corner and the handle, whose figure stands on both sides of it. */
const IDEAL_GAP = 48;

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
  protected readonly topics: readonly Topic[] = ['analysis', 'fraction', 'display', 'measurement'];

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
    return html`<section aria-label=${l10n.t('Limit ruler')}>
      <div class="bar">
        <h2>${l10n.t('How far it can be pruned')}</h2>
        ${this.model.hasTwoScopes ? this.scopeSwitch() : nothing} ${this.readout()}
        ${
          this.model.cut === undefined
            ? nothing
            : dataToggle(this.showsTable, () => {
                this.showsTable = !this.showsTable;
              })
        }
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
            ${guard([geometry, this.model.curve, doubtful], () => drawRuler(geometry, this.model.curve))}
            ${this.moving(geometry)}
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
    const { figures, scope, view } = this.model;
    const key = [this.width, update, figures, scope, view.curvature, theme().fontFamily];
    if (this.geometry === undefined || key.some((value, i) => value !== this.geometryKey[i])) {
      this.geometry = new RulerGeometry(Math.max(this.width, 200), limitPins(this.model.rulerLimits), measureText);
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
    return html`<div class="seg" role="group" aria-label=${l10n.t('What is counted and pruned')}>
      ${choice('weights', l10n.t('Weights'), l10n.t('Tensors of two or more dimensions; biases and normalisation are kept'))}
      ${choice('parameters', l10n.t('All parameters'), l10n.t('With biases and normalisation, as in the paper'))}
    </div>`;
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
        ${term('prunedFraction', l10n.t('Pruned'))}
        <dd>${percent(cut.prunedFraction, 1)}</dd>
      </div>
      <div>
        ${term('cosine', l10n.t('Cosine'))}
        <dd>${cut.cosine.toFixed(3)}</dd>
      </div>
      <div>
        ${term('threshold', l10n.t('Threshold |w|'))}
        <dd>${significant(cut.threshold.magnitude)}</dd>
      </div>
      <div>
        ${term('scope', l10n.t('Left'))}
        <dd class="wide" title=${l10n.t('{0} of {1} values', grouped(cut.count - cut.prunedCount), grouped(cut.count))}>
          ${l10n.t('{0} of {1}', shortCount(cut.count - cut.prunedCount), shortCount(cut.count))}
        </dd>
      </div>
    </dl>`;
  }

  /** The handle, the pruned side of the area, and the reading under the pointer. */
  private moving(geometry: RulerGeometry): SVGTemplateResult | typeof nothing {
    const { cut } = this.model;
    if (cut === undefined) return nothing;
    const { base, top, left } = geometry;
    const x = geometry.x(cut.prunedFraction);
    const toRight = cut.prunedFraction < 0.12;
    const ideal = l10n.t('ideal: cosine 1, all pruned');
    const idealFits = x < geometry.right - measureText(ideal, 'name') - IDEAL_GAP;
    return svg`<defs><clipPath id="pruned"><rect x=${left} y="0" width=${x - left} height=${base} /></clipPath></defs>
      ${this.ghost(geometry)} ${idealFits ? svg`<text class="aside" x=${geometry.right} y=${top - 10} text-anchor="end">${ideal}</text>` : nothing}
      <g class="hand" transform="translate(${x.toFixed(1)} 0)">
        <line y1=${top - 4} y2=${base} />
        <path class="thumb" d="M-6 ${base - 15}h12v9l-6 6l-6-6Z" />
        <path class="grip" d="M-2 ${base - 11.5}v5M0 ${base - 11.5}v5M2 ${base - 11.5}v5" />
        <circle cy=${geometry.y(cut.cosine)} r="4" />
        <text class="fraction" x=${Math.min(geometry.width - 24 - x, Math.max(24 - x, 0))} y=${top - 10} text-anchor="middle">${percent(cut.prunedFraction, 1)}</text>
        <text x=${toRight ? 10 : -10} y=${Math.min(geometry.y(cut.cosine) + 18, base - 20)} text-anchor=${toRight ? 'start' : 'end'}>${l10n.t('cosine {0}', cut.cosine.toFixed(3))}</text>
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
      <text x=${atEnd ? -4 : 4} y=${geometry.top - 10} text-anchor=${atEnd ? 'end' : 'middle'}>${l10n.t('{0}, cosine {1}', percent(hovered, 1), cosine.toFixed(3))}</text>
    </g>`;
  }

  private slider(geometry: RulerGeometry): TemplateResult | typeof nothing {
    const { cut } = this.model;
    if (cut === undefined) return nothing;
    return html`<div
      class="slider"
      role="slider"
      tabindex="0"
      aria-label=${l10n.t('Pruned fraction')}
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${(100 * cut.prunedFraction).toFixed(1)}
      aria-valuetext=${l10n.t('{0} pruned, cosine {1}, threshold {2}', percent(cut.prunedFraction, 1), cut.cosine.toFixed(3), significant(cut.threshold.magnitude))}
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
    const { rulerLimits, cut } = this.model;
    if (cut === undefined) return l10n.t('Cosine curve: nothing has been read yet.');
    const points = rulerLimits.map((limit) =>
      l10n.t('{0} at {1}', methodLabel(limit.method), limitPercent(limit.prunedFraction)),
    );
    return l10n.t(
      'Cosine between the original and the pruned weights by pruned fraction. Estimates: {0}.',
      points.join(', '),
    );
  }

  private table(): DataTable {
    const { curve, rulerLimits } = this.model;
    const steps = Array.from({ length: 21 }, (_, i) => ({ fraction: i / 20, name: '' }));
    const named = rulerLimits.map((limit) => ({ fraction: limit.prunedFraction, name: methodLabel(limit.method) }));
    const points = [...steps, ...named].sort((a, b) => a.fraction - b.fraction);
    return {
      caption: l10n.t('Cosine similarity by pruned fraction'),
      columns: [
        l10n.t('Pruned'),
        l10n.t('Cosine, smallest first'),
        l10n.t('Cosine, at random'),
        l10n.t('Threshold |w|'),
        l10n.t('Estimate'),
      ],
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

declare global {
  interface HTMLElementTagNameMap {
    'limit-ruler': LimitRuler;
  }
}
