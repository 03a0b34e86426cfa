import * as l10n from '@vscode/l10n';
import type { LimitEstimate, LimitScope, ModelStatistics, ReportWarning, TensorReport } from '../report/report';
import { percent } from './estimates';
import { modelInitialisation } from './initialisation';
import { safePruneModifier } from './kurtosis';
import type { MomentFit } from './moment-fit';
import { layerCollapse, NEARLY_EMPTIED_FRACTION } from './survival';

/** What the warnings are drawn from: the report so far. */
export interface WarningInput {
  readonly tensors: readonly TensorReport[];
  readonly model: Pick<ModelStatistics, 'kurtosisOfKurtoses' | 'kurtosisOfDefinedKurtoses'>;
  readonly limits: readonly LimitEstimate[];
  /** What each tensor keeps at the optimum of the scope `weights`, by name: the tensors' own is at that of all parameters. */
  readonly weightSurvival?: ReadonlyMap<string, number>;
  /** False while tensors are still to come: that nothing is prunable cannot be said before the last. */
  readonly complete?: boolean;
}

/** Names listed in a message; all of them stand in `tensors`. */
const NAMED_IN_MESSAGE = 3;

/** Trained dense weights hold hardly a zero; from one in twenty on, somebody put them there. */
const PRUNED_ZERO_FRACTION = 0.05;

/** With 256 levels the one at zero holds up to some tenth of a bell-shaped tensor, so that quantised weights need more. */
const PRUNED_ZERO_FRACTION_QUANTISED = 0.2;

/** The limits of the two scopes are told apart from two points of the authors' grid on. */
const SCOPES_DIFFER = 0.02;

/** Everything worth a warning, the gravest first. Tensors that share another's memory are not judged again. */
export function reportWarnings(input: WarningInput): readonly ReportWarning[] {
  const own = input.tensors.filter((tensor) => tensor.aliasOf === undefined);
  const prunable = own.filter((tensor) => tensor.prunable && tensor.count > 0);
  return [
    ...nonFinite(own),
    ...(input.complete === false ? [] : nothingPrunable(prunable, input.limits)),
    ...initialisation(prunable),
    ...collapse(prunable, input),
    ...alreadyPruned(prunable),
    ...degenerate(prunable),
    ...normDominates(input.limits),
    ...k2Undefined(prunable, input),
  ];
}

/**
 * Why no limit was estimated from the optimiser's state; nothing where one was, or there is none.
 * @param file name of the file with nothing but this state, where it is in one
 */
export function momentWarnings(fit: MomentFit | undefined, unusable: boolean, file?: string): readonly ReportWarning[] {
  if (fit === undefined) return [];
  const why = (reason: string, tensors: readonly string[] = []): ReportWarning[] => [
    { ...optimizerNotUsed(file, reason), ...(tensors.length === 0 ? {} : { tensors }) },
  ];
  if (fit.foreign) return why(l10n.t('by their shapes some belong to no tensor of the model.'));
  if (fit.scopes.length === 0)
    return why(l10n.t('there are none of {0}, so these were not trained with it.', namesOf(fit.missing)), fit.missing);
  return unusable ? why(l10n.t('some are negative, not finite, of no steps, or not read.')) : [];
}

/** @param file see {@link momentWarnings} @param reason a sentence that begins in lower case */
export function optimizerNotUsed(file: string | undefined, reason: string): ReportWarning {
  return {
    code: 'optimizer-state-not-used',
    message:
      file === undefined
        ? l10n.t('No limit was estimated from the optimiser’s second moments: {0}', reason)
        : l10n.t('No limit was estimated from the optimiser’s second moments in {0}: {1}', file, reason),
  };
}

function nonFinite(tensors: readonly TensorReport[]): ReportWarning[] {
  const hit = tensors.filter(({ nanCount, infCount }) => nanCount + infCount > 0);
  if (hit.length === 0) return [];
  const nan = hit.reduce((sum, { nanCount }) => sum + nanCount, 0);
  const inf = hit.reduce((sum, { infCount }) => sum + infCount, 0);
  const message = l10n.t(
    '{0} and {1} in {2}. All numbers here are over the finite values only. If these are weights, training has diverged: take an earlier checkpoint.',
    nan === 1 ? l10n.t('1 NaN') : l10n.t('{0} NaNs', grouped(nan)),
    inf === 1 ? l10n.t('1 infinite value') : l10n.t('{0} infinite values', grouped(inf)),
    named(hit),
  );
  return [warning('non-finite', message, hit)];
}

