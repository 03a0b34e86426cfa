import { expect, test } from 'vitest';
import { nameText } from '../../../src/report/name-text';

test.each([
  ['layer1.0.conv1.weight', 'layer1.0.conv1.weight'],
  ['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
  ['שכבה.משקל', 'שכבה.משקל'],
  ['a\u202Egnp.thgiew', 'a‹U+202E›gnp.thgiew'],
  ['line\nbreak\u200b', 'line‹U+000A›break‹U+200B›'],
  [' ', '“ ”'],
  ['', '“”'],
  ['trailing ', '“trailing ”'],
  ['emoji 🧠', 'emoji 🧠'],
])('%j is shown as %s', (name, shown) => {
  expect(nameText(name)).toBe(shown);
});
