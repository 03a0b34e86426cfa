import * as l10n from '@vscode/l10n';
import { FormatError } from '../formats/errors';
import type { LossKind } from '../report/measurement';
import type { Targets } from './dataset';
import type { NetworkShapes } from './network-shapes';
import { product } from '../formats/shape';

/** Targets as the network's output is compared with, and what has to be said about them. */
export interface FittedTargets {
  readonly targets: Targets;
  readonly notes: readonly string[];
}

/**
 * Targets of a data set for a network: classes are as many as it tells apart; whole numbers that are no classes for it (one
 * output without a link) become values.
 * @param file path for the message
 * @param loss what the network was trained with, if that is known
 * @throws {FormatError} that says what does not fit
 */
export function fitTargets(targets: Targets, network: NetworkShapes, file: string, loss?: LossKind): FittedTargets {
  const outputs = product(network.outputShape);
  const fail = (reason: string, remedy = l10n.t('Choose the data that the network was trained on.')): FormatError =>
    new FormatError({ file, reason, remedy });
  if (targets.kind === 'values') {
    if (targets.size === outputs) return { targets, notes: [] };
    const odd = targets.size === 1 ? targets.values.findIndex((value) => !isClass(value, outputs)) : -1;
    if (odd >= 0) {
      throw fail(
        l10n.t(
          'has the label {0} (sample {1}); the network tells {2} classes apart, whose labels are whole numbers from 0 to {3}',
          targets.values[odd] ?? 0,
          odd,
          outputs,
          outputs - 1,
        ),
        l10n.t('Correct the label, or choose the data that the network was trained on.'),
      );
    }
    throw fail(l10n.t('the network gives {0} numbers, the labels have {1}', outputs, targets.size));
  }
  if (outputs === 1) return oneOutput(targets, network, loss);
  const { classes, labels } = targets;
  const lowest = labels.reduce((least, label) => Math.min(least, label), Infinity);
  if (classes > outputs) {
    const fromOne = lowest === 1 && classes === outputs + 1;
    throw fail(
      l10n.t(
        'has the label {0} (sample {1}); the network tells {2} classes apart, the labels go from {3} to {4}',
        classes - 1,
        labels.indexOf(classes - 1),
        outputs,
        lowest,
        classes - 1,
      ),
      fromOne ? l10n.t('If the classes are numbered from 1, set "firstLabel" to 1 in .prunability.json.') : undefined,
    );
  }
  const notes: string[] = [];
  if (classes < outputs) {
    notes.push(
      l10n.t('The network tells {0} classes apart, the labels go from {1} to {2}.', outputs, lowest, classes - 1),
    );
  }
  return { targets: { kind: 'classes', classes: outputs, labels }, notes };
}

function isClass(value: number, classes: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < classes;
}

/** Two classes for a single logit, or numbers to be met. */
function oneOutput(
  targets: Targets & { readonly kind: 'classes' },
  { link }: NetworkShapes,
  loss: LossKind | undefined,
): FittedTargets {
  const isLogit = loss === undefined ? link === 'sigmoid' : loss === 'sigmoid-cross-entropy';
  if (targets.classes <= 2 && isLogit) return { targets: { ...targets, classes: 2 }, notes: [] };
  const values = Float32Array.from(targets.labels);
  const notes =
    targets.classes <= 2 && loss === undefined
      ? [
          l10n.t(
            'The labels are 0 and 1, and the output of the network is a number without bounds: it is to meet them as numbers. If it is a logit, set "loss" to "sigmoid-cross-entropy" in .prunability.json.',
          ),
        ]
      : [];
  return { targets: { kind: 'values', size: 1, values }, notes };
}
