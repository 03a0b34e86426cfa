import { expect, test } from 'vitest';
import { sentenceParts } from '../../../webview-ui/model/sentence-parts';

const FIRST = { figure: 1 };
const SECOND = { figure: 2 };

test.each([
  ['About {0} can go; {1} if not.', ['About ', FIRST, ' can go; ', SECOND, ' if not.']],
  ['{1} ohne, {0} mit', [SECOND, ' ohne, ', FIRST, ' mit']],
  ['{0}{1}', [FIRST, SECOND]],
  ['none', ['none']],
  ['{2} is not given', ['{2}', ' is not given']],
])('%s', (sentence, parts) => {
  expect(sentenceParts(sentence, [FIRST, SECOND])).toEqual(parts);
});
