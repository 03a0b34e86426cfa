import * as l10n from '@vscode/l10n';
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { icon } from '../style/icons';
import { sharedStyles } from '../style/shared-styles';
import { PagePart } from './page-element';

/** What can be done with a comparison or a run: stop it or start it again, swap its sides, write it to a file. */
@customElement('page-toolbar')
export class PageToolbar extends PagePart {
  @property({ type: Boolean }) swaps = false;
  /** A call to the host is under way: its button waits. */
  @state() private busy = false;

  static override styles = [
    sharedStyles,
    css`
      .toolbar {
        display: flex;
        flex-wrap: wrap;
        gap: 4px;
        margin: 0 -8px;
      }
      button {
        display: flex;
        align-items: center;
        gap: 4px;
        height: 24px;
        padding: 0 8px;
        border-radius: 4px;
      }
      button:hover:enabled {
        background: var(--vscode-toolbar-hoverBackground);
      }
      button:disabled {
        opacity: 0.5;
        cursor: default;
      }
    `,
  ];

  override render(): TemplateResult {
    const { status, subject } = this.page;
    const state = status?.state;
    // the notice under the header has a button of its own to start again
    const stopped = state === 'failed' || state === 'cancelled';
    const exportable = subject?.report !== undefined;
    return html`<div class="toolbar" role="toolbar" aria-label=${l10n.t('Comparison')}>
      ${
        state === 'running'
          ? html`<button @click=${() => this.wait('cancel')}>${icon('stop')}${l10n.t('Cancel')}</button>`
          : stopped || state === undefined
            ? nothing
            : html`<button ?disabled=${this.busy} @click=${() => this.wait('restart')}>
                ${icon('rerun')}${l10n.t('Again')}
              </button>`
      }
      ${
        this.swaps
          ? html`<button
              ?disabled=${this.busy}
              title=${l10n.t('Compare the other way round')}
              @click=${() => this.wait('swap')}
            >
              <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
                <path d="M2.5 5.5h10M10 3l2.5 2.5L10 8M13.5 10.5h-10M6 8l-2.5 2.5L6 13" /></svg
              >${l10n.t('Swap')}
            </button>`
          : nothing
      }
      ${this.exportButton('json', l10n.t('Export as JSON'), exportable)}
      ${this.exportButton('csv', l10n.t('Export as CSV'), exportable)}
    </div>`;
  }

  private exportButton(format: 'json' | 'csv', label: string, enabled: boolean): TemplateResult {
    return html`<button
      ?disabled=${!enabled}
      aria-label=${label}
      title=${label}
      @click=${() => {
        this.ask(this.host.call('export', { format }));
      }}
    >
      ${icon('export')}${format.toUpperCase()}
    </button>`;
  }

  private async wait(what: 'cancel' | 'restart' | 'swap'): Promise<void> {
    this.busy = true;
    try {
      await this.host.call(what, null);
    } catch {
      // what went wrong is told by the status that the host sends, and in its log
    } finally {
      this.busy = false;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'page-toolbar': PageToolbar;
  }
}
