import { describe, expect, test } from 'vitest';
import type { AnalysisStatus } from '../../../src/protocol/panel';
import type { LimitEstimate, ReportWarning } from '../../../src/report/report';
import { answerFor, trainingVerdict, type Answer, type AnswerInput } from '../../../webview-ui/model/answer';
import { layerRemark, type RemarkInput } from '../../../webview-ui/model/layer-remark';
import { limitPercent } from '../../../src/report/number-text';
import { warningTitle } from '../../../webview-ui/model/warning-title';

const COMPLETE: AnalysisStatus = { state: 'complete', seconds: 1 };
const estimate = (method: LimitEstimate['method'], prunedFraction: number): LimitEstimate => ({
  method,
  scope: 'weights',
  prunedFraction,
  prunedCount: 0,
  inputs: 'weights',
  assumptions: [],
  verdict: '',
  reference: '',
});
const warning = (code: string, tensors?: readonly string[]): ReportWarning => ({
  code,
  message: `about ${code}`,
  ...(tensors === undefined ? {} : { tensors }),
});
const INPUT: AnswerInput = {
  status: COMPLETE,
  scope: 'weights',
  limits: [estimate('cosine-utopia-grid', 0.84), estimate('cosine-0.99', 0.432)],
  warnings: [],
  prunableTensors: 21,
  valueCount: 1e6,
  fractionRead: 1,
  measured: false,
};
const sentence = (answer: Answer | undefined): string =>
  (answer?.sentence ?? [])
    .map((part) => (typeof part === 'string' ? part : limitPercent(part.prunedFraction).replace('\u202f', ' ')))
    .join('');

describe('the answer', () => {
  test('is one sentence with two figures', () => {
    const answer = answerFor(INPUT);
    expect(sentence(answer)).toBe('About 84 % of the weights can go if you fine-tune afterwards; 43 % if you do not.');
    expect(answer?.note).toBe('Estimated from the weights alone; the loss has not been measured.');
    expect(sentence(answerFor({ ...INPUT, scope: 'parameters' }))).toMatch(/^About 84 % of all parameters/);
  });

  test('does without the second figure', () => {
    const answer = answerFor({ ...INPUT, limits: INPUT.limits.slice(0, 1) });
    expect(sentence(answer)).toBe('About 84 % of the weights can go if you fine-tune afterwards.');
  });

  test('says that it is partial', () => {
    const running = answerFor({ ...INPUT, status: { state: 'running' }, fractionRead: 0.4 });
    expect(sentence(running)).toMatch(/^So far, about 84 %/);
    expect(running?.note).toMatch(/^From 40.% of the file so far\./u);
    expect(answerFor({ ...INPUT, status: { state: 'cancelled' }, fractionRead: 0.4 })?.note).toMatch(
      /^Partial: from 40/,
    );
  });

  test('waits for something to say', () => {
    expect(answerFor({ ...INPUT, status: { state: 'running' }, limits: [] })).toBeUndefined();
    expect(answerFor({ ...INPUT, status: { state: 'running' }, prunableTensors: 0, limits: [] })).toBeUndefined();
  });

  test('is a caution where the prediction does not hold', () => {
    for (const [input, text] of [
      [{ warnings: [warning('at-initialisation')] }, /looks untrained/],
      [{ limits: [], prunableTensors: 0 }, /nothing to prune/],
      [{ limits: [], valueCount: 0 }, /no finite weights/],
      [{ limits: [] }, /cannot be told/],
    ] as const) {
      const answer = answerFor({ ...INPUT, ...input });
      expect(answer?.tone).toBe('caution');
      expect(sentence(answer)).toMatch(text);
    }
  });

  test('names untrained layers beside the figures', () => {
    const answer = answerFor({ ...INPUT, warnings: [warning('layer-at-initialisation', ['a', 'b'])] });
    expect(answer?.tone).toBe('plain');
    expect(answer?.note).toMatch(/^2 layers look untrained/);
  });
});

test('the verdict on training waits for the end, warnings do not', () => {
  expect(trainingVerdict([], COMPLETE, true)?.title).toBe('Trained');
  expect(trainingVerdict([], { state: 'running' }, true)).toBeUndefined();
  expect(trainingVerdict([], COMPLETE, false)).toBeUndefined();
  expect(trainingVerdict([warning('at-initialisation')], { state: 'running' }, true)?.title).toBe('At initialisation');
  expect(trainingVerdict([warning('layer-at-initialisation', ['a'])], COMPLETE, true)?.detail).toBe(
    '1 layer looks untrained',
  );
});

test('warnings have headlines; unknown ones their message', () => {
  expect(warningTitle(warning('layer-emptied', ['fc.weight']))).toBe('fc.weight would be emptied');
  expect(warningTitle(warning('layer-emptied', ['a', 'b']))).toBe('2 layers would be emptied');
  expect(warningTitle(warning('k2-undefined'))).toMatch(/K2/);
  expect(warningTitle(warning('something-new', ['a']))).toBe('about something-new');
});

describe('the remark on a layer', () => {
  const layer: RemarkInput = {
    tensor: {
      name: 'fc.weight',
      dtype: 'float32',
      shape: [10, 10],
      layer: 'layer',
      roleFrom: 'shape',
      role: 'weight',
      prunable: true,
      count: 100,
    },
    statistics: {
      nanCount: 0,
      infCount: 0,
      zeroCount: 0,
      min: -1,
      max: 1,
      mean: 0,
      std: 0.02,
      skewness: 0,
      kurtosis: 4,
      meanAbsoluteDeviation: 0.01,
      l1Norm: 1,
      l2Norm: 1,
      limit: 0.82,
    },
    kept: 0.2,
    inScope: true,
    modelScale: 0.02,
  };
  const statistics = layer.statistics;
  if (statistics === undefined) throw new Error('the example has statistics');

  test.each<[string, Partial<RemarkInput>, RegExp]>([
    ['ordinary', {}, /softer knee/],
    ['heavy-tailed', { statistics: { ...statistics, kurtosis: 8 } }, /Heavy tails/],
    ['flat', { statistics: { ...statistics, kurtosis: 1.8 } }, /uniform initialisation/],
    ['emptied', { kept: 0 }, /empties this layer\. Its own limit is 82/],
    ['nearly emptied', { kept: 0.004 }, /leaves only 0\.40/],
    ['over its limit', { kept: 0.1, modelScale: 0.05 }, /0\.40× the model’s scale.* takes 90/],
    ['spared', { kept: 0.6, modelScale: 0.01 }, /2\.0× the model’s scale.* 60.% stay/u],
    ['outside the scope', { inScope: false }, /Kept as it is/],
    ['never pruned', { tensor: { ...layer.tensor, prunable: false } }, /Never pruned/],
    ['tied', { tensor: { ...layer.tensor, aliasOf: 'wte' } }, /memory with wte/],
    ['not read', { statistics: undefined }, /Not read/],
    ['broken', { statistics: { ...statistics, nanCount: 100 } }, /no finite value/],
    ['partly broken', { statistics: { ...statistics, infCount: 3 } }, /^3 values are NaN or infinite/],
    ['constant', { statistics: { ...statistics, std: 0, min: 1, max: 1, kurtosis: null } }, /All values are 1\.00/],
  ])('%s', (_, part, text) => {
    expect(layerRemark({ ...layer, ...part })).toMatch(text);
  });
});
