// Collects the texts to be translated into l10n/bundle.l10n.json, and says what the translations lack: `node scripts/l10n.mjs`.
// With --check nothing is written, and what is out of date fails: exit code 1.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { isMain } from './run-program.mjs';

const root = join(import.meta.dirname, '..');
const BUNDLE = 'l10n/bundle.l10n.json';
const MANIFEST_TEXTS = 'package.nls.json';

/** Where texts are: the extension host, what it shares with the engine, and the webview. */
const SOURCES = ['src', 'webview-ui'];

/**
 * First arguments of all calls of `l10n.t`, in the order of the source.
 * @param {string} path for messages
 * @param {string} source TypeScript
 * @returns {string[]}
 * @throws {Error} if one is no string literal, or its placeholders do not fit the other arguments: such a text could not be translated
 */
export function translatedTexts(path, source) {
  /** @type {string[]} */
  const found = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isCallExpression(node) && /^(vscode\.)?l10n\.t$/.test(node.expression.getText())) {
      const [message, ...values] = node.arguments;
      if (message === undefined || !ts.isStringLiteralLike(message)) {
        throw new Error(`${path}: the first argument of l10n.t must be a string literal: ${node.getText()}`);
      }
      const expected = values.map((_, index) => `{${index}}`).sort();
      if (!values.some(ts.isSpreadElement) && placeholders(message.text).join() !== expected.join()) {
        throw new Error(`${path}: the placeholders do not fit the ${values.length} values: ${node.getText()}`);
      }
      found.push(message.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true));
  return found;
}

/**
 * The texts of all sources, each once, sorted.
 * @returns {string[]}
 */
function sourceTexts() {
  const texts = SOURCES.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
      .flatMap((name) => {
        const path = join(folder, name);
        return translatedTexts(path, readFileSync(join(root, path), 'utf8'));
      }),
  );
  return [...new Set(texts)].sort();
}

/**
 * The English texts by key: those of the sources, which are their own keys, and those of the manifest.
 * @returns {{ bundle: Record<string, string>, manifest: Record<string, string> }}
 */
export function englishTexts() {
  return {
    bundle: Object.fromEntries(sourceTexts().map((text) => [text, text])),
    manifest: readTexts(MANIFEST_TEXTS),
  };
}

/**
 * Files with the texts of one language, and what they are translations of.
 * @returns {{ path: string, of: 'bundle' | 'manifest' }[]}
 */
export function translations() {
  const bundles = readdirSync(join(root, 'l10n')).filter((name) => /^bundle\.l10n\..+\.json$/.test(name));
  const manifests = readdirSync(root).filter((name) => /^package\.nls\..+\.json$/.test(name));
  return [
    ...bundles.map((name) => ({ path: `l10n/${name}`, of: /** @type {const} */ ('bundle') })),
    ...manifests.map((name) => ({ path: name, of: /** @type {const} */ ('manifest') })),
  ];
}

/**
 * What a translation lacks: texts without a translation (or with an empty one), translations of texts that are gone, and
 * those whose placeholders differ.
 * @param {Record<string, string>} english
 * @param {Record<string, string>} translated
 * @returns {{ missing: string[], superfluous: string[], placeholders: string[] }}
 */
export function shortcomings(english, translated) {
  const keys = Object.keys(english);
  return {
    missing: keys.filter((key) => (translated[key] ?? '').trim() === ''),
    superfluous: Object.keys(translated).filter((key) => !Object.hasOwn(english, key)),
    placeholders: keys.filter((key) => {
      const text = translated[key] ?? '';
      return text !== '' && placeholders(text).join() !== placeholders(english[key] ?? '').join();
    }),
  };
}

/**
 * Keys that package.json uses, and the ones that package.nls.json has.
 * @returns {{ used: string[], defined: string[] }}
 */
export function manifestKeys() {
  const used = [...readFileSync(join(root, 'package.json'), 'utf8').matchAll(/"%([^%"]+)%"/g)].map(
    ([, key]) => key ?? '',
  );
  return { used: [...new Set(used)].sort(), defined: Object.keys(readTexts(MANIFEST_TEXTS)).sort() };
}

/**
 * @param {string} path relative to the repository
 * @returns {Record<string, string>}
 */
export function readTexts(path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}

/**
 * The file that holds these texts.
 * @param {Record<string, string>} texts
 */
function bundleText(texts) {
  return `${JSON.stringify(texts, null, 2)}\n`;
}

/** Different placeholders of a text, sorted. @param {string} text @returns {string[]} */
function placeholders(text) {
  return [...new Set(text.match(/\{\d+\}/g) ?? [])].sort();
}

/** @param {boolean} check @returns {boolean} whether everything is up to date */
function run(check) {
  const english = englishTexts();
  const text = bundleText(english.bundle);
  let good = true;
  if (readFileSync(join(root, BUNDLE), 'utf8') !== text) {
    if (check) {
      good = false;
      console.log(`${BUNDLE} is out of date: run npm run l10n`);
    } else {
      writeFileSync(join(root, BUNDLE), text);
      console.log(`${BUNDLE}: written, ${Object.keys(english.bundle).length} texts`);
    }
  }
  for (const { path, of } of translations()) {
    const { missing, superfluous, placeholders: different } = shortcomings(english[of], readTexts(path));
    if (missing.length + superfluous.length + different.length > 0) good = false;
    if (missing.length > 0) {
      console.log(`${path} lacks ${missing.length} texts. To fill in:`);
      console.log(JSON.stringify(Object.fromEntries(missing.map((key) => [key, ''])), null, 2));
    }
    for (const key of superfluous) console.log(`${path} translates what no source says: ${JSON.stringify(key)}`);
    for (const key of different) console.log(`${path} has other placeholders: ${JSON.stringify(key)}`);
  }
  return good;
}

if (isMain(import.meta)) {
  const check = process.argv.includes('--check');
  if (!run(check) && check) process.exitCode = 1;
}
