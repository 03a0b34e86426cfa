/**
 * Puts values that are more than text into a translated sentence: `{0}` becomes the first value, and so on, in the order
 * in which the language has them; the words between are parts of their own.
 */
export function sentenceParts<T>(sentence: string, values: readonly T[]): readonly (string | T)[] {
  return sentence.split(/(\{\d+\})/).flatMap((part): readonly (string | T)[] => {
    const value = /^\{\d+\}$/.test(part) ? values[Number(part.slice(1, -1))] : undefined;
    if (value !== undefined) return [value];
    return part === '' ? [] : [part];
  });
}
