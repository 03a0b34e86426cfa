import * as l10n from '@vscode/l10n';
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { AnalysisSummary, ModelDescription, UnreadableDescription } from '../../src/protocol/description';
import type { SummaryState } from '../../src/protocol/summary';
import { emphasisedParts } from '../comparison/emphasis';
import { nameText } from '../../src/report/name-text';
import { byteSize, fixed, grouped, limitPercent, percent, shortCount } from '../../src/report/number-text';
import { cssomStyle } from '../style/cssom-style';
import { icon } from '../style/icons';
import { sharedStyles } from '../style/shared-styles';
import type { SummaryHost, SummaryView } from './connection';
import { histogramPicture, miniRuler } from './pictures';
import { ageText, dtypeMix, shortAnswer } from './summary-text';
import { summaryStyles } from './summary-styles';

/** The age of an analysis is told to the minute. */
const MINUTE_MS = 60_000;
/** From this many values on, the count is shortened. */
const LARGE_COUNT = 1e6;
/** Room of the pictures in the narrowest side bar. */
const LEAST_WIDTH = 120;

type ShownModel = Extract<SummaryState, { state: 'model' }>;

/** The compact view of the selected model, made for a side bar of some 300 pixels. */
@customElement('prunability-summary')
export class PrunabilitySummary extends LitElement implements SummaryView {
  @property({ attribute: false }) host: SummaryHost | undefined;
  /** Undefined until the host has answered. */
  @property({ attribute: false }) shown: SummaryState | undefined;
  /** Why the host cannot be reached. */
  @property({ attribute: false }) failure: string | undefined;
  @state() private width = 0;
  private clock: ReturnType<typeof setInterval> | undefined;
  private readonly resize = new ResizeObserver(([entry]) => {
    if (entry !== undefined) this.width = Math.floor(entry.contentRect.width);
  });

  static override styles = [sharedStyles, summaryStyles];

