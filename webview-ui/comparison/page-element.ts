import { html, LitElement, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { ComparisonPage } from './comparison-page';
import { COMPARISON_TERMS, type ComparisonTerm } from './comparison-terms';
import type { ComparisonHost } from './connection';

export interface TermRequest {
  readonly anchor: HTMLElement;
  readonly term: ComparisonTerm;
}

declare global {
  interface HTMLElementEventMap {
    'explain-term': CustomEvent<TermRequest>;
  }
}

/** A part of the page of a comparison or a run: draws itself again when the page changes. */
export abstract class PagePart extends LitElement {
  @property({ attribute: false }) page!: ComparisonPage;
  @property({ attribute: false }) host!: ComparisonHost;
  private unsubscribe: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.unsubscribe = this.page.subscribe(() => {
      this.requestUpdate();
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.unsubscribe?.();
  }

  /** A name that explains itself when clicked. */
  protected term(term: ComparisonTerm, name: string = COMPARISON_TERMS[term].title): TemplateResult {
    return html`<button
      class="term"
      @click=${(event: Event) => {
        const anchor = event.currentTarget;
        if (!(anchor instanceof HTMLElement)) return;
        const detail: TermRequest = { anchor, term };
        this.dispatchEvent(new CustomEvent('explain-term', { detail, bubbles: true, composed: true }));
      }}
    >
      ${name}
    </button>`;
  }

  /** Makes a call whose failure the host tells by itself: as a message, as the next status, or in its log. */
  protected ask(call: Promise<unknown>): void {
    call.catch(() => undefined);
  }
}
