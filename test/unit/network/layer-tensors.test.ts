import { expect, it } from 'vitest';
import type { Checkpoint, TensorEntry } from '../../../src/formats/checkpoint';
import type { LayerVariable } from '../../../src/network/layers/layer';
import { variableTensors } from '../../../src/network/layers/layer-tensors';

const VARIABLES = ['query/kernel', 'query/bias', 'key/kernel', 'key/bias'].map((name): LayerVariable => ({ name, shape: [2], role: 'weight' })); // prettier-ignore

/** Names of the tensors that are found for the variables of a layer. */
function found(names: readonly string[], variables: readonly LayerVariable[] = VARIABLES): string[] {
  const entries = names.map((name) => ({ name, shape: [2], dtype: 'float32' }) as unknown as TensorEntry);
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const layer = { outputShape: [], variables, run: () => { throw new Error('not run'); } }; // prettier-ignore
  const call = { path: 'a', className: 'A', layer, inputs: [0], tensors: names, channelsFirst: false };
  return variableTensors(call, byName, { files: [] } as unknown as Checkpoint).map(({ name }) => name);
}

it('variables of the parts of a layer are found by their names, whatever the layer is called', () => {
  expect(found(['key/key/kernel', 'key/key/bias', 'key/query/kernel', 'key/query/bias'])).toEqual([
    ...['key/query/kernel', 'key/query/bias', 'key/key/kernel', 'key/key/bias'],
  ]);
  expect(found(['key_a/query/kernel', 'key_a/query/bias', 'key_a/key/kernel', 'key_a/key/bias'])).toEqual([
    ...['key_a/query/kernel', 'key_a/query/bias', 'key_a/key/kernel', 'key_a/key/bias'],
  ]);
});

it('numbered variables are those of their part, in whichever order the parts are in the file', () => {
  expect(found(['a/key/0', 'a/key/1', 'a/query/0', 'a/query/1'])).toEqual([
    ...['a/query/0', 'a/query/1', 'a/key/0', 'a/key/1'],
  ]);
  const both = ['forward/kernel', 'forward/bias', 'backward/kernel', 'backward/bias'];
  const variables = both.map((name): LayerVariable => ({ name, shape: [2], role: 'weight' }));
  expect(found(['b/backward_x/0', 'b/backward_x/1', 'b/forward_x/0', 'b/forward_x/1'], variables)).toEqual([
    ...['b/forward_x/0', 'b/forward_x/1', 'b/backward_x/0', 'b/backward_x/1'],
  ]);
});

it('a part that is not there is missed', () => {
  expect(() => found(['a/query/0', 'a/query/1'])).toThrow('lacks the weights "a/key/kernel"');
});
