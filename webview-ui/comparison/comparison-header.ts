import * as l10n from '@vscode/l10n';
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { nameText } from '../../src/report/name-text';
import { byteSize, duration, grouped, percent } from '../../src/report/number-text';
import { sharedStyles } from '../style/shared-styles';
import { progressBar, progressBarStyles } from '../components/progress-bar';
import type { ComparisonModel } from './comparison-model';
import { PagePart } from './page-element';
import './page-toolbar';
import type { RunModel } from './run-model';

/** Which two files, or which run; how far it is; and what can be done. */
@customElement('comparison-header')
export class ComparisonHeader extends PagePart {
  static override styles = [
    sharedStyles,
    progressBarStyles,
    css`
      :host {
        position: relative;
        border-bottom: 1px solid var(--pr-line);
      }
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 4px 24px;
        padding: 8px 20px;
        min-height: 40px;
      }
      h1 {
        font-size: inherit;
        line-height: 20px;
        font-weight: 600;
        color: var(--pr-strong);
        overflow-wrap: anywhere;
      }
      h1.run {
        flex: 1 1 auto;
        unicode-bidi: isolate;
      }
      .sides {
        display: grid;
        grid-template-columns: auto auto minmax(0, 1fr);
        gap: 0 12px;
        align-items: baseline;
        flex: 1 1 320px;
        min-width: 0;
      }
      .sides > .muted {
        white-space: nowrap;
      }
      .sides .facts {
        text-wrap: pretty;
        white-space: normal;
      }
      .side {
        font-weight: 600;
        overflow-wrap: anywhere;
        unicode-bidi: isolate;
      }
      .state {
        flex: 0 1 auto;
      }
      @media (max-width: 640px) {
        .sides {
          grid-template-columns: auto minmax(0, 1fr);
        }
        .sides .facts {
          grid-column: 2;
        }
      }
    `,
  ];

  override render(): TemplateResult | typeof nothing {
    const { subject, status } = this.page;
    return html`<header>
        ${subject === undefined ? html`<h1>Prunability</h1>` : subject.kind === 'comparison' ? this.sides(subject) : runName(subject)}
        <span class="muted state">${this.stateText()}</span>
        <page-toolbar .page=${this.page} .host=${this.host} ?swaps=${subject?.kind === 'comparison'}></page-toolbar>
      </header>
      ${status?.state === 'running' ? progressBar(l10n.t('Reading the files'), this.page.subject?.progress.fraction ?? 0, this.progressText()) : nothing}`;
  }

  private sides(comparison: ComparisonModel): TemplateResult {
    return html`<h1 class="hidden-text">${l10n.t('Comparison of {0} and {1}', ...comparison.labels.map(nameText))}</h1>
      <div class="sides">
        ${this.side(comparison, 0, l10n.t('Before'))} ${this.side(comparison, 1, l10n.t('After'))}
      </div>`;
  }

  private side(comparison: ComparisonModel, at: 0 | 1, role: string): TemplateResult {
    const path = comparison.paths[at];
    const label = nameText(comparison.labels[at]);
    const file = (at === 0 ? comparison.before : comparison.after)?.file;
    const facts =
      file === undefined
        ? []
        : [
            file.formatLabel,
            file.files > 1
              ? l10n.t('{0} in {1} files', byteSize(file.bytes), grouped(file.files))
              : byteSize(file.bytes),
          ];
    return html`<span class="muted">${role}</span>
      <button
        class="link side"
        dir="auto"
        title=${nameText(path)}
        aria-label=${l10n.t('Open the analysis of {0}', label)}
        @click=${() => {
          this.ask(this.host.call('open', { path }));
        }}
      >
        ${label}
      </button>
      <span class="muted facts">${facts.join(' · ')}</span>`;
  }

  private stateText(): string {
    const { status, subject } = this.page;
    if (subject === undefined) return '';
    const steps = subject.kind === 'run' ? l10n.t('{0} checkpoints', grouped(subject.steps.length)) : undefined;
    const state =
      status?.state === 'complete' ? l10n.t('compared in {0}', duration(status.seconds)) : this.progressText();
    return [steps, state].filter((text) => text !== undefined && text !== '').join(' · ');
  }

  private progressText(): string {
    const { status, subject } = this.page;
    if (status?.state !== 'running') return '';
    const { fraction, secondsLeft } = subject?.progress ?? { fraction: 0 };
    if (fraction === 0) return l10n.t('opening…');
    return secondsLeft === undefined || secondsLeft < 1
      ? l10n.t('{0} read', percent(fraction))
      : l10n.t('{0} read, {1} left', percent(fraction), duration(Math.ceil(secondsLeft)));
  }
}

function runName({ name, folder }: RunModel): TemplateResult {
  return html`<h1 class="run" dir="auto" title=${nameText(folder)}>${nameText(name)}</h1>`;
}

declare global {
  interface HTMLElementTagNameMap {
    'comparison-header': ComparisonHeader;
  }
}
