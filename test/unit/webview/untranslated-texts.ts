import ts from 'typescript';

/** Names, units and citations, which are the same in every language. */
const SAME_EVERYWHERE: readonly (string | RegExp)[] = [
  'Prunability',
  /\bmin\b/,
  /^Mason-Williams & Dahlqvist, .*/,
  /^Zhang, Zhang, Sun & Liu, .*/,
  /^Ghorbani, Krishnan & Xiao, .*/,
  /^(?:Taylor|GraSP|Wanda|Fisher)$/,
  /^(?:TensorFlow|WebGPU|WebAssembly|JavaScript)$/,
];

/** Attributes that are read by people. */
const TEXT_ATTRIBUTES =
  /^\.?(?:alt|label|placeholder|title|aria-(?:label|description|placeholder|roledescription|valuetext))$/;
/** Properties that hold texts, here and in chart specifications. */
const TEXT_PROPERTIES = /^(?:caption|definition|label|note|placeholder|sentence|short|title)$/;
/** Errors that say that the code is wrong, for developers. */
const ERRORS = /^(?:Error|RangeError|TypeError)$/;

/** Stands for an expression in a template. */
const VALUE = '\ufffc';
const WORD = /\p{L}{2,}/u;
/** Two words, or a word beside a value, but no code; or a capitalised word. */
const PROSE =
  /(?<![\p{L}.#-])\p{L}{2,}[.,:;]? [("“]?(?:\p{L}{2,}|\ufffc)|\ufffc[.,:;)]? [("“]?\p{L}{2,}(?![\p{L}(])|^\p{Lu}\p{Ll}{2,}/u;

/** A literal that looks like a text for people. */
export interface Suspect {
  /** 1-based. */
  readonly line: number;
  readonly text: string;
}

/**
 * Finds literals in a TypeScript source of the webview that look like untranslated texts: what stands between the tags
 * or in a text attribute of a lit template, in a property that holds texts, and prose anywhere else outside `l10n.t`.
 */
export function untranslatedTexts(source: string): readonly Suspect[] {
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true);
  const suspects: Suspect[] = [];
  const check = (node: ts.Node, text: string, suspicious: RegExp): void => {
    const rest = SAME_EVERYWHERE.reduce<string>((left, name) => left.replace(name, ''), text.replace(/\s+/g, ' '));
    if (!suspicious.test(rest)) return;
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    suspects.push({ line: line + 1, text: text.replaceAll(VALUE, '…').trim() });
  };
  const visit = (node: ts.Node): void => {
    if (isApart(node)) return;
    if (ts.isTaggedTemplateExpression(node)) {
      const tag = node.tag.getText();
      if (tag === 'css') return;
      if (tag === 'html' || tag === 'svg') checkTemplate(node.template);
      else visit(node.template);
    } else if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) {
      if (!isNoText(node)) check(node, literalText(node), holdsText(node.parent) ? WORD : PROSE);
      if (ts.isTemplateExpression(node)) for (const span of node.templateSpans) visit(span.expression);
    } else ts.forEachChild(node, visit);
  };
  /** A value shown or said as it is: its literals are texts, however short. */
  const checkShown = (value: ts.Expression): void => {
    if (ts.isParenthesizedExpression(value)) checkShown(value.expression);
    else if (ts.isConditionalExpression(value)) {
      visit(value.condition);
      checkShown(value.whenTrue);
      checkShown(value.whenFalse);
    } else if (ts.isBinaryExpression(value) && value.operatorToken.kind !== ts.SyntaxKind.EqualsEqualsEqualsToken) {
      checkShown(value.left);
      checkShown(value.right);
    } else if (ts.isStringLiteralLike(value)) check(value, value.text, WORD);
    else if (ts.isTemplateExpression(value)) {
      check(value, literalText(value), WORD);
      for (const span of value.templateSpans) visit(span.expression);
    } else visit(value);
  };
  /** A value that only the browser reads: classes, states, coordinates. */
  const skipLiterals = (value: ts.Node): void => {
    if (ts.isStringLiteralLike(value)) return;
    if (ts.isConditionalExpression(value) || ts.isParenthesizedExpression(value)) ts.forEachChild(value, skipLiterals);
    else if (ts.isTemplateExpression(value)) for (const span of value.templateSpans) skipLiterals(span.expression);
    else visit(value);
  };
  const checkTemplate = (template: ts.TemplateLiteral): void => {
    const values = ts.isTemplateExpression(template) ? template.templateSpans.map(({ expression }) => expression) : [];
    let next = 0;
    const checkPart = (part: string, isShown: boolean): void => {
      if (isShown) check(template, part.replace(/^["']|["']$/g, '').replaceAll(VALUE, ''), WORD);
      for (let count = part.split(VALUE).length - 1; count > 0; count--) {
        const value = values[next++];
        if (value !== undefined) (isShown ? checkShown : skipLiterals)(value);
      }
    };
    // text, tag, text, tag …; a tag's attributes are quoted, or a value alone
    for (const [i, part] of literalText(template)
      .split(/(<\/?[\w-](?:"[^"]*"|'[^']*'|[^"'>])*>)/)
      .entries()) {
      if (i % 2 === 0) checkPart(part, true);
      else {
        for (const [j, attribute] of part.split(/([@.?]?[\w-]+=(?:"[^"]*"|'[^']*'|[^\s>]*))/).entries()) {
          const name = attribute.slice(0, attribute.indexOf('='));
          if (j % 2 === 1) checkPart(attribute.slice(name.length + 1), TEXT_ATTRIBUTES.test(name));
          else checkPart(attribute, false);
        }
      }
    }
  };
  visit(file);
  return suspects;
}

/** The literal's text, with {@link VALUE} in the place of each expression. */
function literalText(node: ts.StringLiteralLike | ts.TemplateLiteral): string {
  if (!ts.isTemplateExpression(node)) return node.text;
  return node.head.text + node.templateSpans.map((span) => VALUE + span.literal.text).join('');
}

/** Where no text for people is: imports, types, internal errors. */
function isApart(node: ts.Node): boolean {
  if (ts.isNewExpression(node)) return ERRORS.test(node.expression.getText());
  return (
    ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isModuleDeclaration(node) || ts.isTypeNode(node)
  );
}

/** Literals that are compared or looked up, and those that are translated. */
function isNoText(literal: ts.Node): boolean {
  const { parent } = literal;
  if (ts.isCallExpression(parent)) return parent.expression.getText() === 'l10n.t' && parent.arguments[0] === literal;
  if (ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent)) return parent.name === literal;
  if (ts.isBinaryExpression(parent)) {
    const { kind } = parent.operatorToken;
    return kind === ts.SyntaxKind.EqualsEqualsEqualsToken || kind === ts.SyntaxKind.ExclamationEqualsEqualsToken;
  }
  return ts.isCaseClause(parent) || ts.isElementAccessExpression(parent);
}

function holdsText(parent: ts.Node): boolean {
  if (ts.isConditionalExpression(parent) || ts.isParenthesizedExpression(parent)) return holdsText(parent.parent);
  return ts.isPropertyAssignment(parent) && TEXT_PROPERTIES.test(parent.name.getText());
}