function nothingPrunable(prunable: readonly TensorReport[], limits: readonly LimitEstimate[]): ReportWarning[] {
  if (limits.some(({ scope }) => scope === 'parameters')) return [];
  const message =
    prunable.length === 0
      ? l10n.t(
          'No floating-point parameters were found, so there is nothing to prune: quantised weights and buffers are not counted.',
        )
      : l10n.t('All parameters are zero or not finite, so there is nothing left to prune.');
  return [{ code: 'nothing-prunable', message }];
}

function initialisation(prunable: readonly TensorReport[]): ReportWarning[] {
  const facts = prunable.map((tensor) => ({ ...tensor, count: finiteCount(tensor) }));
  const { state, initialisedFraction, initialisedTensors } = modelInitialisation(facts);
  const [first] = initialisedTensors;
  if (first === undefined || state === 'trained' || state === 'unknown') return [];
  const names = named(initialisedTensors);
  const tensors = initialisedTensors.map(({ name }) => name);
  if (state === 'at-initialisation') {
    const message = l10n.t(
      'The weights look as they were drawn at initialisation ({0}; {1}: {2}). Prune limits of an untrained network say nothing: analyze a trained checkpoint.',
      names,
      first.name,
      first.description,
    );
    return [{ code: 'at-initialisation', message, tensors }];
  }
  const message = l10n.t(
    '{0} of the weights that can be judged look untrained: {1} ({2}: {3}). Check whether these layers were frozen, added anew or not loaded; for them the limits say nothing.',
    percent(initialisedFraction),
    names,
    first.name,
    first.description,
  );
  return [{ code: 'layer-at-initialisation', message, tensors }];
}

/** Each scope has a threshold of its own; layers that both would cut are told of once. */
function collapse(prunable: readonly TensorReport[], { limits, weightSurvival }: WarningInput): ReportWarning[] {
  const survival: Readonly<Record<LimitScope, ReadonlyMap<string, number>>> = {
    weights: weightSurvival ?? new Map<string, number>(),
    parameters: new Map(prunable.map(({ name, survivingFraction }) => [name, survivingFraction ?? 1])),
  };
  const told = new Set<string>();
  return (['weights', 'parameters'] as const).flatMap((scope) => {
    const limit = limits.find((estimate) => estimate.method === 'cosine-utopia-grid' && estimate.scope === scope);
    if (limit === undefined) return [];
    const { emptied, nearlyEmptied } = layerCollapse(
      prunable.flatMap((tensor) => {
        const survivingFraction = survival[scope].get(tensor.name);
        if (survivingFraction === undefined || isAllZero(tensor) || told.has(tensor.name)) return [];
        return { name: tensor.name, shape: tensor.shape, count: finiteCount(tensor), survivingFraction };
      }),
    );
    for (const name of [...emptied, ...nearlyEmptied]) told.add(name);
    return [
      ...emptiedWarning(scope, percent(limit.prunedFraction), emptied),
      ...nearlyEmptiedWarning(scope, percent(limit.prunedFraction), nearlyEmptied),
    ];
  });
}

function emptiedWarning(scope: LimitScope, limit: string, tensors: readonly string[]): ReportWarning[] {
  if (tensors.length === 0) return [];
  const names = namesOf(tensors);
  const message =
    scope === 'weights'
      ? l10n.t(
          'At the global limit of {0} of the weights nothing is left of {1}: the network would be cut there. Prune less, prune layer by layer, or keep them out of the prune.',
          limit,
          names,
        )
      : l10n.t(
          'At the global limit of {0} of all parameters nothing is left of {1}: the network would be cut there. Prune less, prune layer by layer, or keep them out of the prune.',
          limit,
          names,
        );
  return [{ code: 'layer-emptied', message, tensors }];
}

function nearlyEmptiedWarning(scope: LimitScope, limit: string, tensors: readonly string[]): ReportWarning[] {
  if (tensors.length === 0) return [];
  const left = percent(NEARLY_EMPTIED_FRACTION);
  const names = namesOf(tensors);
  const message =
    scope === 'weights'
      ? l10n.t(
          'At the global limit of {0} of the weights less than {1} is left of {2}. Prune less, prune layer by layer, or keep them out of the prune.',
          limit,
          left,
          names,
        )
      : l10n.t(
          'At the global limit of {0} of all parameters less than {1} is left of {2}. Prune less, prune layer by layer, or keep them out of the prune.',
          limit,
          left,
          names,
        );
  return [{ code: 'layer-nearly-emptied', message, tensors }];
}

