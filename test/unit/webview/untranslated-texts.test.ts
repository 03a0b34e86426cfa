import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { untranslatedTexts } from './untranslated-texts';

const folder = join(import.meta.dirname, '../../../webview-ui');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const found = (source: string): readonly string[] => untranslatedTexts(source).map(({ text }) => text);

test('the webview has no text that cannot be translated', () => {
  expect(files.length).toBeGreaterThan(30);
  const suspects = files.flatMap((name) =>
    untranslatedTexts(readFileSync(join(folder, name), 'utf8')).map(
      ({ line, text }) => `${name}:${String(line)} ${text}`,
    ),
  );
  expect(suspects).toEqual([]);
});

describe('a text that is not translated is found', () => {
  test.each([
    ['between tags', 'html`<p>${x} of them</p>`', ['of them']],
    ['after a void element', 'html`<input class="a" /> left over`', ['left over']],
    ['in a picture', 'svg`<text x=${1}>ideal</text>`', ['ideal']],
    ['in a nested template', "html`<p>${x ? html`<b>bold</b>` : ''}</p>`", ['bold']],
    ['as a shown value', "html`<p>${x ? 'all' : l10n.t('none')}</p>`", ['all']],
    ['as a shown template', 'html`<p>${`${x} left`}</p>`', ['… left']],
    ['in an attribute', 'html`<a title="Close" class="link">${x}</a>`', ['Close']],
    ['as the value of an attribute', "html`<a aria-label=${x ? 'open' : label}>${x}</a>`", ['open']],
    ['in part of an attribute', 'html`<a aria-label="Data of ${x}"></a>`', ['Data of']],
    ['in a handler', "html`<a @click=${() => { show('No layer'); }}></a>`", ['No layer']],
    ['in a property', "const axis = { title: 'values', field: 'range' };", ['values']],
    ['as prose', "f('not read yet');", ['not read yet']],
    ['as a capitalised word', "f('Close');", ['Close']],
    ['in a template', 'f(`${n} values`);', ['… values']],
    ['as a value of a translation', "l10n.t('a {0}', 'Not so');", ['Not so']],
  ])('%s', (_, source, expected) => {
    expect(found(source)).toEqual(expected);
  });
});

test('what is no text is left alone', () => {
  const source = `
    import { x } from './Some module';
    declare module 'Some module' { const spec: 'Not a text'; }
    type Kind = 'Safe' | 'At random';
    const style = css\`p { font: 600 13px Arial; }\`;
    const path = 'M8 10V2.5M5.5 5L8 2.5';
    const moved = \`translate(\${x} 0)\`;
    if (event.key === 'Escape') throw new Error('The grid is always there');
    switch (key) { case 'Home': break; }
    const name = l10n.t('Name of the layer');
    html\`<main class="a \${b ? 'mono dim' : ''}" role="none" @click=\${() => { f('click'); }}>
      Prunability \${l10n.t('kept')} · \${x === 'Not shown' ? x : y}
    </main>\`;
    duration(\`\${minutes} min \${seconds} s\`);`;
  expect(found(source)).toEqual([]);
});
