import { expect, it } from 'vitest';
import { fittingBest } from '../../../src/measurer/open-data';

/** Names of those that fit as well as any, of mistakes (or losses alone). */
function best(candidates: Readonly<Record<string, readonly [mistakes: number | undefined, loss: number]>>): string[] {
  const list = Object.entries(candidates).map(([name, [mistakes, loss]]) => ({ name, mistakes, loss }));
  return fittingBest(list).map(({ name }) => name);
}

it('normalisations that fit as well as any are told by mistakes that are not luck', () => {
  // LeNet-300-100 on 512 images of MNIST, which it was trained on with their mean and deviation.
  expect(best({ 'by-255': [5, 0.124], mnist: [0, 0.0011], none: [4, 0.769], standardised: [0, 0.0011] })).toEqual([
    'mnist',
    'standardised',
  ]);
  // Its values too large, a network is more certain: the loss says nothing.
  expect(best({ right: [0, 0.02], large: [0, 0.001] })).toEqual(['right', 'large']);
  expect(best({ right: [26, 0.17], lucky: [25, 0.15], wrong: [60, 0.4] })).toEqual(['right', 'lucky']);
  expect(best({ infinite: [0, Infinity], right: [1, 0.1] })).toEqual(['right']);
});

it('without classes they are told by the loss', () => {
  expect(best({ right: [undefined, 0.5], near: [undefined, 0.52], wrong: [undefined, 0.7] })).toEqual([
    'right',
    'near',
  ]);
  expect(best({ broken: [undefined, Number.NaN] })).toEqual([]);
});
