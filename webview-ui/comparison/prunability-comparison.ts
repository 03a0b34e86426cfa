import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { sharedStyles } from '../style/shared-styles';
import './compared-tensor';
import './compared-tensors';
import './comparison-answer-section';
import './comparison-header';
import './comparison-notice';
import type { ComparisonPage } from './comparison-page';
import type { ComparisonHost } from './connection';
import type { TermRequest } from './page-element';
import './run-charts';
import './run-heat-map';
import './run-steps';
import './term-popover';

/** The webview of a comparison of two checkpoints, or of the checkpoints of a run. */
@customElement('prunability-comparison')
export class PrunabilityComparison extends LitElement {
  @property({ attribute: false }) page: ComparisonPage | undefined;
  @property({ attribute: false }) host: ComparisonHost | undefined;
  private unsubscribe: (() => void) | undefined;

  static override styles = [
    sharedStyles,
    css`
      :host {
        height: 100vh;
        overflow-y: auto;
        container-type: size;
      }
      main.comparison {
        display: grid;
        grid-template-rows: auto auto auto minmax(0, 1fr);
        height: 100%;
      }
      .work {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 400px;
        min-height: 320px;
        border-top: 1px solid var(--pr-line);
      }
      @container (max-width: 1320px) {
        .work {
          grid-template-columns: minmax(0, 1fr) 360px;
        }
      }
      /* too low or too narrow for all at once: the page scrolls, the table keeps a window of its own */
      @container (max-width: 1040px) or (max-height: 640px) {
        main.comparison {
          height: auto;
          grid-template-rows: none;
        }
        compared-tensors {
          height: 440px;
        }
      }
      @container (max-width: 1040px) {
        .work {
          grid-template-columns: minmax(0, 1fr);
        }
        compared-tensors {
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
    if (!changed.has('page')) return;
    this.unsubscribe?.();
    this.unsubscribe = this.page?.subscribe(() => {
      this.requestUpdate();
    });
  }

  override render(): TemplateResult | typeof nothing {
    const { page, host } = this;
    if (page === undefined || host === undefined) return nothing;
    const { subject } = page;
    return html`<main class=${subject?.kind ?? 'waiting'} @keydown=${this.key} @explain-term=${this.explain}>
        <comparison-header .page=${page} .host=${host}></comparison-header>
        <comparison-notice .page=${page} .host=${host}></comparison-notice>
        <comparison-answer-section .page=${page} .host=${host}></comparison-answer-section>
        ${subject === undefined ? nothing : subject.kind === 'comparison' ? this.comparison(page, host) : run(page, host)}
      </main>
      <term-popover></term-popover>`;
  }

  private comparison(page: ComparisonPage, host: ComparisonHost): TemplateResult | typeof nothing {
    const { subject, status } = page;
    // what failed at once has nothing to list
    if (status?.state !== 'running' && subject?.kind === 'comparison' && subject.tensors.length === 0) return nothing;
    return html`<div class="work">
      <compared-tensors .page=${page} .host=${host}></compared-tensors>
      <compared-tensor .page=${page} .host=${host}></compared-tensor>
    </div>`;
  }

  private readonly explain = (event: CustomEvent<TermRequest>): void => {
    void this.renderRoot.querySelector('term-popover')?.show(event.detail);
  };

  private readonly key = (event: KeyboardEvent): void => {
    const typing = event.composedPath().some((target) => target instanceof HTMLInputElement);
    if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.renderRoot.querySelector('compared-tensors')?.focusFilter();
  };
}

function run(page: ComparisonPage, host: ComparisonHost): TemplateResult {
  return html`<run-charts .page=${page} .host=${host}></run-charts>
    <run-heat-map .page=${page} .host=${host}></run-heat-map>
    <run-steps .page=${page} .host=${host}></run-steps>`;
}

declare global {
  interface HTMLElementTagNameMap {
    'prunability-comparison': PrunabilityComparison;
  }
}
