import * as l10n from '@vscode/l10n';
import { css, html, nothing, type TemplateResult } from 'lit';
import type { CurvatureChoice } from '../../src/report/report';
import type { PanelModel } from '../model/panel-model';

export const curvatureInputStyles = css`
  .choices {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 16px;
    margin-top: 8px;
    font-size: 12px;
  }
  .choices input {
    width: 84px;
    margin-left: 6px;
  }
`;

/** The two figures that the limit from optimiser state takes and no file has, for the reader to set. */
export function curvatureInputs(model: PanelModel, changed: () => void): TemplateResult {
  const choice = model.curvatureChoice;
  const choose = (part: Partial<CurvatureChoice> | undefined): void => {
    model.chooseCurvature(part);
    changed();
  };
  const input = (name: keyof CurvatureChoice, label: string): TemplateResult =>
    html`<label
      >${label}<input
        type="number"
        min="0"
        step="any"
        .value=${String(choice[name])}
        @change=${(event: Event) => {
          const { target } = event;
          if (!(target instanceof HTMLInputElement)) return;
          choose({ [name]: target.valueAsNumber });
          // what makes no sense was not taken, and is no change to draw
          target.value = String(model.curvatureChoice[name]);
        }}
    /></label>`;
  return html`<div class="choices">
    ${input('batch', l10n.t('Batch size'))} ${input('epsilon', l10n.t('The loss may grow by ε'))}
    ${
      model.view.curvature === undefined
        ? nothing
        : html`<button
            class="link"
            @click=${() => {
              choose(undefined);
            }}
          >
            ${l10n.t('Back to the usual')}
          </button>`
    }
  </div>`;
}
