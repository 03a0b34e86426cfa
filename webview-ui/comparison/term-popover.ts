import * as l10n from '@vscode/l10n';
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { icon } from '../style/icons';
import { sharedStyles } from '../style/shared-styles';
import { COMPARISON_TERMS, type ComparisonTerm } from './comparison-terms';
import type { TermRequest } from './page-element';

/** Space to the window's edges. */
const MARGIN = 8;

/** Beside a figure: what it is. One for the whole page. */
@customElement('term-popover')
export class TermPopover extends LitElement {
  @state() private what: ComparisonTerm | undefined;
  private anchor: HTMLElement | undefined;

  static override styles = [
    sharedStyles,
    css`
      [popover] {
        position: fixed;
        inset: auto;
        width: 360px;
        max-width: calc(100vw - 16px);
        max-height: calc(100vh - 16px);
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
        gap: 8px;
      }
      h2 {
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
      p {
        margin-top: 4px;
        text-wrap: pretty;
      }
    `,
  ];

  /** Opens under the figure's name, or above it where there is no room. */
  async show({ anchor, term }: TermRequest): Promise<void> {
    this.anchor = anchor;
    this.what = term;
    await this.updateComplete;
    const { box } = this;
    if (box === undefined) return;
    box.showPopover();
    const from = anchor.getBoundingClientRect();
    const size = box.getBoundingClientRect();
    const below = from.bottom + MARGIN / 2;
    const top = below + size.height <= innerHeight - MARGIN ? below : from.top - size.height - MARGIN / 2;
    box.style.left = `${String(Math.max(MARGIN, Math.min(from.left, innerWidth - size.width - MARGIN)))}px`;
    box.style.top = `${String(Math.max(MARGIN, top))}px`;
    box.focus();
  }

  private get box(): HTMLElement | undefined {
    return this.renderRoot.querySelector<HTMLElement>('[popover]') ?? undefined;
  }

  override render(): TemplateResult {
    const entry = this.what === undefined ? undefined : COMPARISON_TERMS[this.what];
    return html`<div
      popover="auto"
      role="dialog"
      aria-label=${entry?.title ?? l10n.t('Explanation')}
      tabindex="-1"
      @beforetoggle=${this.toggled}
    >
      ${
        entry === undefined
          ? nothing
          : html`<div class="head">
                <h2>${entry.title}</h2>
                <button class="close" aria-label=${l10n.t('Close')} @click=${this.close}>${icon('close')}</button>
              </div>
              <p>${entry.definition}</p>
              ${entry.notes.map((note) => html`<p class="muted">${note}</p>`)}`
      }
    </div>`;
  }

  private readonly close = (): void => {
    this.box?.hidePopover();
  };

  private readonly toggled = (event: ToggleEvent): void => {
    // the browser gives the focus back only to elements of the same tree
    if (event.newState === 'closed' && this.matches(':focus-within')) this.anchor?.focus();
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'term-popover': TermPopover;
  }
}