function alreadyPruned(prunable: readonly TensorReport[]): ReportWarning[] {
  const hit = prunable.filter((tensor) => {
    const bound = tensor.storedDtype === undefined ? PRUNED_ZERO_FRACTION : PRUNED_ZERO_FRACTION_QUANTISED;
    const zeroFraction = tensor.zeroCount / tensor.count;
    return isWeight(tensor) && zeroFraction >= bound && !isAllZero(tensor);
  });
  if (hit.length === 0) return [];
  const zeros = hit.reduce((sum, { zeroCount }) => sum + zeroCount, 0);
  const count = hit.reduce((sum, tensor) => sum + tensor.count, 0);
  const message = l10n.t(
    '{0} of the values of {1} are zero already. The limits count these zeros as pruned: compare them with what is already gone.',
    percent(zeros / count),
    named(hit),
  );
  return [warning('already-pruned', message, hit)];
}

function degenerate(prunable: readonly TensorReport[]): ReportWarning[] {
  const weights = prunable.filter(isWeight);
  const allZero = weights.filter(isAllZero);
  const constant = weights.filter((tensor) => isConstant(tensor) && !isAllZero(tensor) && tensor.count > 1);
  const warnings: ReportWarning[] = [];
  if (allZero.length > 0) {
    const message = l10n.t(
      'All values of {0} are zero: the layer does nothing, or its weights were not saved.',
      named(allZero),
    );
    warnings.push(warning('all-zero-weights', message, allZero));
  }
  if (constant.length > 0) {
    const message = l10n.t(
      'All values of {0} are equal, as an initialiser leaves them: magnitude cannot tell which to prune, and there is no kurtosis.',
      named(constant),
    );
    warnings.push(warning('constant-weights', message, constant));
  }
  return warnings;
}

function normDominates(limits: readonly LimitEstimate[]): ReportWarning[] {
  const limitOf = (wanted: LimitScope): number | undefined =>
    limits.find(({ method, scope }) => method === 'cosine-utopia-grid' && scope === wanted)?.prunedFraction;
  const parameters = limitOf('parameters');
  const weights = limitOf('weights');
  if (parameters === undefined || weights === undefined) return [];
  // Both are multiples of 0.01 in float64; a difference of two points must not be lost to rounding.
  if (Math.round(100 * Math.abs(parameters - weights)) < 100 * SCOPES_DIFFER) return [];
  const message = l10n.t(
    'The limit is {0} with biases and normalisation parameters counted, {1} for the weights alone: those few large values make up much of the norm. Go by the weights alone if you do not prune the others.',
    percent(parameters),
    percent(weights),
  );
  return [{ code: 'norm-dominates', message }];
}

function k2Undefined(prunable: readonly TensorReport[], { model, limits }: WarningInput): ReportWarning[] {
  if (limits.length === 0 || safePruneModifier(model.kurtosisOfKurtoses) !== undefined) return [];
  const constant = prunable.filter(({ min, kurtosis }) => min !== null && kurtosis === null);
  if (constant.length === 0) {
    const message = l10n.t(
      'There are too few different tensors to compare their kurtoses, so there is no safe prune (K2).',
    );
    return [{ code: 'k2-undefined', message }];
  }
  const rest = model.kurtosisOfDefinedKurtoses;
  const names = named(constant);
  const message =
    rest === null
      ? l10n.t(
          'The kurtosis of kurtoses (K2) is undefined, and with it the safe prune: no two finite values differ in {0}.',
          names,
        )
      : l10n.t(
          'The kurtosis of kurtoses (K2) is undefined, and with it the safe prune: no two finite values differ in {0}. Without them K2 is {1}.',
          names,
          rest.toFixed(2),
        );
  return [warning('k2-undefined', message, constant)];
}

function isWeight({ shape }: TensorReport): boolean {
  return shape.length >= 2;
}

function isConstant({ min, max }: TensorReport): boolean {
  return min !== null && min === max;
}

function isAllZero({ zeroCount, count }: TensorReport): boolean {
  return zeroCount === count;
}

function finiteCount({ count, nanCount, infCount }: TensorReport): number {
  return count - nanCount - infCount;
}

function warning(code: string, message: string, tensors: readonly { readonly name: string }[]): ReportWarning {
  return { code, message, tensors: tensors.map(({ name }) => name) };
}

function named(tensors: readonly { readonly name: string }[]): string {
  return namesOf(tensors.map(({ name }) => name));
}

/** `a`, `a and b`, `a, b, c and 12 more`. */
export function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, NAMED_IN_MESSAGE);
  const more = names.length - shown.length;
  if (more > 0) return l10n.t('{0} and {1} more', shown.join(', '), more);
  const last = shown.pop() ?? '';
  return shown.length === 0 ? last : l10n.t('{0} and {1}', shown.join(', '), last);
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
