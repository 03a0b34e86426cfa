import type { SecondMoment } from '../checkpoint';
import type { PickleDict, PickleValue } from '../containers/pickle-values';
import { dictOf } from './pytorch-objects';
import type { Rebuilt, TensorView } from './tensor-view';

/** Adam's second moment of a parameter as it is pickled: where the number of steps is a tensor, it has not been read yet. */
export interface PickledMoment {
  /** Of the parameter in the optimiser's state. */
  readonly key: PickleValue;
  readonly decay: number;
  readonly step: number | TensorView;
  readonly parameter?: string;
  /** Set if the tensor holds codes of a byte: the largest value of each block, and the share of it that each code stands for. */
  readonly blocks?: { readonly largest: TensorView; readonly shares: TensorView };
}

/** Where bitsandbytes keeps its tensors, since FSDP must not touch them (0.44); before, they lie beside the steps. */
const BITSANDBYTES_STATE = '__bnb_optimizer_quant_state__';

/**
 * Names of the parameters of an optimiser's groups, by the keys of its state: since PyTorch 2.6 optimisers that were given
 * names keep them beside the numbers (`param_names`), and the state that FSDP gathers has names for keys.
 */
export function parameterNames(groups: readonly PickleValue[]): ReadonlyMap<PickleValue, string> {
  const names = new Map<PickleValue, string>();
  for (const group of groups) {
    const parts = dictOf(group);
    const parameters = parts?.get('params');
    const given = parts?.get('param_names');
    if (!Array.isArray(parameters)) continue;
    parameters.forEach((parameter, index) => {
      const name: unknown = Array.isArray(given) && given.length === parameters.length ? given[index] : parameter;
      if (typeof name === 'string') names.set(parameter, name);
    });
  }
  return names;
}

/**
 * The second moments in the state of Adam and its kin (AdamW, NAdam, RAdam, LAMB: what keeps `exp_avg_sq`, with two betas)
 * as `torch.optim` saves it, and as bitsandbytes does. AMSGrad's `max_exp_avg_sq` is a maximum, not a mean, and Adafactor has
 * no beta: neither counts.
 */
export function adamMoments(
  state: PickleDict,
  groups: readonly PickleValue[],
  tensorOf: (value: PickleValue) => Rebuilt | undefined,
): Map<TensorView, PickledMoment> {
  const moments = new Map<TensorView, PickledMoment>();
  const decays = new Map<PickleValue, number>();
  // The fused optimisers of Apex count steps once a group.
  const groupSteps = new Map<PickleValue, PickleValue>();
  for (const group of groups) {
    const parts = dictOf(group);
    const betas = parts?.get('betas');
    const parameters = parts?.get('params');
    if (!Array.isArray(betas) || betas.length !== 2 || !Array.isArray(parameters)) continue;
    const decay = betas[1];
    if (typeof decay !== 'number' || !(decay >= 0 && decay < 1)) continue;
    const step = parts?.get('step');
    for (const parameter of parameters) {
      decays.set(parameter, decay);
      if (step !== undefined) groupSteps.set(parameter, step);
    }
  }
  if (decays.size === 0) return moments;
  const names = parameterNames(groups);
  for (const [parameter, value] of state) {
    const decay = decays.get(parameter);
    const slots = dictOf(value);
    const mean = viewOf(slots?.get('exp_avg_sq'), tensorOf);
    const held = mean === undefined ? bitsandbytesMoment(slots, tensorOf) : { mean };
    const step = slots?.get('step') ?? groupSteps.get(parameter);
    const steps = typeof step === 'number' ? step : viewOf(step, tensorOf);
    if (decay === undefined || held === undefined || steps === undefined) continue;
    const name = names.get(parameter);
    const { mean: view, ...codes } = held;
    moments.set(view, {
      key: parameter,
      decay,
      step: steps,
      ...codes,
      ...(name === undefined ? {} : { parameter: name }),
    });
  }
  return moments;
}

/**
 * The second of the two means that bitsandbytes' optimisers with two betas keep (`Optimizer2State`): as float32 of tensors
 * that are too small to be worth it, else in codes of a byte, block by block.
 */
function bitsandbytesMoment(
  slots: PickleDict | undefined,
  tensorOf: (value: PickleValue) => Rebuilt | undefined,
): ({ readonly mean: TensorView } & Pick<PickledMoment, 'blocks'>) | undefined {
  const state = dictOf(slots?.get(BITSANDBYTES_STATE)) ?? slots;
  const view = (key: string): TensorView | undefined => viewOf(state?.get(key), tensorOf);
  const mean = view('state2');
  if (mean === undefined || view('state1') === undefined) return undefined;
  if (mean.dtype !== 'uint8') return { mean };
  const [largest, shares] = [view('absmax2'), view('qmap2')];
  return largest === undefined || shares === undefined ? undefined : { mean, blocks: { largest, shares } };
}

function viewOf(
  value: PickleValue | undefined,
  tensorOf: (value: PickleValue) => Rebuilt | undefined,
): TensorView | undefined {
  const rebuilt = value === undefined ? undefined : tensorOf(value);
  return rebuilt?.kind === 'tensor' ? rebuilt.view : undefined;
}

/** The same under the names that the checkpoint's tensors have got. */
export function namedMoments(
  moments: ReadonlyMap<TensorView, PickledMoment>,
  tensors: readonly { readonly name: string; readonly view: TensorView }[],
): SecondMoment[] {
  const names = new Map(tensors.map(({ name, view }) => [view, name]));
  return [...moments].flatMap(([view, { decay, step, parameter }]) => {
    const tensor = names.get(view);
    const steps = typeof step === 'number' ? step : names.get(step);
    if (tensor === undefined || steps === undefined) return [];
    return [{ tensor, decay, step: steps, ...(parameter === undefined ? {} : { parameter }) }];
  });
}
