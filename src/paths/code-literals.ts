import { tokensOf, type TokenRules } from './code-tokens';
import { expressionAround, type JoinRules } from './path-expression';
import { covers, type PathLiteral } from './path-literal';

/** The string literal at a place of a line of code, and before it the path expression that it is part of. */
export function codeLiterals(
  line: string,
  character: number,
  rules: TokenRules,
  joins?: JoinRules,
): readonly PathLiteral[] {
  const tokens = tokensOf(line, rules);
  const index = tokens.findIndex((token) => covers(token, character));
  const token = tokens[index];
  if (token?.kind !== 'string' || token.text === undefined) return [];
  const alone = { text: token.text, start: token.start, end: token.end };
  const expression = joins === undefined ? undefined : expressionAround(tokens, index, joins);
  return expression === undefined || expression.text === alone.text ? [alone] : [expression, alone];
}
