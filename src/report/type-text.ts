import type { TensorFacts } from './report';

/** How a tensor's elements are stored, in a word: `int8` of "int8, scales along dimension 0". */
export function shortType({ dtype, storedDtype }: Pick<TensorFacts, 'dtype' | 'storedDtype'>): string {
  return shortStoredType(storedDtype ?? dtype);
}

/** The first word or words of a format's description of how elements are stored. */
export function shortStoredType(stored: string): string {
  return /^[^,(]+/.exec(stored)?.[0].trim() ?? stored;
}
