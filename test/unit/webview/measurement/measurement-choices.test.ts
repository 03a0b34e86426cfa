import { expect, test } from 'vitest';
import { INITIAL_CHOICES, restoreChoices } from '../../../../webview-ui/measurement/measurement-choices';

test('choices come back as they were stored', () => {
  const choices = { epsilon: 0.01, negative: 'clip', criteria: ['taylor', 'fisher'], tab: 'facts', near: true };
  expect(restoreChoices(JSON.parse(JSON.stringify(choices)))).toEqual(choices);
});

test('what is not of this version is left out', () => {
  expect(restoreChoices(undefined)).toBe(INITIAL_CHOICES);
  expect(
    restoreChoices({ epsilon: -1, negative: 'maybe', criteria: ['magic', 'random'], tab: 4, near: 'yes' }),
  ).toEqual({
    ...INITIAL_CHOICES,
    criteria: ['random'],
  });
});
