import * as l10n from '@vscode/l10n';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { PanelHost } from '../host-connection';
import { grouped, percent } from '../../src/report/number-text';
import type { Topic } from '../model/panel-model';
import { icon } from '../style/icons';
import { noticeStyles } from '../style/notice-styles';
import { sharedStyles } from '../style/shared-styles';
import { PanelElement } from './panel-element';

/** A run that did not come to its end: what happened, where, what to do, and what still holds. */
@customElement('run-notice')
export class RunNotice extends PanelElement {
  @property({ attribute: false }) host!: PanelHost;
  protected readonly topics: readonly Topic[] = ['analysis'];

  static override styles = [sharedStyles, noticeStyles];

  override render(): TemplateResult | typeof nothing {
    const { status, analysis } = this.model;
    if (status?.state === 'cancelled') {
      const read = percent(analysis.progress().fraction);
      return html`<div class="notice cancelled" role="status">
        ${icon('warning')}
        <div>
          <p class="what">${l10n.t('Stopped at {0} of the file', read)}</p>
          <p>
            ${
              analysis.readCount === 0
                ? l10n.t('No layer has been read.')
                : l10n.t(
                    'What is shown is of {0} of {1} tensors. The whole model’s figures may differ.',
                    grouped(analysis.readCount),
                    grouped(analysis.tensors.length),
                  )
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
        ${
          analysis.readCount === 0
            ? nothing
            : html`<p class="muted">
                ${l10n.t('{0} of {1} tensors were read before; they are shown below.', grouped(analysis.readCount), grouped(analysis.tensors.length))}
              </p>`
        }
        ${this.buttons(l10n.t('Try again'))}
      </div>
    </div>`;
  }

  private buttons(again: string): TemplateResult {
    const call = (method: 'restart' | 'showLog'): void => {
      // a failure to start shows as the next status
      this.host.call(method, null).catch(() => undefined);
    };
    return html`<div class="buttons">
      <button
        @click=${() => {
          call('restart');
        }}
      >
        ${again}
      </button>
      <button
        @click=${() => {
          call('showLog');
        }}
      >
        ${l10n.t('Show log')}
      </button>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'run-notice': RunNotice;
  }
}
