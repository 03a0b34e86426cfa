import * as l10n from '@vscode/l10n';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { percent } from '../../src/report/number-text';
import { icon } from '../style/icons';
import { noticeStyles } from '../style/notice-styles';
import { sharedStyles } from '../style/shared-styles';
import { PagePart } from './page-element';

/** A comparison that did not come to its end: what happened, where, what to do, and what still holds. */
@customElement('comparison-notice')
export class ComparisonNotice extends PagePart {
  static override styles = [sharedStyles, noticeStyles];

  override render(): TemplateResult | typeof nothing {
    const { status, subject } = this.page;
    const arrived = subject !== undefined && (subject.kind === 'run' ? subject.steps : subject.tensors).length > 0;
    if (status?.state === 'cancelled') {
      return html`<div class="notice cancelled" role="status">
        ${icon('warning')}
        <div>
          <p class="what">${l10n.t('Stopped at {0} of the files', percent(subject?.progress.fraction ?? 0))}</p>
          <p>
            ${
              arrived
                ? l10n.t('What is shown is of the part that was read. The figures of the whole may differ.')
                : l10n.t('Nothing has been compared.')
            }
          </p>
          ${this.buttons(l10n.t('Start again'))}
        </div>
      </div>`;
    }
    if (status?.state !== 'failed') return nothing;
    return html`<div class="notice failed" role="alert">
      ${icon('error')}
      <div>
        <p class="what">${status.message}</p>
        ${status.where === undefined ? nothing : html`<p class="muted mono">${status.where}</p>`}
        ${status.remedy === undefined ? nothing : html`<p>${status.remedy}</p>`}
        ${arrived ? html`<p class="muted">${l10n.t('What was read before is shown below.')}</p>` : nothing}
        ${this.buttons(l10n.t('Try again'))}
      </div>
    </div>`;
  }

  private buttons(again: string): TemplateResult {
    return html`<div class="buttons">
      <button
        @click=${() => {
          this.ask(this.host.call('restart', null));
        }}
      >
        ${again}
      </button>
      <button
        @click=${() => {
          this.ask(this.host.call('showLog', null));
        }}
      >
        ${l10n.t('Show log')}
      </button>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'comparison-notice': ComparisonNotice;
  }
}
