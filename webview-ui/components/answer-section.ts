import * as l10n from '@vscode/l10n';
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { LimitEstimate, ReportWarning } from '../../src/report/report';
import { answerFor, trainingVerdict, type Answer } from '../model/answer';
import { methodKind } from '../model/limit-pins';
import { fixed, limitPercent } from '../../src/report/number-text';
import type { Topic } from '../model/panel-model';
import { warningTitle } from '../model/warning-title';
import { icon } from '../style/icons';
import { sharedStyles } from '../style/shared-styles';
import { PanelElement } from './panel-element';

/** Warnings named beside the answer; all of them are one click away. */
const NAMED_WARNINGS = 2;

/** The answer in one sentence, and the three facts to judge it by. */
@customElement('answer-section')
export class AnswerSection extends PanelElement {
  protected readonly topics: readonly Topic[] = ['analysis', 'display', 'measurement'];

  static override styles = [
    sharedStyles,
    css`
      :host {
        container-type: inline-size;
      }
      section {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 16px 32px;
        padding: 16px 20px;
        min-height: 104px;
      }
      .sentence {
        font-size: 20px;
        line-height: 28px;
        max-width: 30em;
        text-wrap: balance;
        margin-bottom: 4px;
        color: var(--vscode-foreground);
      }
      .figure {
        font-weight: 600;
        color: var(--pr-strong);
        white-space: nowrap;
        text-decoration: underline 2px;
        text-underline-offset: 4px;
      }
      .figure:hover {
        text-decoration-thickness: 3px;
      }
      .safe {
        text-decoration-color: var(--pr-safe);
      }
      .utopia {
        text-decoration-color: var(--pr-utopia);
      }
      .caution {
        display: flex;
        gap: 10px;
      }
      .caution .icon {
        width: 20px;
        height: 20px;
        margin-top: 4px;
        color: var(--pr-warn);
      }
      .facts {
        display: flex;
        align-self: start;
        padding-top: 2px;
      }
      .facts > div {
        padding: 0 16px;
        border-left: 1px solid var(--pr-line);
        min-width: 112px;
      }
      .facts > div:last-child {
        padding-right: 0;
      }
      dt,
      dd {
        font-size: 12px;
        line-height: 18px;
        white-space: nowrap;
        color: var(--pr-muted);
      }
      dd.big {
        font-size: 13px;
        line-height: 22px;
        font-weight: 600;
        color: var(--pr-strong);
      }
      dd .link {
        display: block;
        line-height: 18px;
        max-width: 32ch;
        overflow: hidden;
        text-overflow: ellipsis;
      }
      .small {
        font-size: 12px;
      }
      .bone {
        height: 20px;
        border-radius: 4px;
        background: var(--pr-grid);
        margin-bottom: 8px;
        max-width: 420px;
      }
      .bone + .bone {
        max-width: 300px;
      }
      @container (max-width: 960px) {
        section {
          grid-template-columns: minmax(0, 1fr);
          padding-block: 16px;
        }
        .facts {
          flex-wrap: wrap;
          row-gap: 12px;
        }
        .facts > div:first-child {
          padding-left: 0;
          border-left: 0;
        }
      }
      @container (max-width: 640px) {
        .facts {
          display: grid;
          grid-template-columns: 1fr 1fr;
          gap: 12px 20px;
        }
        .facts > div {
          padding: 0;
          border: 0;
        }
        .facts > div:last-child {
          grid-column: 1 / -1;
        }
        dd .link {
          max-width: none;
        }
        .sentence {
          font-size: 18px;
          line-height: 26px;
        }
      }
    `,
  ];

  override render(): TemplateResult {
    const answer = this.answer();
    return html`<section aria-label=${l10n.t('Answer')}>
      <div aria-live="polite" aria-atomic="true" aria-busy=${this.model.status?.state === 'running'}>
        ${answer === undefined ? this.skeleton() : this.sentence(answer)}
      </div>
      ${this.model.analysis.update === undefined ? nothing : this.facts(this.model.analysis.update.warnings)}
    </section>`;
  }

  private answer(): Answer | undefined {
    const { status, analysis, scope, limits } = this.model;
    if (status === undefined || analysis.file === undefined) return undefined;
    return answerFor({
      status,
      scope,
      limits,
      warnings: analysis.update?.warnings ?? [],
      prunableTensors: analysis.groupSizes.weights + analysis.groupSizes.vectors,
      valueCount: this.model.curve?.count ?? 0,
      fractionRead: analysis.progress().fraction,
      measured: this.model.measured?.measurement !== undefined,
    });
  }

