import { describe, expect, test } from 'vitest';
import { comparisonAnswer, type ComparisonAnswer } from '../../../webview-ui/comparison/comparison-answer';
import { ComparisonModel } from '../../../webview-ui/comparison/comparison-model';
import { plainSentence, emphasisedParts } from '../../../webview-ui/comparison/emphasis';
import { pairTotals } from '../../../webview-ui/comparison/pair-totals';
import { runAnswer } from '../../../webview-ui/comparison/run-answer';
import { RunModel } from '../../../webview-ui/comparison/run-model';
import { makeComparison } from '../../panel/comparison-scenarios';

const made = new Map<string, ReturnType<typeof makeComparison>['snapshot']>();

/** Drawing and comparing takes a while: once a scenario. */
function snapshotOf(scenario: string): ReturnType<typeof makeComparison>['snapshot'] {
  const snapshot = made.get(scenario) ?? makeComparison(scenario).snapshot;
  made.set(scenario, snapshot);
  return snapshot;
}

function comparisonOf(scenario: string): ComparisonModel {
  const snapshot = snapshotOf(scenario);
  if (snapshot.kind !== 'comparison') throw new Error(`${scenario} is a run`);
  return new ComparisonModel(snapshot, undefined, () => 0);
}

function answerOf(scenario: string): ComparisonAnswer {
  const model = comparisonOf(scenario);
  const answer = comparisonAnswer({
    status: snapshotOf(scenario).status,
    before: model.before,
    after: model.after,
    tensors: model.tensors,
    pair: model.pair,
    pruning: model.pruning,
    complete: model.report !== undefined,
    fractionRead: model.progress.fraction,
  });
  if (answer === undefined) throw new Error(`No answer for ${scenario}`);
  return answer;
}

const plain = (text: string): string => plainSentence(text).replaceAll('\u202f', ' ');
const sentence = (scenario: string): string => plain(answerOf(scenario).sentence);
const notes = (scenario: string): string => plain(answerOf(scenario).notes.join(' '));

describe('the answer of a comparison', () => {
  test('identical values, however they are stored', () => {
    expect(sentence('identical')).toBe('Both hold identical values.');
    expect(notes('identical')).toMatch(
      /^All 148,330 values are equal. Stored once as PyTorch zip and once as safetensors.$/,
    );
  });

  test('pruned by magnitude with one threshold', () => {
    expect(sentence('pruned')).toMatch(
      /^61\.\d % of the weights were pruned. The L1 rule with one threshold would have chosen the same weights\.$/,
    );
    expect(notes('pruned')).toMatch(
      /unchanged: not fine-tuned since\. The limit predicted from the weights before is 85 %/,
    );
  });

  test('pruned tensor by tensor', () => {
    expect(sentence('prunedLayerwise')).toMatch(
      /a threshold for each tensor would have chosen the same weights; with one threshold, \d\d(–\d\d)? % of them\.$/,
    );
  });

  test('pruned and trained on', () => {
    expect(sentence('prunedTuned')).toMatch(/with one threshold would have chosen \d\d(–\d\d)? % of the same weights/);
    expect(notes('prunedTuned')).toMatch(/Of the weights that stayed, \d+ % are unchanged/);
  });

  test('trained on', () => {
    expect(sentence('tuned')).toMatch(
      /^The weights moved by 1\d % \(relative change\), cosine 0\.99\d\d; predicted limit .*, kurtosis \d\.\d.*\.$/,
    );
    expect(answerOf('tuned').tone).toBe('plain');
  });

  test('another head: what came and went is told', () => {
    expect(notes('changedHead')).toBe('2 tensors were added. One tensor was removed. One tensor has another shape.');
  });

  test('nothing to do with each other, although normalisation weights are alike', () => {
    expect(comparisonOf('unrelated').pair?.cosineSimilarity).toBeGreaterThan(0.5);
    expect(sentence('unrelated')).toMatch(/nothing to do with each other: cosine .?0\.0\d over/);
    expect(answerOf('unrelated').tone).toBe('caution');
  });

  test('nothing in common', () => {
    expect(sentence('nothing')).toBe('These two have no tensor in common.');
    expect(answerOf('nothing').tone).toBe('caution');
  });

  test('partial, while it runs and when it was stopped', () => {
    expect(sentence('running')).toMatch(
      /^So far, the weights differ by 1\d % \(relative change\), cosine 0\.99\d\d\.$/,
    );
    expect(notes('running')).toMatch(/^From 70 % of the files and 16 tensors so far\.$/);
    expect(notes('cancelled')).toMatch(/^Partial: from 70 % of the files and 16 tensors\.$/);
  });

  test('figures are marked', () => {
    const figures = emphasisedParts(answerOf('unrelated').sentence).filter(({ isFigure }) => isFigure);
    expect(figures).toHaveLength(1);
  });
});

describe('statistics so far', () => {
  test('agree with the engine’s once all tensors are there', () => {
    for (const scenario of ['tuned', 'pruned', 'prunedTuned', 'changedHead']) {
      const model = comparisonOf(scenario);
      const totals = pairTotals(model.tensors);
      const engine = model.report?.pair;
      expect(totals?.count).toBe(engine?.count);
      expect(totals?.equalCount).toBe(engine?.equalCount);
      expect(totals?.maxChange).toBe(engine?.maxChange);
      expect(totals?.maskOverlap).toBe(engine?.maskOverlap);
      expect(totals?.cosineSimilarity).toBeCloseTo(engine?.cosineSimilarity ?? NaN, 10);
      expect(totals?.relativeChange).toBeCloseTo(engine?.relativeChange ?? NaN, 10);
    }
  });

  test('of nothing are none', () => {
    expect(pairTotals([])).toBeNull();
  });
});

describe('the answer of a run', () => {
  const answer = (scenario: string) => {
    const snapshot = snapshotOf(scenario);
    if (snapshot.kind !== 'run') throw new Error(`${scenario} is a comparison`);
    return runAnswer(new RunModel(snapshot, undefined, () => 0).steps, snapshot.status);
  };

  test('from the first to the last step', () => {
    const { sentence: said = '', notes: told = [] } = answer('run') ?? {};
    expect(plain(said)).toMatch(
      /^From step 1 to 12: predicted limit \d+ % → \d+ %, kurtosis \d\.\d → \d\.\d, cosine 0\.\d+ /,
    );
    expect(plain(told.join(' '))).toMatch(/One checkpoint could not be read\..*At step 1 the network is untrained/);
  });

  test('none readable', () => {
    expect(plain(answer('runUnreadable')?.sentence ?? '')).toBe('None of these checkpoints could be read.');
    expect(runAnswer([], { state: 'running' })).toBeUndefined();
  });
});
