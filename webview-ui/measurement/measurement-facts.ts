import * as l10n from '@vscode/l10n';
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { BackendFacts, LossKind, Measurement } from '../../src/report/measurement';
import { nameText } from '../../src/report/name-text';
import { duration, grouped, percent, significant } from '../../src/report/number-text';
import { landscapeAssumptions } from '../../src/limits/landscape-warnings';
import { PanelElement } from '../components/panel-element';
import type { Topic } from '../model/panel-model';
import { sharedStyles } from '../style/shared-styles';
import { figureText, thresholdText } from './measured-answer';
import type { MeasuredFigures } from '../../src/limits/measured-figures';

const BACKENDS: Readonly<Record<BackendFacts['name'], string>> = {
  tensorflow: 'TensorFlow',
  webgpu: 'WebGPU',
  wasm: 'WebAssembly',
  cpu: 'JavaScript',
};

const LOSSES: Readonly<Record<LossKind, string>> = {
  'softmax-cross-entropy': l10n.t('softmax cross-entropy'),
  'sigmoid-cross-entropy': l10n.t('sigmoid cross-entropy'),
  'mean-squared-error': l10n.t('mean squared error'),
};

/** A fact, and what it rests on. */
interface Fact {
  readonly name: string;
  readonly value: string;
  readonly detail?: string;
}

/** What was measured with what, every threshold, what is assumed, and what else there is to know. */
@customElement('measurement-facts')
export class MeasurementFacts extends PanelElement {
  protected readonly topics: readonly Topic[] = ['measurement'];

  static override styles = [
    sharedStyles,
    css`
      dl {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(220px, 100%), 1fr));
        gap: 8px 24px;
      }
      dl + h3 {
        margin-top: 12px;
      }
      dt {
        font-size: 11px;
        line-height: 16px;
        color: var(--pr-muted);
      }
      dd {
        line-height: 18px;
        overflow-wrap: anywhere;
        user-select: text;
      }
      h3 {
        font-size: inherit;
        font-weight: 600;
        color: var(--pr-strong);
        margin: 8px 0 4px;
      }
      ul {
        padding-left: 20px;
        max-width: 80em;
      }
    `,
  ];

  override render(): TemplateResult | typeof nothing {
    const measurement = this.model.measured?.measurement;
    const { figures } = this.model;
    if (measurement === undefined || figures === undefined) return nothing;
    const { notes } = measurement;
    return html`<h3>${l10n.t('What was measured')}</h3>
      ${list(runFacts(measurement))}
      <h3>${l10n.t('Thresholds')}</h3>
      ${list(thresholdFacts(measurement, figures))}
      ${
        figures.prediction === undefined
          ? nothing
          : html`<h3>${l10n.t('What the prediction assumes')}</h3>
              <ul>
                ${landscapeAssumptions().map((text) => html`<li>${text}</li>`)}
              </ul>`
      }
      ${
        notes.length === 0
          ? nothing
          : html`<h3>${l10n.t('Notes')}</h3>
              <ul>
                ${notes.map((note) => html`<li>${note}</li>`)}
              </ul>`
      }`;
  }
}

function list(facts: readonly Fact[]): TemplateResult {
  return html`<dl>
    ${facts.map(
      ({ name, value, detail }) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
          ${detail === undefined ? nothing : html`<dd class="muted">${detail}</dd>`}
        </div>`,
    )}
  </dl>`;
}

function runFacts(measurement: Measurement): readonly Fact[] {
  const { backend, data, test, loss, dense, spectrum, parameterCount, prunableCount, smallFraction, seconds } =
    measurement;
  const samples = (count: number): string => l10n.t('{0} samples', grouped(count));
  return [
    {
      name: l10n.t('Computed with'),
      value: BACKENDS[backend.name],
      detail: `${backend.reason} ${l10n.t('Self-test: relative error {0}.', significant(backend.selfTestError, 2))}`,
    },
    { name: l10n.t('Data'), value: nameText(data.path), detail: samples(data.count) },
    {
      name: l10n.t('Data for the accuracy'),
      value: test === undefined ? l10n.t('the same') : nameText(test.path),
      ...(test === undefined ? {} : { detail: samples(test.count) }),
    },
    {
      name: l10n.t('Loss'),
      value: LOSSES[loss],
      detail: l10n.t('{0} unpruned', significant(dense.loss)),
    },
    ...(dense.accuracy === undefined
      ? []
      : [{ name: l10n.t('Accuracy, unpruned'), value: percent(dense.accuracy, 2) }]),
    {
      name: l10n.t('ε by the paper’s rule'),
      value: significant(dense.epsilon),
      detail: l10n.t('from batches of {0}', grouped(dense.batchSize)),
    },
    {
      name: l10n.t('Parameters D'),
      value: grouped(parameterCount),
      detail: l10n.t('{0} of them may be pruned (n)', grouped(prunableCount)),
    },
    { name: l10n.t('Weights under 10⁻³'), value: percent(smallFraction, 1) },
    ...(spectrum === undefined
      ? []
      : [
          {
            name: l10n.t('Spectrum'),
            value: l10n.t('{0} Lanczos steps × {1}', spectrum.steps, spectrum.probes),
            detail: samples(spectrum.samples),
          },
        ]),
    { name: l10n.t('Time'), value: duration(seconds) },
  ];
}

function thresholdFacts(
  { dense }: Measurement,
  { prediction, sublevel, onePoint, firstDrop, lastBetter, direct, epsilon }: MeasuredFigures,
): readonly Fact[] {
  const none = l10n.t('none');
  const known = (fact: {
    readonly name: string;
    readonly value: string | undefined;
    readonly detail?: string;
  }): Fact => ({
    ...fact,
    value: fact.value ?? none,
  });
  return [
    ...(prediction === undefined
      ? []
      : [
          {
            name: l10n.t('Predicted (T)'),
            value: figureText(prediction.prunedFraction),
            detail: l10n.t('for ε = {0}, at R = {1}', significant(epsilon), significant(prediction.radius)),
          },
        ]),
    known({
      name: l10n.t('Loss within ε (A3)'),
      value: sublevel && thresholdText(sublevel),
      detail: l10n.t('for ε = {0}', significant(epsilon)),
    }),
    known({ name: l10n.t('Direct test'), value: direct && thresholdText(direct), detail: 'gᵀd + ½ dᵀHd ≤ ε' }),
    ...(dense.accuracy === undefined
      ? []
      : [
          known({ name: l10n.t('Accuracy within one point (A4)'), value: onePoint && thresholdText(onePoint) }),
          known({
            name: l10n.t('First loss of 0.1 points (A2)'),
            value: firstDrop === undefined ? undefined : figureText(firstDrop),
          }),
          known({
            name: l10n.t('Last better than unpruned (A1)'),
            value: lastBetter && thresholdText(lastBetter),
            detail: l10n.t('noisy: a single sample decides'),
          }),
        ]),
  ];
}

declare global {
  interface HTMLElementTagNameMap {
    'measurement-facts': MeasurementFacts;
  }
}
