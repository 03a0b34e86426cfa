import { expect, it } from 'vitest';
import { shortType } from '../../../src/report/type-text';

it.each([
  [{ dtype: 'float32' }, 'float32'],
  [{ dtype: 'float32', storedDtype: 'uint8' }, 'uint8'],
  [{ dtype: 'float32', storedDtype: 'Q4_K' }, 'Q4_K'],
  [{ dtype: 'float32', storedDtype: 'int8, scales along dimension 0' }, 'int8'],
  [{ dtype: 'float32', storedDtype: 'int4 (GPTQ, groups of 128)' }, 'int4'],
  [{ dtype: 'float32', storedDtype: '4 bits, blocks of 32' }, '4 bits'],
  [{ dtype: 'float32', storedDtype: ', odd' }, ', odd'],
] as const)('%j is %s in a word', (tensor, expected) => {
  expect(shortType(tensor)).toBe(expected);
});
