import { describe, expect, test } from 'vitest';
import { ProgressMeter } from '../../../webview-ui/model/progress-meter';
import { scrollToShow, visibleRange } from '../../../webview-ui/grid/virtual-range';

describe('progress meter', () => {
  test('judges the speed by what it has seen itself', () => {
    const meter = new ProgressMeter(1000);
    expect(meter.progress()).toEqual({ fraction: 0 });
    meter.observe(400, 10_000);
    expect(meter.progress()).toEqual({ fraction: 0.4 });
    meter.observe(500, 10_100);
    expect(meter.progress()).toEqual({ fraction: 0.5 });
    meter.observe(600, 12_000);
    expect(meter.progress()).toEqual({ fraction: 0.6, secondsLeft: 4 });
  });

  test('never exceeds the whole, and says nothing of an empty file', () => {
    const meter = new ProgressMeter(100);
    meter.observe(0, 0);
    meter.observe(150, 2000);
    expect(meter.progress()).toEqual({ fraction: 1, secondsLeft: 0 });
    const empty = new ProgressMeter(0);
    empty.observe(0, 0);
    expect(empty.progress()).toEqual({ fraction: 0 });
  });
});

describe('virtual rows', () => {
  test('covers what is visible and a little more', () => {
    expect(visibleRange(0, 240, 24, 1000)).toEqual({ start: 0, end: 16 });
    expect(visibleRange(2400, 240, 24, 1000)).toEqual({ start: 94, end: 116 });
    expect(visibleRange(23_760, 240, 24, 1000)).toEqual({ start: 984, end: 1000 });
  });

  test('is empty without rows or when scrolled beyond them', () => {
    expect(visibleRange(0, 240, 24, 0)).toEqual({ start: 0, end: 0 });
    expect(visibleRange(50_000, 240, 24, 3)).toEqual({ start: 3, end: 3 });
  });

  test('scrolls no further than needed', () => {
    expect(scrollToShow(5, 0, 240, 24)).toBe(0);
    expect(scrollToShow(10, 0, 240, 24)).toBe(24);
    expect(scrollToShow(2, 100, 240, 24)).toBe(48);
  });
});