  private skeleton(): TemplateResult {
    return html`<span class="hidden-text">${l10n.t('No answer yet: the file is being read.')}</span>
      <div class="bone"></div>
      <div class="bone"></div>`;
  }

  private sentence({ sentence, note, tone }: Answer): TemplateResult {
    const words = html`<div>
      <p class="sentence">${sentence.map((part) => (typeof part === 'string' ? part : this.figure(part)))}</p>
      <span class="muted">${note} </span
      ><button
        class="link small"
        @click=${(event: Event) => {
          this.explain(
            event,
            this.model.limits.length > 0
              ? { kind: 'estimates', estimates: this.model.limits }
              : { kind: 'term', term: 'scope' },
          );
        }}
      >
        ${l10n.t('Assumptions and sources')}
      </button>
    </div>`;
    return tone === 'plain' ? words : html`<div class="caution">${icon('warning')}${words}</div>`;
  }

  private figure(estimate: LimitEstimate): TemplateResult {
    return html`<button
      class="figure ${methodKind(estimate.method)}"
      title=${l10n.t('Assumptions and sources')}
      @click=${(event: Event) => {
        this.explain(event, { kind: 'estimates', estimates: [estimate] });
      }}
    >
      ${limitPercent(estimate.prunedFraction)}
    </button>`;
  }

  private facts(warnings: readonly ReportWarning[]): TemplateResult {
    const model = this.model.analysis.update?.model;
    const status = this.model.status ?? { state: 'running' };
    const verdict = trainingVerdict(warnings, status, this.model.limits.length > 0);
    const [first, second] =
      this.model.scope === 'weights'
        ? [model?.kurtosisWeights, l10n.t('{0} over all parameters', fixed(model?.kurtosis, 2))]
        : [model?.kurtosis, l10n.t('{0} of the weights alone', fixed(model?.kurtosisWeights, 2))];
    return html`<dl class="facts">
      <div>
        <dt>${this.term('kurtosis', l10n.t('Kurtosis'))}</dt>
        <dd class="big">${fixed(first, 2)}</dd>
        <dd>${tails(first)}</dd>
        ${this.model.hasTwoScopes ? html`<dd>${second}</dd>` : nothing}
      </div>
      ${
        verdict === undefined
          ? nothing
          : html`<div>
              <dt>${this.term('training', l10n.t('Verdict'))}</dt>
              <dd class="big">${verdict.title}</dd>
              <dd>${verdict.detail}</dd>
            </div>`
      }
      <div>
        <dt>${l10n.t('Warnings')}</dt>
        <dd class="big">${warnings.length === 0 ? l10n.t('None') : warnings.length}</dd>
        ${warnings.length === 0 ? nothing : html`<dd>${this.warnings(warnings)}</dd>`}
      </div>
    </dl>`;
  }

  private warnings(warnings: readonly ReportWarning[]): TemplateResult {
    const more = warnings.length - NAMED_WARNINGS;
    return html`${warnings.slice(0, NAMED_WARNINGS).map(
      (warning) =>
        html`<button
          class="link"
          title=${warning.message}
          @click=${(event: Event) => {
            const only = warning.tensors?.length === 1 ? warning.tensors[0] : undefined;
            if (only !== undefined) this.model.reveal(only);
            this.explain(event, { kind: 'warnings', warnings: [warning] });
          }}
        >
          ${warningTitle(warning)}
        </button>`,
    )}${
      more > 0
        ? html`<button
            class="link"
            @click=${(event: Event) => {
              this.explain(event, { kind: 'warnings', warnings });
            }}
          >
            ${l10n.t('and {0} more', more)}
          </button>`
        : nothing
    }`;
  }

  private term(term: 'kurtosis' | 'training', name: string): TemplateResult {
    return html`<button
      class="term"
      @click=${(event: Event) => {
        this.explain(event, { kind: 'term', term });
      }}
    >
      ${name}
    </button>`;
  }
}

function tails(kurtosis: number | null | undefined): string {
  if (kurtosis === null || kurtosis === undefined) return l10n.t('not defined');
  if (kurtosis > 3.15) return l10n.t('heavier tails than Gaussian');
  return kurtosis < 2.85 ? l10n.t('lighter tails than Gaussian') : l10n.t('tails of a Gaussian');
}

declare global {
  interface HTMLElementTagNameMap {
    'answer-section': AnswerSection;
  }
}
