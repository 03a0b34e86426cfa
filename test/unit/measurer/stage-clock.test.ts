import { expect, test } from 'vitest';
import { StageClock } from '../../../src/measurer/stage-clock';

/** A clock, and how it is set. */
function clocks(): { clock: StageClock; at: (seconds: number) => void } {
  let now = 0;
  return { clock: new StageClock(() => now), at: (seconds) => (now = 1000 * seconds) };
}

test('as long as so far for each step', () => {
  const { clock, at } = clocks();
  at(10);
  expect(clock.remaining('curvature', 0, 128)).toBeUndefined();
  at(14);
  expect(clock.remaining('curvature', 1, 128)).toBe(4 * 127);
  at(20);
  expect(clock.remaining('curvature', 64, 128)).toBe(10);
  expect(clock.remaining('curvature', 128, 128)).toBe(0);
});

test('nothing is guessed from a moment', () => {
  const { clock, at } = clocks();
  clock.remaining('sweep', 0, 48);
  at(1.9);
  expect(clock.remaining('sweep', 4, 48)).toBeUndefined();
  at(2);
  expect(clock.remaining('sweep', 4, 48)).toBe(22);
});

test('what was done before does not count', () => {
  const { clock, at } = clocks();
  clock.remaining('curvature', 100, 128);
  at(30);
  expect(clock.remaining('curvature', 110, 128)).toBe(54);
});

test('each stage has a time of its own', () => {
  const { clock, at } = clocks();
  clock.remaining('sweep', 0, 48);
  at(48);
  expect(clock.remaining('sweep', 48, 48)).toBe(0);
  expect(clock.remaining('curvature', 0, 128)).toBeUndefined();
  at(50);
  expect(clock.remaining('curvature', 1, 128)).toBe(254);
});
