import * as l10n from '@vscode/l10n';
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { LimitEstimate, ReportWarning } from '../../src/report/report';
import { GLOSSARY, type Term } from '../model/glossary';
import { methodLabel } from '../model/limit-pins';
import { nameText } from '../../src/report/name-text';
import { grouped, percent, significant } from '../../src/report/number-text';
import type { PanelModel } from '../model/panel-model';
import { icon } from '../style/icons';
import { numberInputStyles } from '../style/number-input-styles';
import { sharedStyles } from '../style/shared-styles';
import { curvatureInputs, curvatureInputStyles } from './curvature-inputs';
import type { ExplainRequest, Explanation } from './panel-element';

/** Space to the window's edges and to what is explained. */
const MARGIN = 8;
/** A box with this much room needs no other place. */
const ENOUGH_HEIGHT = 240;
/** Tensor names listed under a warning; the filter of the table finds the others. */
const LISTED_TENSORS = 50;

/** Beside any number: what it is, what it assumes, where it is from. One for the whole panel. */
@customElement('explain-popover')
export class ExplainPopover extends LitElement {
  @property({ attribute: false }) model!: PanelModel;
  @state() private what: Explanation | undefined;
  private anchor: Element | undefined;

  static override styles = [
    sharedStyles,
    numberInputStyles,
    curvatureInputStyles,
    css`
      [popover] {
        position: fixed;
        inset: auto;
        width: 400px;
        max-width: calc(100vw - 16px);
        overflow-y: auto;
        padding: 12px 16px;
        background: var(--pr-raised);
        color: var(--vscode-foreground);
        border: 1px solid var(--pr-raised-line);
        border-radius: 6px;
        box-shadow: var(--pr-shadow);
      }
      .head {
        display: flex;
        align-items: flex-start;
        gap: 8px;
      }
      .head h2 {
        flex: 1;
      }
      .close {
        padding: 2px;
        border-radius: 4px;
        margin: 0 -6px 0 0;
      }
      .close:hover {
        background: var(--vscode-toolbar-hoverBackground);
      }
      section + section {
        margin-top: 12px;
        padding-top: 12px;
        border-top: 1px solid var(--pr-line);
      }
      p,
      ul {
        margin-top: 4px;
        text-wrap: pretty;
      }
      ul {
        padding-left: 16px;
      }
      li::marker {
        color: var(--pr-muted);
      }
      h3 {
        font-size: 11px;
        line-height: 16px;
        font-weight: 600;
        margin-top: 8px;
        color: var(--pr-muted);
      }
      .figures {
        color: var(--pr-muted);
        font-size: 12px;
      }
      .tensors {
        display: flex;
        flex-wrap: wrap;
        gap: 0 12px;
        padding: 0;
        list-style: none;
        font-size: 12px;
      }
      .tensors button {
        overflow-wrap: anywhere;
        unicode-bidi: isolate;
      }
    `,
  ];

  /** Opens beside the element; a second request for the same thing closes it. */
  async show({ anchor, what }: ExplainRequest): Promise<void> {
    this.anchor = anchor;
    this.what = what;
    await this.updateComplete;
    const box = this.box;
    if (box === undefined) return;
    box.showPopover();
    this.place(box, anchor);
    box.focus();
  }

  private get box(): HTMLElement | undefined {
    return this.renderRoot.querySelector<HTMLElement>('[popover]') ?? undefined;
  }

  private place(box: HTMLElement, anchor: Element): void {
    const from = anchor.getBoundingClientRect();
    box.style.maxHeight = '';
    const size = box.getBoundingClientRect();
    const left = Math.max(MARGIN, Math.min(from.left, innerWidth - size.width - MARGIN));
    const under = innerHeight - from.bottom - 1.5 * MARGIN;
    const over = from.top - 1.5 * MARGIN;
    // what stands above is often what is explained: a box under it may rather be shortened
    const below = under >= Math.min(size.height, ENOUGH_HEIGHT) || under >= over;
    const height = Math.min(size.height, below ? under : over);
    const top = below ? from.bottom + MARGIN / 2 : from.top - height - MARGIN / 2;
    box.style.maxHeight = `${String(height)}px`;
    box.style.left = `${String(left)}px`;
    box.style.top = `${String(top)}px`;
  }

  private readonly close = (): void => {
    this.box?.hidePopover();
  };

  private readonly toggled = (event: ToggleEvent): void => {
    // the browser gives the focus back only to elements of the same tree
    if (event.newState === 'closed' && this.anchor instanceof HTMLElement && this.matches(':focus-within'))
      this.anchor.focus();
  };

