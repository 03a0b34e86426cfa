import { describe, expect, it } from 'vitest';
import {
  englishTexts,
  manifestKeys,
  readTexts,
  shortcomings,
  translatedTexts,
  translations,
} from '../../scripts/l10n.mjs';

const english = englishTexts();

describe('the texts to be translated', () => {
  it('are all in the bundle, and no other', () => {
    expect(readTexts('l10n/bundle.l10n.json')).toEqual(english.bundle);
  });

  it('of the manifest are all in package.nls.json, and no other', () => {
    const { used, defined } = manifestKeys();
    expect(used).toEqual(defined);
  });
});

describe('translations', () => {
  it('there are German ones', () => {
    const paths = translations().map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['l10n/bundle.l10n.de.json', 'package.nls.de.json']));
  });

  it.each(translations())('$path: complete, nothing superfluous, the same placeholders', ({ path, of }) => {
    expect(shortcomings(english[of], readTexts(path))).toEqual({ missing: [], superfluous: [], placeholders: [] });
  });

  it('are found wanting where they are', () => {
    const texts = { 'a {0}': 'a {0}', b: 'b', c: 'c', '{0} of {1}': '{0} of {1}' };
    const translated = { 'a {0}': 'A {1}', b: ' ', d: 'D', '{0} of {1}': '{1} von {0}' };
    expect(shortcomings(texts, translated)).toEqual({
      missing: ['b', 'c'],
      superfluous: ['d'],
      placeholders: ['a {0}'],
    });
  });
});

describe('extraction', () => {
  it('finds the texts of both packages, within expressions and templates too', () => {
    const source =
      "const a = html`<p>${l10n.t('one')}</p>`; f(vscode.l10n.t('two {0}', n), x ? l10n.t(\"three's\") : '');";
    expect(translatedTexts('a.ts', source)).toEqual(['one', 'two {0}', "three's"]);
  });

  it.each([
    ['no literal', 'l10n.t(text)'],
    ['a template with a value', 'l10n.t(`one ${two}`)'],
    ['pieces', "l10n.t('one ' + 'two')"],
    ['a value without a placeholder', "l10n.t('one', 2)"],
    ['a placeholder without a value', "l10n.t('one {0} {1}', 2)"],
  ])('refuses what cannot be translated: %s', (_, call) => {
    expect(() => translatedTexts('a.ts', call)).toThrow(/^a\.ts: /);
  });
});
