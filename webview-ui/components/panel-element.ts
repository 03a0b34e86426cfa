import { LitElement } from 'lit';
import { property } from 'lit/decorators.js';
import type { LimitEstimate, ReportWarning } from '../../src/report/report';
import type { Term } from '../model/glossary';
import type { PanelModel, Topic } from '../model/panel-model';

/** What the reader wants explained. */
export type Explanation =
  | { readonly kind: 'term'; readonly term: Term }
  | { readonly kind: 'estimates'; readonly estimates: readonly LimitEstimate[] }
  | { readonly kind: 'warnings'; readonly warnings: readonly ReportWarning[] };

export interface ExplainRequest {
  readonly anchor: Element;
  readonly what: Explanation;
}

declare global {
  interface HTMLElementEventMap {
    explain: CustomEvent<ExplainRequest>;
  }
}

/** A part of the panel: draws itself again when the topics that it names change. */
export abstract class PanelElement extends LitElement {
  @property({ attribute: false }) model!: PanelModel;

  protected abstract readonly topics: readonly Topic[];
  private unsubscribe: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.unsubscribe = this.model.subscribe(this.topics, () => {
      this.modelChanged();
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.unsubscribe?.();
  }

  /** What a change does; by default the element is drawn again before the next frame. */
  protected modelChanged(): void {
    this.requestUpdate();
  }

  /** Asks the panel to explain something beside the element that was clicked. */
  protected explain(event: Event, what: Explanation): void {
    const anchor = event.currentTarget;
    if (!(anchor instanceof Element)) return;
    const detail: ExplainRequest = { anchor, what };
    this.dispatchEvent(new CustomEvent('explain', { detail, bubbles: true, composed: true }));
  }
}
