/** What a translation lacks: texts, those to be translated no more, and those with other placeholders. Keys. */
export interface Shortcomings {
  readonly missing: readonly string[];
  readonly superfluous: readonly string[];
  readonly placeholders: readonly string[];
}

type Texts = Readonly<Record<string, string>>;

/**
 * First arguments of all calls of `l10n.t`, in the order of the source.
 * @throws {Error} if one is no string literal, or its placeholders do not fit the other arguments.
 */
export declare function translatedTexts(path: string, source: string): string[];

/** The English texts by key: those of the sources, which are their own keys, and those of the manifest. */
export declare function englishTexts(): { readonly bundle: Texts; readonly manifest: Texts };

/** Files with the texts of one language, and what they are translations of. */
export declare function translations(): { readonly path: string; readonly of: 'bundle' | 'manifest' }[];

export declare function shortcomings(english: Texts, translated: Texts): Shortcomings;

/** Keys that package.json uses, and the ones that package.nls.json has, sorted. */
export declare function manifestKeys(): { readonly used: readonly string[]; readonly defined: readonly string[] };

/** @param path relative to the repository */
export declare function readTexts(path: string): Texts;
