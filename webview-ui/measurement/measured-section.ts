import * as l10n from '@vscode/l10n';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { PanelElement } from '../components/panel-element';
import { progressBar } from '../components/progress-bar';
import type { PanelHost } from '../host-connection';
import type { Topic } from '../model/panel-model';
import type { MeasurementState, MeasurementStatus } from '../../src/protocol/panel';
import { duration, percent } from '../../src/report/number-text';
import { icon, type IconName } from '../style/icons';
import { sharedStyles } from '../style/shared-styles';
import './crossing-chart';
import './epsilon-control';
import { measuredAnswer, type AnswerFigure } from './measured-answer';
import { measuredSectionStyles } from './measured-section-styles';
import { MEASUREMENT_TABS, type MeasurementTab } from './measurement-choices';
import './measurement-facts';
import './sensitivity-map';
import './sparsity-chart';
import './spectrum-chart';

const TAB_NAMES: Readonly<Record<MeasurementTab, string>> = {
  prediction: l10n.t('Prediction'),
  sensitivity: l10n.t('Sensitivity'),
  facts: l10n.t('Measurement'),
};

/** What has been measured with data: the answer, the loss by pruned fraction, and what the prediction is made of. */
@customElement('measured-section')
export class MeasuredSection extends PanelElement {
  @property({ attribute: false }) host!: PanelHost;
  protected readonly topics: readonly Topic[] = ['measurement'];

  static override styles = [sharedStyles, measuredSectionStyles];

  override render(): TemplateResult | typeof nothing {
    const { measured } = this.model;
    if (measured === undefined) return nothing;
    const { measurement, status } = measured;
    return html`<section aria-label=${l10n.t('Measured with data')}>
      <div class="bar">
        <h2>${l10n.t('Measured with data')}</h2>
        <span class="muted state">${stateText(status, measurement?.seconds)}</span>
        ${this.buttons(measured)}
        ${status.state === 'running' ? progressBar(l10n.t('Measuring'), share(status), stateText(status)) : nothing}
      </div>
      ${this.notice(status)} ${measurement === undefined ? nothing : this.content()}
    </section>`;
  }

  private buttons({ measurement, status }: MeasurementState): TemplateResult {
    const button = (what: Asked, sign: IconName, text: string): TemplateResult =>
      html`<button
        class="action"
        @click=${() => {
          this.ask(what);
        }}
      >
        ${icon(sign)}${text}
      </button>`;
    if (status.state === 'running') return button('cancelMeasurement', 'stop', l10n.t('Cancel'));
    const again = button('measure', 'rerun', l10n.t('Measure again…'));
    return status.state === 'complete' || measurement === undefined
      ? again
      : html`${button('continueMeasurement', 'play', l10n.t('Continue'))}${again}`;
  }

  private notice(status: MeasurementStatus): TemplateResult | typeof nothing {
    if (status.state === 'cancelled') {
      return html`<div class="notice" role="status">
        ${icon('warning')}
        <p>${l10n.t('The measurement was stopped: what is shown had been measured by then, and is kept.')}</p>
      </div>`;
    }
    if (status.state === 'running' && status.remaining !== undefined && status.remaining > LONG_SECONDS) {
      return html`<p class="muted">
        ${l10n.t('Fewer samples take less time: stop, set "samples" in .prunability.json beside the model, and measure again.')}
      </p>`;
    }
    if (status.state !== 'failed') return nothing;
    return html`<div class="notice failed" role="alert">
      ${icon('error')}
      <div>
        <p class="what">${status.message}</p>
        ${status.where === undefined ? nothing : html`<p class="muted mono">${status.where}</p>`}
        ${status.remedy === undefined ? nothing : html`<p>${status.remedy}</p>`}
        <button
          class="link"
          @click=${() => {
            this.ask('showLog');
          }}
        >
          ${l10n.t('Show log')}
        </button>
      </div>
    </div>`;
  }

