import * as l10n from '@vscode/l10n';
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { RunStep } from '../../src/report/comparison';
import { nameText } from '../../src/report/name-text';
import { fixed, limitPercent, NO_NUMBER } from '../../src/report/number-text';
import { sharedStyles } from '../style/shared-styles';
import { changeText, cosineText } from './difference-text';
import { PagePart } from './page-element';
import { stepKurtosis } from './run-answer';
import type { RunModel } from './run-model';

/** The checkpoints of a run with their figures: each opens its analysis, two of them can be compared. */
@customElement('run-steps')
export class RunSteps extends PagePart {
  static override styles = [
    sharedStyles,
    css`
      :host {
        padding: 12px 20px 16px;
        border-top: 1px solid var(--pr-line);
      }
      .bar {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 4px 16px;
        min-height: 28px;
      }
      .compare {
        padding: 2px 12px;
        border-radius: 4px;
        color: var(--vscode-button-foreground);
        background: var(--vscode-button-background);
        border: 1px solid var(--vscode-button-border, transparent);
      }
      .compare:hover:enabled {
        background: var(--vscode-button-hoverBackground);
      }
      .compare:disabled {
        color: var(--pr-muted);
        background: var(--pr-faint);
        cursor: default;
      }
      .scroll {
        overflow: auto;
        max-height: 60vh;
        margin-top: 4px;
      }
      table {
        width: 100%;
        border-collapse: collapse;
      }
      th,
      td {
        padding: 0 8px;
        line-height: 24px;
        text-align: right;
        font-weight: 400;
        white-space: nowrap;
      }
      thead th {
        position: sticky;
        top: 0;
        font-size: 12px;
        color: var(--pr-muted);
        background: var(--vscode-editor-background);
        border-bottom: 1px solid var(--pr-line);
      }
      .left {
        text-align: left;
      }
      .file {
        max-width: 320px;
      }
      .file button {
        display: block;
        max-width: 100%;
        overflow: hidden;
        text-overflow: ellipsis;
        unicode-bidi: isolate;
      }
      .reason {
        white-space: normal;
        overflow-wrap: anywhere;
        line-height: 20px;
        color: var(--pr-warn-text);
      }
      tr:hover td,
      tr:hover th[scope='row'] {
        background: var(--pr-hover);
      }
      :host-context(body.vscode-dark) input,
      :host-context(body.vscode-high-contrast:not(.vscode-high-contrast-light)) input {
        color-scheme: dark;
      }
      input {
        accent-color: var(--vscode-button-background);
        margin: 0;
        vertical-align: middle;
      }
    `,
  ];

  override render(): TemplateResult | typeof nothing {
    const { subject } = this.page;
    if (subject?.kind !== 'run' || subject.steps.length === 0) return nothing;
    const pair = subject.chosenPair;
    return html`<div class="bar">
        <h2>${l10n.t('Checkpoints')}</h2>
        <button
          class="compare"
          ?disabled=${pair === undefined}
          @click=${() => {
            if (pair === undefined) return;
            const [before, after] = pair;
            this.ask(this.host.call('compare', { before: before.file.path, after: after.file.path }));
          }}
        >
          ${
            pair === undefined
              ? l10n.t('Compare two steps')
              : l10n.t('Compare step {0} with step {1}', String(pair[0].step), String(pair[1].step))
          }
        </button>
        ${pair === undefined ? html`<span class="muted">${l10n.t('Choose two of them.')}</span>` : nothing}
      </div>
      <div class="scroll" tabindex="0" role="region" aria-label=${l10n.t('Checkpoints')}>
        <table>
          <thead>
            <tr>
              <th class="left" scope="col"><span class="hidden-text">${l10n.t('Compare')}</span></th>
              <th scope="col">${l10n.t('Step')}</th>
              <th class="left" scope="col">${l10n.t('File')}</th>
              <th scope="col">${l10n.t('Limit')}</th>
              <th scope="col">${l10n.t('Kurtosis')}</th>
              <th scope="col">${l10n.t('Zeros')}</th>
              <th scope="col">${l10n.t('Change')}</th>
              <th scope="col">${l10n.t('Cosine to the step before')}</th>
              <th scope="col">${l10n.t('Cosine to the first step')}</th>
            </tr>
          </thead>
          <tbody>
            ${subject.steps.map((step) => this.step(subject, step))}
          </tbody>
        </table>
      </div>`;
  }

  private step(run: RunModel, step: RunStep): TemplateResult {
    const { file, limit, zeroFraction, toPrevious, toFirst, unreadable } = step;
    const name = nameText(file.path.split(/[/\\]/).at(-1) ?? '');
    const number = String(step.step);
    return html`<tr>
      <td class="left">
        <input
          type="checkbox"
          aria-label=${l10n.t('Choose step {0} for comparison', number)}
          ?disabled=${unreadable !== undefined}
          .checked=${run.view.chosen.includes(file.path)}
          @change=${() => {
            this.page.choose(() => {
              run.toggleChosen(file.path);
            });
          }}
        />
      </td>
      <th scope="row">${number}</th>
      <td class="left file">
        <button
          class="link"
          title=${nameText(file.path)}
          @click=${() => {
            this.ask(this.host.call('open', { path: file.path }));
          }}
        >
          ${name}
        </button>
      </td>
      ${
        unreadable === undefined
          ? html`<td>${limit === null ? NO_NUMBER : limitPercent(limit)}</td>
              <td>${fixed(stepKurtosis(step), 2)}</td>
              <td>${limitPercent(zeroFraction)}</td>
              <td>${changeText(toPrevious?.relativeChange)}</td>
              <td>${cosineText(toPrevious?.cosineSimilarity)}</td>
              <td>${cosineText(toFirst?.cosineSimilarity)}</td>`
          : html`<td class="left reason" colspan="6">${l10n.t('Not readable: {0}', nameText(unreadable))}</td>`
      }
    </tr>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'run-steps': RunSteps;
  }
}
