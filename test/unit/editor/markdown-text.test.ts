import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { markdownText } from '../../../src/editor/hover/markdown-text';

/** What a Markdown reader makes of a text without markup. */
function decoded(markdown: string): string {
  return markdown.replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
}

describe('a text for Markdown', () => {
  it('is the text', () => {
    expect(markdownText('épochs 3 模型')).toBe('épochs 3 模型');
    expect(decoded(markdownText('](command:evil)'))).toBe('](command:evil)');
  });

  it('holds nothing that Markdown, HTML, a link or an icon could be made of', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const markdown = markdownText(text);
        expect(markdown.replace(/&#\d+;/g, '')).not.toMatch(/[!-/:-@[-`{-~\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
        const hidden = /[\p{Cc}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/u;
        if (!hidden.test(text)) expect(decoded(markdown)).toBe(text);
      }),
    );
  });

  it('shows what would not show', () => {
    expect(decoded(markdownText('a\n\n# b\u202etp.\u200b\0'))).toBe('a‹U+000A›‹U+000A›# b‹U+202E›tp.‹U+200B›‹U+0000›');
  });

  it('is cut where it is long, and not in the middle of a character', () => {
    const cut = markdownText('😀'.repeat(100_000));
    expect(Array.from(cut)).toHaveLength(400);
    expect(cut.endsWith('😀…')).toBe(true);
    expect(markdownText('`'.repeat(1e6)).length).toBeLessThan(3000);
  });
});