  private content(): TemplateResult {
    const { model } = this;
    const { tab } = model.view.measured;
    return html`${this.answer()}
      <epsilon-control .model=${model}></epsilon-control>
      <sparsity-chart .model=${model}></sparsity-chart>
      <div class="tabs" role="tablist" aria-label=${l10n.t('Parts of the measurement')} @keydown=${this.tabKey}>
        ${MEASUREMENT_TABS.map(
          (id) =>
            html`<button
              role="tab"
              id="tab-${id}"
              aria-selected=${tab === id}
              aria-controls="tab-panel"
              tabindex=${tab === id ? 0 : -1}
              @click=${() => {
                model.chooseMeasured({ tab: id });
              }}
            >
              ${TAB_NAMES[id]}
            </button>`,
        )}
      </div>
      <div id="tab-panel" class=${tab} role="tabpanel" aria-labelledby="tab-${tab}">${this.tabContent(tab)}</div>`;
  }

  private tabContent(tab: MeasurementTab): TemplateResult {
    const { model } = this;
    switch (tab) {
      case 'prediction':
        return html`<crossing-chart .model=${model}></crossing-chart><spectrum-chart .model=${model}></spectrum-chart>`;
      case 'sensitivity':
        return html`<sensitivity-map .model=${model}></sensitivity-map>`;
      case 'facts':
        return html`<measurement-facts .model=${model}></measurement-facts>`;
    }
  }

  private answer(): TemplateResult | typeof nothing {
    const { figures } = this.model;
    const answer = figures === undefined ? undefined : measuredAnswer(figures);
    if (figures === undefined || answer === undefined) return nothing;
    const { sentence, comparison } = answer;
    return html`<div class="answer" aria-live="polite">
        <p class="sentence">${sentence.map((part) => (typeof part === 'string' ? part : this.figure(part)))}</p>
        ${comparison === undefined ? nothing : html`<p class=${comparison.agrees ? 'muted' : 'disagree'}>${comparison.text}</p>`}
      </div>
      ${
        figures.warnings.length === 0
          ? nothing
          : html`<ul class="warnings" aria-label=${l10n.t('Warnings')}>
              ${figures.warnings.map((warning) => html`<li>${icon('warning')}<span>${warning}</span></li>`)}
            </ul>`
      }`;
  }

  private figure({ text, term }: AnswerFigure): TemplateResult {
    return html`<button
      class="figure ${term}"
      title=${l10n.t('What this is')}
      @click=${(event: Event) => {
        this.explain(event, { kind: 'term', term });
      }}
    >
      ${text}
    </button>`;
  }

  private readonly tabKey = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const count = MEASUREMENT_TABS.length;
    const at = MEASUREMENT_TABS.indexOf(this.model.view.measured.tab);
    const tab = MEASUREMENT_TABS[(at + step + count) % count];
    if (tab !== undefined) this.model.chooseMeasured({ tab });
    void this.updateComplete.then(() => {
      this.renderRoot.querySelector<HTMLElement>('[role=tab][tabindex="0"]')?.focus();
    });
  };

  private ask(what: Asked): void {
    // a failure shows as the next status
    this.host.call(what, null).catch(() => undefined);
  }
}

/** A step of the measurement that takes longer is perhaps not what was wanted. */
const LONG_SECONDS = 15 * 60;

/** Calls to the host that a button makes. */
type Asked = 'measure' | 'continueMeasurement' | 'cancelMeasurement' | 'showLog';

type Running = Extract<MeasurementStatus, { readonly state: 'running' }>;

/** In [0, 1]; 0 where it is not known. */
function share({ done, total }: Running): number {
  return total > 0 ? Math.min(1, done / total) : 0;
}

function runningText(status: Running): string {
  const { stage, total, remaining } = status;
  return [
    stage,
    ...(total > 0 ? [percent(share(status))] : []),
    ...(remaining === undefined ? [] : [l10n.t('{0} left', duration(remaining))]),
  ].join(' · ');
}

function stateText(status: MeasurementStatus, seconds?: number): string {
  switch (status.state) {
    case 'running':
      return runningText(status);
    case 'cancelled':
      return l10n.t('stopped');
    case 'failed':
      return l10n.t('failed');
    case 'complete':
      return seconds === undefined ? '' : l10n.t('in {0}', duration(seconds));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'measured-section': MeasuredSection;
  }
}
