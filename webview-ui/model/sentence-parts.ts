/**
 * A translated sentence with its values in place, where these are not text alone: `{0}` becomes the first value, and so
 * on, in the order of the sentence's language. Nothing is lost: the words between are parts of their own.
 */
export function sentenceParts<T>(sentence: string, values: readonly T[]): readonly (string | T)[] {
  return sentence.split(/(\{\d+\})/).flatMap((part): readonly (string | T)[] => {
    const value = /^\{\d+\}$/.test(part) ? values[Number(part.slice(1, -1))] : undefined;
    if (value !== undefined) return [value];
    return part === '' ? [] : [part];
  });
}
