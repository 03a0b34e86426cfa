import { describe, expect, test } from 'vitest';
import { limitPins } from '../../../webview-ui/model/limit-pins';
import { RulerGeometry } from '../../../webview-ui/model/ruler-geometry';
import { makeScenario } from '../../panel/scenarios';

const model = makeScenario('complete').snapshot.events.findLast((event) => event.type === 'model');
const limits = model?.type === 'model' ? model.update.limits.filter(({ scope }) => scope === 'weights') : [];
const pins = limitPins(limits);
const measure = (text: string): number => 6.2 * text.length;

describe('geometry of the ruler', () => {
  test('fractions and pixels are inverse to each other, within the axis', () => {
    const ruler = new RulerGeometry(1200, pins, measure);
    for (const fraction of [0, 0.25, 0.84, 1]) expect(ruler.fractionAt(ruler.x(fraction))).toBeCloseTo(fraction, 12);
    expect(ruler.fractionAt(-50)).toBe(0);
    expect(ruler.fractionAt(5000)).toBe(1);
  });

  test.each([1600, 1240, 860, 520, 360, 240])(
    'at %d pixels every pin has a label, and none covers another',
    (width) => {
      const ruler = new RulerGeometry(width, pins, measure);
      expect(ruler.pins).toHaveLength(pins.length);
      const boxes = ruler.pins.map(({ labelX, labelWidth, labelTop, inline }) => ({
        left: labelX - labelWidth / 2,
        right: labelX + labelWidth / 2,
        top: labelTop,
        bottom: labelTop + (inline ? 20 : 34),
      }));
      boxes.forEach((a, i) => {
        expect(a.left).toBeGreaterThanOrEqual(-0.01);
        expect(a.right).toBeLessThanOrEqual(width + 0.01);
        expect(a.bottom).toBeLessThanOrEqual(ruler.height);
        for (const b of boxes.slice(i + 1)) {
          expect(a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top).toBe(true);
        }
      });
    },
  );

  test('where there is room the labels stand in one line', () => {
    expect(new Set(new RulerGeometry(1240, pins, measure).pins.map(({ labelTop }) => labelTop)).size).toBe(1);
  });
});
