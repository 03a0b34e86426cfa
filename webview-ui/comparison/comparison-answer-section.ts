import * as l10n from '@vscode/l10n';
import type { PruningComparison } from '../../src/report/comparison';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { fixed, limitPercent, NO_NUMBER } from '../../src/report/number-text';
import { icon } from '../style/icons';
import { sharedStyles } from '../style/shared-styles';
import { answerStyles } from './answer-styles';
import { comparisonAnswer, modelKurtosis } from './comparison-answer';
import { maskOverlap } from './comparison-columns';
import type { ComparisonModel } from './comparison-model';
import type { ComparisonTerm } from './comparison-terms';
import { beforeAfter, changeText, cosineText, intervalText, signed } from './difference-text';
import { emphasisedParts } from './emphasis';
import { PagePart } from './page-element';
import { runAnswer, type RunAnswer } from './run-answer';

/** What lies between the two, or what the run did, in one sentence; then the figures behind it. */
@customElement('comparison-answer-section')
export class ComparisonAnswerSection extends PagePart {
  static override styles = [sharedStyles, answerStyles];

  override render(): TemplateResult | typeof nothing {
    const { subject, status } = this.page;
    const answer = this.answer();
    if (answer === undefined && status?.state !== 'running') return nothing;
    return html`<section aria-label=${l10n.t('Answer')}>
      <div aria-live="polite" aria-atomic="true" aria-busy=${status?.state === 'running'}>
        ${answer === undefined ? skeleton() : sentence(answer)}
      </div>
      ${subject?.kind === 'comparison' ? this.figures(subject) : nothing}
      ${subject?.kind === 'comparison' ? warnings(subject) : nothing}
    </section>`;
  }

  private answer(): RunAnswer | undefined {
    const { subject, status } = this.page;
    if (status === undefined || subject === undefined) return undefined;
    if (subject.kind === 'run') return runAnswer(subject.steps, status);
    const { before, after, tensors, pair, pruning, report, progress } = subject;
    return comparisonAnswer({
      status,
      before,
      after,
      tensors,
      pair,
      pruning,
      complete: report !== undefined,
      fractionRead: progress.fraction,
    });
  }

  private figures(comparison: ComparisonModel): TemplateResult | typeof nothing {
    const { before, after, pair, pruning } = comparison;
    if (before === undefined || after === undefined) return nothing;
    const [kurtosisBefore, kurtosisAfter] = [modelKurtosis(before), modelKurtosis(after)];
    const overlap = maskOverlap(pair);
    const items: readonly (readonly [ComparisonTerm, string, string])[] = [
      [
        'limit',
        beforeAfter(limitText(before.limit), limitText(after.limit)),
        difference(before.limit, after.limit, (points) => l10n.t('{0} pp', signed(100 * points, 0))),
      ],
      [
        'kurtosis',
        beforeAfter(fixed(kurtosisBefore, 2), fixed(kurtosisAfter, 2)),
        difference(kurtosisBefore, kurtosisAfter, (by) => signed(by, 2)),
      ],
      ['zeros', beforeAfter(limitPercent(before.zeroFraction), limitPercent(after.zeroFraction)), ''],
      ...(pair === null
        ? []
        : ([
            ['cosine', cosineText(pair.cosineSimilarity), ''],
            ['relativeChange', changeText(pair.relativeChange), ''],
            ...(pruning === null ? [] : ruleFigures(pruning)),
            ...(overlap === null ? [] : [['maskOverlap', limitPercent(overlap), ''] as const]),
          ] as const)),
    ];
    return html`<dl class="figures">
      ${items.map(
        ([term, value, note]) =>
          html`<div>
            <dt>${this.term(term)}</dt>
            <dd>${value} <span>${note}</span></dd>
          </div>`,
      )}
    </dl>`;
  }
}

function ruleFigures({
  globalMagnitude,
  layerwiseMagnitude,
}: PruningComparison): readonly (readonly [ComparisonTerm, string, string])[] {
  return [
    ...(globalMagnitude === null ? [] : [['globalRule', intervalText(globalMagnitude.interval), ''] as const]),
    ['layerRule', intervalText(layerwiseMagnitude.interval), ''],
  ];
}

function limitText(limit: number | null): string {
  return limit === null ? NO_NUMBER : limitPercent(limit);
}

function difference(before: number | null, after: number | null, text: (by: number) => string): string {
  return before === null || after === null || before === after ? '' : text(after - before);
}

function skeleton(): TemplateResult {
  return html`<span class="hidden-text">${l10n.t('No answer yet: the files are being read.')}</span>
    <div class="bone"></div>
    <div class="bone"></div>`;
}

function sentence(answer: RunAnswer): TemplateResult {
  const words = html`<div>
    <p class="sentence">
      ${emphasisedParts(answer.sentence).map(({ text, isFigure }) => (isFigure ? html`<b>${text}</b>` : text))}
    </p>
    <p class="muted notes">${answer.notes.map((note) => html`<span>${note}</span> `)}</p>
  </div>`;
  return answer.tone === 'plain' ? words : html`<div class="caution">${icon('warning')}${words}</div>`;
}

function warnings(comparison: ComparisonModel): TemplateResult | typeof nothing {
  // the answer says in its own words that there is nothing to compare
  const told = comparison.warnings.filter(({ code }) => code !== 'nothing-in-common');
  if (told.length === 0) return nothing;
  return html`<ul class="warnings" aria-label=${l10n.t('Warnings')}>
    ${told.map(({ message }) => html`<li>${icon('warning')}<span>${message}</span></li>`)}
  </ul>`;
}

declare global {
  interface HTMLElementTagNameMap {
    'comparison-answer-section': ComparisonAnswerSection;
  }
}