  override render(): TemplateResult {
    const { what } = this;
    return html`<div
      popover="auto"
      role="dialog"
      aria-label=${what === undefined ? l10n.t('Explanation') : titleOf(what)}
      tabindex="-1"
      @beforetoggle=${this.toggled}
    >
      ${what === undefined ? nothing : this.content(what)}
    </div>`;
  }

  private content(what: Explanation): TemplateResult {
    const close = html`<button class="close" aria-label=${l10n.t('Close')} @click=${this.close}>
      ${icon('close')}
    </button>`;
    switch (what.kind) {
      case 'term':
        return termSection(what.term, close);
      case 'estimates':
        return html`${what.estimates.map((estimate, i) => this.estimateSection(estimate, i === 0 ? close : nothing))}`;
      case 'warnings':
        return html`${what.warnings.map((warning, i) => this.warningSection(warning, i === 0 ? close : nothing))}`;
    }
  }

  /** The estimate as it stands: the reader may have changed what it is computed with since the box was opened. */
  private estimateSection(asked: LimitEstimate, close: unknown): TemplateResult {
    const { method, scope } = asked;
    const estimate = this.model.limits.find((limit) => limit.method === method && limit.scope === scope) ?? asked;
    const inputs =
      method === 'optimizer-curvature'
        ? curvatureInputs(this.model, () => {
            this.requestUpdate();
          })
        : nothing;
    return estimateSection(estimate, close, inputs);
  }

  private warningSection(warning: ReportWarning, close: unknown): TemplateResult {
    const tensors = warning.tensors ?? [];
    const reveal = (name: string): void => {
      this.close();
      this.model.reveal(name);
    };
    return html`<section>
      <div class="head">
        <h2>${warning.message}</h2>
        ${close}
      </div>
      ${
        tensors.length === 0
          ? nothing
          : html`<h3>${l10n.t('Tensors')}</h3>
              <ul class="tensors">
                ${tensors.slice(0, LISTED_TENSORS).map(
                  (name) =>
                    html`<li>
                      <button
                        class="link"
                        @click=${() => {
                          reveal(name);
                        }}
                      >
                        ${nameText(name)}
                      </button>
                    </li>`,
                )}
                ${
                  tensors.length > LISTED_TENSORS
                    ? html`<li>${l10n.t('and {0} more', grouped(tensors.length - LISTED_TENSORS))}</li>`
                    : nothing
                }
              </ul>`
      }
    </section>`;
  }
}

function titleOf(what: Explanation): string {
  if (what.kind === 'term') return GLOSSARY[what.term].title;
  return what.kind === 'warnings' ? l10n.t('Warnings') : l10n.t('Assumptions and sources');
}

function termSection(term: Term, close: unknown): TemplateResult {
  const { title, definition, notes, source } = GLOSSARY[term];
  return html`<section>
    <div class="head">
      <h2>${title}</h2>
      ${close}
    </div>
    <p>${definition}</p>
    ${list(l10n.t('Keep in mind'), notes)}
    <h3>${l10n.t('Source')}</h3>
    <p class="muted">${source}</p>
  </section>`;
}

function estimateSection(estimate: LimitEstimate, close: unknown, inputs: unknown): TemplateResult {
  const { prunedFraction, prunedCount, cosineSimilarity, threshold, interval, inputFile } = estimate;
  const from = inputFile === undefined ? '' : ` (${inputFile})`;
  const figures = [
    l10n.t('{0} values', grouped(prunedCount)),
    ...(cosineSimilarity === undefined ? [] : [l10n.t('cosine {0}', cosineSimilarity.toFixed(4))]),
    ...(threshold === undefined ? [] : [`|w| ≤ ${significant(threshold)}`]),
    ...(interval === undefined
      ? []
      : [l10n.t('between {0} and {1}', percent(interval[0], 2), percent(interval[1], 2))]),
  ];
  return html`<section>
    <div class="head">
      <h2>${percent(prunedFraction, 1)}, ${methodLabel(estimate.method)}${from}</h2>
      ${close}
    </div>
    <p class="figures">${figures.join(' · ')}</p>
    <p>${estimate.verdict}</p>
    ${inputs} ${list(l10n.t('Assumptions'), estimate.assumptions)}
    <h3>${l10n.t('Source')}</h3>
    <p class="muted">${estimate.reference}</p>
  </section>`;
}

function list(title: string, items: readonly string[]): TemplateResult | typeof nothing {
  if (items.length === 0) return nothing;
  return html`<h3>${title}</h3>
    <ul>
      ${items.map((item) => html`<li>${item}</li>`)}
    </ul>`;
}

declare global {
  interface HTMLElementTagNameMap {
    'explain-popover': ExplainPopover;
  }
}
