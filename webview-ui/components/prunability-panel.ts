import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { PanelHost } from '../host-connection';
import type { PanelModel } from '../model/panel-model';
import '../measurement/measured-section';
import { sharedStyles } from '../style/shared-styles';
import './answer-section';
import './explain-popover';
import './layer-detail';
import './layer-table';
import './limit-ruler';
import './panel-header';
import type { ExplainRequest } from './panel-element';
import './run-notice';

/** The whole panel, from top to bottom: what file, the answer, the limit ruler, the layers, the selected layer. */
@customElement('prunability-panel')
export class PrunabilityPanel extends LitElement {
  @property({ attribute: false }) model: PanelModel | undefined;
  @property({ attribute: false }) host: PanelHost | undefined;
  private unsubscribe: (() => void) | undefined;

  static override styles = [
    sharedStyles,
    css`
      :host {
        height: 100vh;
        overflow-y: auto;
        container-type: size;
      }
      main {
        display: grid;
        grid-template-rows: auto auto auto auto minmax(0, 1fr);
        height: 100%;
      }
      .work {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 420px;
        min-height: 320px;
        border-top: 1px solid var(--pr-line);
      }
      @container (max-width: 1320px) {
        .work {
          grid-template-columns: minmax(0, 1fr) 360px;
        }
      }
      /* with a measurement there is more than fits */
      .measured {
        height: auto;
        grid-template-rows: none;
      }
      .measured layer-table {
        height: 440px;
      }
      /* too low or too narrow for all at once: the page scrolls, the table keeps a window of its own */
      @container (max-width: 1040px) or (max-height: 720px) {
        main {
          height: auto;
          grid-template-rows: none;
        }
        layer-table {
          height: 440px;
        }
      }
      @container (max-width: 1040px) {
        .work {
          grid-template-columns: minmax(0, 1fr);
        }
        layer-table {
          border-bottom: 1px solid var(--pr-line);
        }
      }
    `,
  ];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.unsubscribe?.();
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (!changed.has('model')) return;
    this.unsubscribe?.();
    this.unsubscribe = this.model?.subscribe(['analysis', 'measurement'], () => {
      this.requestUpdate();
    });
  }

  override render(): TemplateResult | typeof nothing {
    const { model, host } = this;
    if (model === undefined || host === undefined) return nothing;
    const failedAtOnce = model.status?.state === 'failed' && model.analysis.file === undefined;
    return html`<main
        class=${model.measured === undefined ? '' : 'measured'}
        @keydown=${this.key}
        @explain=${this.explain}
      >
        <panel-header .model=${model} .host=${host}></panel-header>
        <run-notice .model=${model} .host=${host}></run-notice>
        ${
          failedAtOnce
            ? nothing
            : html`<answer-section .model=${model}></answer-section>
                <limit-ruler .model=${model}></limit-ruler>
                ${model.measured === undefined ? nothing : html`<measured-section .model=${model} .host=${host}></measured-section>`}
                <div class="work">
                  <layer-table .model=${model}></layer-table>
                  <layer-detail .model=${model}></layer-detail>
                </div>`
        }
      </main>
      <explain-popover .model=${model}></explain-popover>`;
  }

  private readonly explain = (event: CustomEvent<ExplainRequest>): void => {
    void this.renderRoot.querySelector('explain-popover')?.show(event.detail);
  };

  private readonly key = (event: KeyboardEvent): void => {
    const typing = event.composedPath().some((target) => target instanceof HTMLInputElement);
    if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.renderRoot.querySelector('layer-table')?.focusFilter();
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'prunability-panel': PrunabilityPanel;
  }
}
