import { describe, expect, it } from 'vitest';
import { fitSamples, type Fit } from '../../../src/data/fit';
import { fitTargets } from '../../../src/data/fit-targets';
import type { ChannelLayout } from '../../../src/data/loaded-data';
import { formatError } from '../formats/thrown';
import { network } from './files';

function fit(shape: number[], input: number[], channels?: 'last' | 'first', layout: ChannelLayout = 'unknown'): Fit {
  return fitSamples(shape, layout, network(input, 10, channels).inputs[0], '/data').fit;
}

describe('samples fit a network', () => {
  it.each([
    ['as they are', [784], [784], undefined, { shape: [784], order: 'as-is', layout: 'none' }],
    ['images as rows', [28, 28], [784], undefined, { shape: [784], order: 'as-is' }],
    ['images with one channel as rows', [28, 28, 1], [784], undefined, { shape: [784], order: 'as-is' }],
    ['rows as grey images', [784], [28, 28, 1], 'last', { shape: [28, 28, 1], order: 'as-is' }],
    ['rows as grey images, channels first', [784], [1, 28, 28], 'first', { shape: [1, 28, 28], order: 'as-is' }],
    ['images that get a channel behind', [28, 28], [28, 28, 1], 'last', { shape: [28, 28, 1], order: 'as-is' }],
    ['images that get a channel in front', [28, 28], [1, 28, 28], 'first', { shape: [1, 28, 28], order: 'as-is' }],
    ['images that lose a channel', [28, 28, 1], [28, 28], undefined, { shape: [28, 28], order: 'as-is' }],
    ['a channel that moves, alone', [28, 28, 1], [1, 28, 28], 'first', { shape: [1, 28, 28] }],
    ['colours, both last', [32, 32, 3], [32, 32, 3], 'last', { order: 'as-is', layout: 'last', channels: 3 }],
    ['colours, both first', [3, 32, 32], [3, 32, 32], 'first', { order: 'as-is', layout: 'first', channels: 3 }],
    ['colours to the front', [32, 48, 3], [3, 32, 48], 'first', { shape: [3, 32, 48], order: 'channels-to-front' }],
    ['colours to the back', [3, 32, 48], [32, 48, 3], 'last', { shape: [32, 48, 3], order: 'channels-to-back' }],
    ['a network that takes any size', [40, 50, 3], [-1, -1, 3], 'last', { shape: [40, 50, 3], order: 'as-is' }],
    ['any size, grey', [40, 50], [-1, -1, 1], 'last', { shape: [40, 50, 1] }],
    ['any size, colours to the front', [40, 50, 3], [3, -1, -1], 'first', { shape: [3, 40, 50] }],
    [
      'images of three rows, as the network has them',
      [3, 3, 3],
      [3, 3, 3],
      'first',
      { order: 'as-is', layout: 'first' },
    ],
    ['colours as rows', [32, 32, 3], [3072], undefined, { shape: [3072], order: 'as-is', layout: 'last', channels: 3 }],
    ['sequences', [20, 7], [20, 7], undefined, { shape: [20, 7], order: 'as-is', layout: 'none', channels: 1 }],
  ] as const)('%s', (_, shape, input, channels, wanted) => {
    expect(fit([...shape], [...input], channels)).toMatchObject(wanted);
  });

  it('rows as coloured images, in the order that is said, or that CIFAR has', () => {
    expect(fit([3072], [32, 32, 3], 'last')).toMatchObject({ order: 'channels-to-back', layout: 'first', channels: 3 });
    expect(fit([3072], [32, 32, 3], 'last', 'last')).toMatchObject({ order: 'as-is', layout: 'last' });
    expect(fit([3072], [3, 32, 32], 'first')).toMatchObject({ order: 'as-is', layout: 'first' });
    expect(fit([12], [2, 2, 3], 'last')).toMatchObject({ order: 'as-is', layout: 'last' });
    expect(fit([12], [2, 2, 3], 'last', 'first')).toMatchObject({ order: 'channels-to-back', layout: 'first' });
    const { notes } = fitSamples([3072], 'unknown', network([32, 32, 3], 10, 'last').inputs[0], '/data');
    expect(notes.join()).toContain('"layout"');
    expect(fitSamples([3072], 'first', network([32, 32, 3], 10, 'last').inputs[0], '/data').notes).toEqual([]);
  });

  it('what the file says goes before what it looks like', () => {
    expect(fit([3, 32, 3], [3, 3, 32], 'first', 'last')).toMatchObject({ order: 'channels-to-front', layout: 'last' });
  });

  it.each([
    [[3072], [784], undefined, '784 numbers, the samples have 3072', 'trained on'],
    [[32, 32, 3], [28, 28, 1], 'last', '3 channels in place of 1', 'channels'],
    [[28, 28], [32, 32, 1], 'last', '32 × 32 × 1, the samples are 28 × 28', 'imageSize'],
    [[32, 32, 3], [224, 224, 3], 'last', '224 × 224 × 3, the samples are 32 × 32 × 3', 'imageSize'],
    [[20, 30], [30, 20], undefined, '30 × 20, the samples are 20 × 30', 'trained on'],
    [[30, 20, 1], [20, 30, 1], 'last', '20 × 30 × 1', 'imageSize'],
    [[4], [28, 28, 1], 'last', '28 × 28 × 1, the samples are 4', 'trained on'],
    [[40, 50, 1], [-1, -1, 3], 'last', '? × ? × 3', 'channels'],
    [[100], [-1, -1, 3], 'last', '? × ? × 3', 'trained on'],
  ] as const)('%j do not fit %j', async (shape, input, channels, reason, remedy) => {
    const detail = await formatError(Promise.resolve().then(() => fit([...shape], [...input], channels)));
    expect(detail.reason).toContain(reason);
    expect(detail.remedy).toContain(remedy);
  });
});

