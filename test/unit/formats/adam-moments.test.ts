import { describe, expect, it } from 'vitest';
import type { PickleDict, PickleValue } from '../../../src/formats/containers/pickle-values';
import { adamMoments, namedMoments } from '../../../src/formats/pytorch/adam-moments';
import type { Rebuilt, TensorView } from '../../../src/formats/pytorch/tensor-view';

/** Stands for tensors: a key of the pickle is found again by its text. */
const VIEWS = new Map<PickleValue, TensorView>();

function tensor(name: string): PickleValue {
  VIEWS.set(name, {
    storage: { key: name, dtype: 'float32', count: 1, byteOffset: 0 },
    dtype: 'float32',
    byteOffset: 0,
    shape: [1],
    strides: [1],
    count: 1,
  });
  return name;
}

function tensorOf(value: PickleValue): Rebuilt | undefined {
  const view = VIEWS.get(value);
  return view === undefined ? undefined : { kind: 'tensor', view };
}

const dict = (entries: Readonly<Record<string, PickleValue>>): PickleDict => new Map(Object.entries(entries));

function moments(groups: readonly PickleValue[], states: readonly PickleValue[]): [string, number, unknown][] {
  const state: PickleDict = new Map(states.map((value, index) => [index, value]));
  return [...adamMoments(state, groups, tensorOf)].map(([view, { decay, step }]) => [
    view.storage.key,
    decay,
    typeof step === 'number' ? step : step.storage.key,
  ]);
}

const slots = (name: string, step: PickleValue): PickleDict =>
  dict({ step, exp_avg: tensor(`${name}.m`), exp_avg_sq: tensor(`${name}.v`), max_exp_avg_sq: tensor(`${name}.max`) });

describe('second moments of a pickled optimiser', () => {
  it('have the decay of their group of parameters, and steps that are numbers or tensors', () => {
    const groups = [dict({ params: [1], betas: [0.9, 0.95] }), dict({ params: [0, 2], betas: [0.9, 0.999] })];
    expect(moments(groups, [slots('a', 7), slots('b', tensor('b.step')), slots('c', 9)])).toEqual([
      ['a.v', 0.999, 7],
      ['b.v', 0.95, 'b.step'],
      ['c.v', 0.999, 9],
    ]);
  });

  it('are none without two betas: Adafactor has none, Adan three and squares of differences', () => {
    for (const betas of [undefined, [0.9], [0.98, 0.92, 0.99], [0.9, 1], [0.9, 'x'], 0.9]) {
      const group = dict({ params: [0], ...(betas === undefined ? {} : { betas }) });
      expect(moments([group], [slots('a', 7)])).toEqual([]);
    }
  });

  it('are none without steps, or of parameters in no group', () => {
    const group = dict({ params: [0, 1], betas: [0.9, 0.999] });
    expect(moments([group], [dict({ exp_avg_sq: tensor('a.v') }), dict({ step: 3 }), slots('c', 3)])).toEqual([]);
    expect(moments([], [slots('a', 7)])).toEqual([]);
    expect(moments([3, null, dict({ params: 5 })], [slots('a', 7)])).toEqual([]);
  });

  it('get the names of the checkpoint’s tensors', () => {
    const group = dict({ params: [0], betas: [0.9, 0.999] });
    const pickled = adamMoments(new Map([[0, slots('a', tensor('a.step'))]]), [group], tensorOf);
    const [view] = [...pickled.keys()];
    const step = VIEWS.get('a.step');
    expect(namedMoments(pickled, [{ name: 'optimizer.state.0.exp_avg_sq', view: view! }])).toEqual([]);
    expect(
      namedMoments(pickled, [
        { name: 'optimizer.state.0.exp_avg_sq', view: view! },
        { name: 'optimizer.state.0.step', view: step! },
      ]),
    ).toEqual([{ tensor: 'optimizer.state.0.exp_avg_sq', decay: 0.999, step: 'optimizer.state.0.step' }]);
  });

  it('are the second of two means of bitsandbytes, beside the steps or in a dict of their own', () => {
    const group = dict({ params: [0, 1, 2], betas: [0.9, 0.999] });
    const both = dict({ state1: tensor('a.m'), state2: tensor('a.v') });
    const own = dict({
      step: 4,
      __bnb_optimizer_quant_state__: dict({ state1: tensor('b.m'), state2: tensor('b.v') }),
    });
    const one = dict({ step: 4, state2: tensor('c.v') });
    expect(moments([group], [new Map([...both, ['step', 3]]), own, one])).toEqual([
      ['a.v', 0.999, 3],
      ['b.v', 0.999, 4],
    ]);
  });

  it('have names where the groups do, or the state has names for keys', () => {
    const state: PickleDict = new Map<PickleValue, PickleValue>([
      [0, slots('a', 1)],
      [1, slots('b', 1)],
      ['fc.weight', slots('c', 1)],
    ]);
    const betas: PickleValue = [0.9, 0.999];
    const groups = [
      dict({ params: [0], param_names: ['conv.weight'], betas }),
      dict({ params: [1], param_names: ['too', 'many'], betas }),
      dict({ params: ['fc.weight'], betas }),
    ];
    const names = [...adamMoments(state, groups, tensorOf).values()].map(({ parameter }) => parameter);
    expect(names).toEqual(['conv.weight', undefined, 'fc.weight']);
  });

  it('have the steps of their group where the state has none of its own', () => {
    const group = dict({ params: [0, 1], betas: [0.9, 0.999], step: 12 });
    const own = slots('b', 7);
    expect(moments([group], [dict({ exp_avg_sq: tensor('a.v') }), own])).toEqual([
      ['a.v', 0.999, 12],
      ['b.v', 0.999, 7],
    ]);
  });
});