  override connectedCallback(): void {
    super.connectedCallback();
    this.resize.observe(this);
    this.clock = setInterval(() => {
      this.requestUpdate();
    }, MINUTE_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resize.disconnect();
    clearInterval(this.clock);
  }

  override render(): TemplateResult {
    const { shown, failure } = this;
    return html`<main aria-label=${l10n.t('Selected model')}>
      ${
        failure !== undefined
          ? html`<p role="alert">${failure}</p>`
          : shown === undefined
            ? nothing
            : shown.state === 'none'
              ? html`<p>
                  ${l10n.t('Select a model in the list, or open a model file, to see how far it can be pruned.')}
                </p>`
              : this.model(shown)
      }
    </main>`;
  }

  private model(shown: ShownModel): TemplateResult {
    const { name, path, description } = shown;
    return html`<h1>
        <button
          class="name"
          dir="auto"
          title=${nameText(path)}
          @click=${() => {
            this.ask('open', path);
          }}
        >
          ${nameText(name)}
        </button>
      </h1>
      ${
        description === null
          ? html`<p class="facts" role="status">${l10n.t('Reading the header…')}</p>`
          : description.state === 'unreadable'
            ? unreadable(description)
            : this.readable(shown, description)
      }`;
  }

  private readable(shown: ShownModel, description: ModelDescription): TemplateResult {
    const { path, progress } = shown;
    const { analysis, prunableCount } = description;
    return html`<p class="facts">${facts(description)}</p>
      ${
        progress !== null
          ? this.running(path, progress)
          : analysis !== null
            ? this.found(analysis)
            : prunableCount === 0
              ? html`<p>${l10n.t('Nothing to prune: no floating-point weights.')}</p>`
              : html`<p>${l10n.t('Not analyzed yet.')}</p>`
      }
      ${progress === null ? this.buttons(path, description) : nothing}
      ${progress === null && analysis !== null ? warningList(analysis) : nothing}`;
  }

  private running(path: string, progress: number): TemplateResult {
    const text = l10n.t('Analyzing: {0}', percent(progress));
    return html`<div>
        <p>${text}</p>
        <div
          class="bar"
          role="progressbar"
          aria-label=${l10n.t('Analysis')}
          aria-valuemin="0"
          aria-valuemax="100"
          aria-valuenow=${Math.floor(100 * progress)}
        >
          <i ${cssomStyle({ transform: `scaleX(${progress.toFixed(4)})` })}></i>
        </div>
      </div>
      <div class="buttons">
        <button
          @click=${() => {
            this.ask('cancel', path);
          }}
        >
          ${l10n.t('Cancel')}
        </button>
      </div>`;
  }

  private found(analysis: AnalysisSummary): TemplateResult {
    const { sentence, tone } = shortAnswer(analysis);
    const words = html`<p class="sentence">
      ${emphasisedParts(sentence).map(({ text, isFigure }) => (isFigure ? html`<b>${text}</b>` : text))}
    </p>`;
    // the box has 16 pixels of padding on both sides
    const width = Math.max(LEAST_WIDTH, this.width);
    const { kurtosis, zeroFraction, analyzedAt, histogram } = analysis;
    return html`${tone === 'plain' ? words : html`<div class="caution">${icon('warning')}${words}</div>`}
      <div class=${analysis.initialisation === 'at-initialisation' ? 'doubtful' : ''}>
        ${miniRuler(analysis, width)} ${histogram === null ? nothing : histogramPicture(histogram, width)}
      </div>
      <dl>
        <dt>${l10n.t('Kurtosis')}</dt>
        <dd>${fixed(kurtosis, 2)}</dd>
        <dt>${l10n.t('Zeros')}</dt>
        <dd>${limitPercent(zeroFraction)}</dd>
        <dt>${l10n.t('Analyzed')}</dt>
        <dd>${ageText(analyzedAt, Date.now(), document.documentElement.lang)}</dd>
      </dl>`;
  }

  private buttons(path: string, { analysis, prunableCount }: ModelDescription): TemplateResult {
    const button = (method: 'analyze' | 'open' | 'compare', label: string, primary: boolean): TemplateResult =>
      html`<button
        class=${primary ? 'primary' : ''}
        @click=${() => {
          this.ask(method, path);
        }}
      >
        ${label}
      </button>`;
    return html`<div class="buttons">
      ${
        analysis === null
          ? prunableCount === 0
            ? nothing
            : button('analyze', l10n.t('Analyze'), true)
          : button('open', l10n.t('Open the analysis'), true)
      }
      ${button('compare', l10n.t('Compare with…'), false)}
    </div>`;
  }

  private ask(method: 'analyze' | 'cancel' | 'open' | 'compare', path: string): void {
    // what goes wrong the host tells as the next state, or as a message of its own
    this.host?.call(method, { path }).catch(() => undefined);
  }
}

function warningList({ warnings }: AnalysisSummary): TemplateResult | typeof nothing {
  if (warnings.length === 0) return nothing;
  return html`<ul class="warnings" aria-label=${l10n.t('Warnings')}>
    ${warnings.map((message) => html`<li title=${message}>${icon('warning')}<span>${message}</span></li>`)}
  </ul>`;
}

function facts(description: ModelDescription): string {
  const { file, count, prunableCount, tensorCount } = description;
  const countText = (values: number): string => (values < LARGE_COUNT ? grouped(values) : shortCount(values));
  return [
    file.formatLabel,
    prunableCount > 0
      ? l10n.t('{0} parameters', countText(prunableCount))
      : l10n.t('{0} values, none to prune', countText(count)),
    tensorCount === 1 ? l10n.t('one tensor') : l10n.t('{0} tensors', grouped(tensorCount)),
    dtypeMix(description),
    file.files > 1 ? l10n.t('{0} in {1} files', byteSize(file.bytes), grouped(file.files)) : byteSize(file.bytes),
  ]
    .filter((fact) => fact !== '')
    .join(' · ');
}

function unreadable({ reason, remedy, offset, tensor, path }: UnreadableDescription): TemplateResult {
  const where = [
    path,
    ...(tensor === undefined ? [] : [l10n.t('tensor {0}', nameText(tensor))]),
    ...(offset === undefined ? [] : [l10n.t('byte {0}', grouped(offset))]),
  ].map(nameText);
  return html`<div class="unreadable" role="alert">
    ${icon('error')}
    <div>
      <p>${l10n.t('Not readable: {0}', reason)}</p>
      <p class="muted">${where.join(', ')}</p>
      <p>${remedy}</p>
    </div>
  </div>`;
}

declare global {
  interface HTMLElementTagNameMap {
    'prunability-summary': PrunabilitySummary;
  }
}