describe('targets fit a network', () => {
  const classes = (...labels: number[]): { kind: 'classes'; classes: number; labels: Int32Array } => ({
    kind: 'classes',
    classes: Math.max(...labels) + 1,
    labels: Int32Array.from(labels),
  });

  it('as many classes as it tells apart', () => {
    expect(fitTargets(classes(0, 9), network([4], 10), '/y')).toEqual({
      targets: { kind: 'classes', classes: 10, labels: Int32Array.of(0, 9) },
      notes: [],
    });
  });

  it('fewer classes, which is said', () => {
    const { targets, notes } = fitTargets(classes(0, 3), network([4], 10), '/y');
    expect(targets).toMatchObject({ classes: 10 });
    expect(notes).toHaveLength(1);
  });

  it('not more classes; numbered from 1, there is a remedy', async () => {
    const more = await formatError(Promise.resolve().then(() => fitTargets(classes(0, 11), network([4], 10), '/y')));
    expect(more.reason).toMatch(/^has the label 11 \(sample \d+\); .*10 classes apart, the labels go from 0 to 11$/);
    expect(more.remedy).not.toContain('firstLabel');
    const fromOne = await formatError(Promise.resolve().then(() => fitTargets(classes(1, 10), network([4], 10), '/y')));
    expect(fromOne.remedy).toContain('"firstLabel" to 1');
  });

  it('two classes for one logit, numbers for one output without a link', () => {
    const sigmoid = { ...network([4], 1), link: 'sigmoid' } as const;
    expect(fitTargets(classes(0, 1), sigmoid, '/y').targets).toMatchObject({ kind: 'classes', classes: 2 });
    expect(fitTargets(classes(0, 0), sigmoid, '/y').targets).toMatchObject({ kind: 'classes', classes: 2 });
    const plain = fitTargets(classes(0, 1), network([4], 1), '/y');
    expect(plain.targets).toEqual({ kind: 'values', size: 1, values: Float32Array.of(0, 1) });
    expect(plain.notes).toHaveLength(1);
    const said = fitTargets(classes(0, 1), network([4], 1), '/y', 'sigmoid-cross-entropy');
    expect(said.targets).toMatchObject({ kind: 'classes', classes: 2 });
    expect(fitTargets(classes(5, 30), network([4], 1), '/y').targets).toMatchObject({ kind: 'values', size: 1 });
  });

  it.each([
    ['below 0', [3, 0, -1, -1], 'the label -1 (sample 2)'],
    ['that is no whole number', [3, 0.5], 'the label 0.5 (sample 1)'],
    ['that is no number', [NaN, 0], 'the label NaN (sample 0)'],
  ])('no label %s among classes', async (_, labels, reason) => {
    const values = { kind: 'values', size: 1, values: Float32Array.from(labels) } as const;
    const detail = await formatError(Promise.resolve().then(() => fitTargets(values, network([4], 10), '/y')));
    expect(detail.file).toBe('/y');
    expect(detail.reason).toContain(reason);
    expect(detail.reason).toContain('10 classes apart, whose labels are whole numbers from 0 to 9');
  });

  it('values of the size of the output', async () => {
    const values = { kind: 'values', size: 3, values: new Float32Array(6) } as const;
    expect(fitTargets(values, network([4], 3), '/y').targets).toBe(values);
    const detail = await formatError(Promise.resolve().then(() => fitTargets(values, network([4], 2), '/y')));
    expect(detail.reason).toContain('2 numbers, the labels have 3');
  });
});
