import * as l10n from '@vscode/l10n';
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { NegativeConvention } from '../../src/report/measurement';
import { significant } from '../../src/report/number-text';
import { PanelElement } from '../components/panel-element';
import type { Topic } from '../model/panel-model';
import { numberInputStyles } from '../style/number-input-styles';
import { sharedStyles } from '../style/shared-styles';
import { NEGATIVE_CONVENTIONS } from './measurement-choices';

/** The slider reaches from the rule's ε divided by this to it times this, in steps of a hundredth of a decade. */
const REACH_DECADES = 2;
const STEPS_A_DECADE = 100;
/** Stands for a rule's ε of 0 (all batches have the same loss), from which no logarithmic slider can start. */
const SMALLEST_RULE = 1e-6;

const CONVENTION_NAMES: Readonly<Record<NegativeConvention, { readonly name: string; readonly title: string }>> = {
  absolute: {
    name: '|λ|',
    title: l10n.t('Negative eigenvalues count by their size, as the authors do'),
  },
  clip: {
    name: '0',
    title: l10n.t('Negative eigenvalues count as flat: nothing in their direction holds pruning back'),
  },
  drop: {
    name: l10n.t('left out'),
    title: l10n.t('Negative eigenvalues are left out of the mean'),
  },
};

/** By how much the loss may grow, and what negative eigenvalues count as. Everything follows at once; nothing is run again. */
@customElement('epsilon-control')
export class EpsilonControl extends PanelElement {
  protected readonly topics: readonly Topic[] = ['measurement'];

  static override styles = [
    sharedStyles,
    numberInputStyles,
    css`
      :host {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 4px 24px;
        font-size: 12px;
      }
      .group {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 4px 8px;
        min-width: 0;
      }
      .name {
        color: var(--pr-muted);
      }
      input[type='range'] {
        width: 180px;
        min-width: 100px;
        flex: 0 1 180px;
        accent-color: var(--pr-kept);
      }
      input[type='number'] {
        width: 92px;
      }
    `,
  ];

  override render(): TemplateResult | typeof nothing {
    const { figures, measured } = this.model;
    const rule = measured?.measurement?.dense.epsilon;
    if (figures === undefined || rule === undefined) return nothing;
    const { epsilon } = figures;
    const base = Math.max(rule, SMALLEST_RULE);
    const position = Math.round(Math.log10(epsilon / base) * STEPS_A_DECADE);
    const changed = this.model.view.measured.epsilon !== undefined;
    return html`<div class="group">
        <span class="name"
          ><button
            class="term"
            @click=${(event: Event) => {
              this.explain(event, { kind: 'term', term: 'epsilon' });
            }}
          >
            ${l10n.t('The loss may grow by ε')}
          </button></span
        >
        <input
          type="range"
          min=${-REACH_DECADES * STEPS_A_DECADE}
          max=${REACH_DECADES * STEPS_A_DECADE}
          step="1"
          aria-label=${l10n.t('ε, by which the loss may grow, on a logarithmic scale')}
          aria-valuetext=${significant(epsilon)}
          .value=${String(position)}
          @input=${(event: InputEvent) => {
            const { target } = event;
            if (target instanceof HTMLInputElement) this.choose(base * 10 ** (target.valueAsNumber / STEPS_A_DECADE));
          }}
        />
        <input
          type="number"
          min="0"
          step="any"
          aria-label="ε"
          .value=${String(Number(epsilon.toPrecision(3)))}
          @change=${(event: Event) => {
            const { target } = event;
            if (target instanceof HTMLInputElement) this.choose(target.valueAsNumber);
            this.requestUpdate();
          }}
        />
        ${
          changed
            ? html`<button
                class="link"
                @click=${() => {
                  this.model.chooseMeasured({ epsilon: undefined });
                }}
              >
                ${l10n.t('Back to the paper’s rule ({0})', significant(rule))}
              </button>`
            : html`<span class="muted">${l10n.t('by the paper’s rule')}</span>`
        }
      </div>
      <div class="group">
        <span class="name" id="negatives">${l10n.t('Negative eigenvalues count as')}</span>
        <div class="seg" role="group" aria-labelledby="negatives">
          ${NEGATIVE_CONVENTIONS.map(
            (negative) =>
              html`<button
                aria-pressed=${this.model.view.measured.negative === negative}
                title=${CONVENTION_NAMES[negative].title}
                @click=${() => {
                  this.model.chooseMeasured({ negative });
                }}
              >
                ${CONVENTION_NAMES[negative].name}
              </button>`,
          )}
        </div>
      </div>`;
  }

  private choose(epsilon: number): void {
    if (epsilon > 0 && Number.isFinite(epsilon)) this.model.chooseMeasured({ epsilon });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'epsilon-control': EpsilonControl;
  }
}
